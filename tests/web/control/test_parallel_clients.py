"""Many clients at once over real sockets: nothing is lost, nothing breaks, and stores stay separate."""

from __future__ import annotations

import gc
import os
import random
import sys
import threading
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from ep_mock import MockServer
from ep_mock.domain.families import FAMILIES
from tests.bodies import code_export, code_generate, new_promotion
from tests.web.control.programs import SocketClient

CLIENTS = 16
REQUESTS = 10_000 if os.environ.get("HYPOTHESIS_PROFILE") == "thorough" else 1600
"""All clients together, in each of two rounds."""


class Worker(threading.Thread):
    """A client that changes its own promotions at random, and controls the store as well."""

    def __init__(self, port: int, store: str, number: int) -> None:
        super().__init__()
        self._client = SocketClient(port, store)
        self._random = random.Random(number)
        self._promotions: list[str] = []
        self.jobs: set[str] = set()
        self.error: BaseException | None = None
        self._acts: list[Callable[[], None]] = [
            *[self._create_job] * 4,
            *[self._look, self._cancel, self._advance] * 2,
            self._look_at_all,
            self._update,
            self._create_codes,
            self._delete_code,
            self._delete_codes,
            self._use,
            self._download,
            self._plan,
            self._fault,
            self._steer_the_worker,
            self._change_settings,
            self._wait,
            self._save,
            self._drop,
        ]

    def run(self) -> None:
        try:
            while self._client.requests < REQUESTS // CLIENTS:
                if len(self._promotions) < 3:
                    self._create_promotion()
                self._random.choice(self._acts)()
        except BaseException as error:
            self.error = error
        finally:
            self._client.close()

    @property
    def _promotion(self) -> str:
        return self._random.choice(self._promotions)

    def _ask(
        self, method: str, path: str, body: object = None, *, statuses: tuple[int, ...] = (200, 201, 204)
    ) -> Any:
        status, answer = self._client(method, path, body)
        assert status in statuses, (method, path, status, answer)
        return answer

    def _create_promotion(self) -> None:
        family = self._random.choice(FAMILIES)
        answer = self._ask("POST", f"/v2/{family.collection}", {"data": new_promotion(family)})
        self._promotions.append(f"/v2/{family.collection}/{answer['data']['id']}")

    def _update(self) -> None:
        path = self._promotion
        fields = self._ask("GET", path)["data"]
        kept = {name: fields[name] for name in ("type", "id") if name in fields}
        self._ask("PUT", path, {"data": {**kept, "description": f"number {self._random.random()}"}})
        self._ask("GET", f"{path.rpartition('/')[0]}?page[limit]=5")

    def _create_codes(self) -> None:
        codes = [{"code": f"by-hand-{self._random.randint(0, 10**9)}"} for _ in range(3)]
        self._ask(
            "POST",
            f"{self._promotion}/codes",
            {"data": {"type": "promotion_codes", "codes": codes}},
            statuses=(201, 422),
        )

    def _delete_codes(self) -> None:
        self._ask(
            "DELETE",
            f"{self._promotion}/codes",
            {"data": {"type": "promotion_codes", "codes": [{"code": "none"}]}},
        )

    def _use(self) -> None:
        path = self._promotion
        codes = self._ask("GET", f"{path}/codes?page[limit]=1")["data"]
        if codes:
            self._ask(
                "POST",
                f"/__ep_mock/promotions/{path.rpartition('/')[2]}/usages",
                {"code": codes[0]["code"]},
                statuses=(201, 404, 422),
            )

    def _download(self) -> None:
        path = self._promotion
        for job in self._ask("GET", f"{path}/jobs?filter=eq(status,completed):eq(job_type,code_export)")[
            "data"
        ]:
            href = self._ask("GET", f"{path}/jobs/{job['id']}/file")["href"]
            assert self._client.text("/" + href.split("/", 3)[3]).startswith("code")

    def _plan(self) -> None:
        plan = self._random.choice([{"fail": "no disk", "after_codes": 2}, {"timings": "instant"}])
        self._ask("POST", "/__ep_mock/plans", plan)
        self._ask("GET", "/__ep_mock/plans")
        self._ask("DELETE", "/__ep_mock/plans")

    def _fault(self) -> None:
        fault = self._ask(
            "POST",
            "/__ep_mock/faults",
            {"error": "conflict", "match": {"path": f"/v2/{self._random.random()}"}},
        )
        self._ask("DELETE", f"/__ep_mock/faults/{fault['id']}")

    def _steer_the_worker(self) -> None:
        for verb in ("pause", "step", "resume"):
            self._ask("POST", f"/__ep_mock/worker/{verb}")

    def _change_settings(self) -> None:
        self._ask("PATCH", "/__ep_mock/settings", {"timings": self._random.choice(["fast", "documented"])})

    def _wait(self) -> None:
        self._ask(
            "POST", "/__ep_mock/jobs/wait", {"timeout": 0.001, "others_advance": True}, statuses=(200, 409)
        )
        self._ask(
            "POST",
            "/__ep_mock/requests/wait",
            {"timeout": 0.001, "match": {"operation": "cancel_job"}},
            statuses=(200, 409),
        )
        assert "requests" in self._ask("POST", "/__ep_mock/requests/find", {"last": 3})

    def _save(self) -> None:
        assert self._ask("GET", "/__ep_mock/snapshot")["promotions"]

    def _drop(self) -> None:
        if self._random.random() < 0.3:
            path = self._promotion
            self._ask("DELETE", path)
            self._promotions.remove(path)
            self._ask("GET", f"{path}/jobs", statuses=(404,))

    def _create_job(self) -> None:
        body = self._random.choice([code_generate(self._random.randint(1, 40)), code_export()])
        status, answer = self._client("POST", f"{self._promotion}/jobs", {"data": body})
        if status == 201:
            assert answer["data"]["id"] not in self.jobs
            self.jobs.add(answer["data"]["id"])
        else:
            assert answer["errors"][0]["title"] == "Too many jobs"

    def _cancel(self) -> None:
        path = self._promotion
        jobs = self._client("GET", f"{path}/jobs")[1]["data"]
        if jobs:
            assert self._client("POST", f"{path}/jobs/{jobs[0]['id']}/cancel")[0] in (200, 422)

    def _look(self) -> None:
        path = self._promotion
        _, answer = self._client("GET", f"{path}/jobs?page[limit]=100")
        active = [job for job in answer["data"] if job["status"] in ("pending", "processing", "cancelling")]
        assert len(active) <= 1
        assert {job["id"] for job in answer["data"]} <= self.jobs

    def _look_at_all(self) -> None:
        worker = self._client("GET", "/__ep_mock/worker")[1]
        assert all(entry["job"]["status"] == "pending" for entry in worker["queue"])
        if "current" in worker:
            assert worker["current"]["job"]["status"] in ("processing", "cancelling")
            assert 0 <= worker["current"]["done"] <= worker["current"]["of"]

    def _advance(self) -> None:
        body: dict[str, Any] = self._random.choice([{"next": True}, {"seconds": 0.3}])
        transitions = self._client("POST", "/__ep_mock/clock/advance", body)[1]["transitions"]
        moments = [entry["at"] for entry in transitions]
        assert moments == sorted(moments)

    def _delete_code(self) -> None:
        path = self._promotion
        codes = self._client("GET", f"{path}/codes?page[limit]=1")[1]["data"]
        if codes:
            assert self._client("DELETE", f"{path}/codes/{codes[0]['code']}")[0] == 204


@pytest.mark.parametrize("stores", [1, CLIENTS], ids=["one store", "sixteen stores"])
def test_sixteen_clients_at_once_lose_no_job_break_nothing_and_leave_nothing(stores: int) -> None:
    with MockServer(clock="manual", seed="tests", stuck_polls=0) as server:
        gc.collect()
        threads, files = threading.active_count(), _open_files()
        blocks = []
        for _ in range(2):
            _round(server, stores)
            # The server closes its end of a connection some time after the client, so the count falls late,
            # but it falls.
            assert _falls_to(files, _open_files)
            assert _falls_to(threads, threading.active_count)
            gc.collect()
            blocks.append(sys.getallocatedblocks())
    # What one round puts into the stores takes twice as many.
    assert blocks[1] - blocks[0] < 6_000


def _round(server: MockServer, stores: int) -> None:
    """Let all clients do as they like, and end the stores."""
    names = [f"store-{number % stores}" for number in range(CLIENTS)]
    workers = [Worker(server.port, name, number) for number, name in enumerate(names)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.error for worker in workers] == [None] * CLIENTS
    for name in set(names):
        mine = [worker for worker, of in zip(workers, names, strict=True) if of == name]
        client = SocketClient(server.port, name)
        assert_sound(client, set().union(*(worker.jobs for worker in mine)))
        client("DELETE", f"/__ep_mock/stores/{name}")
        client.close()


def _falls_to(bound: int, count: Callable[[], int]) -> bool:
    """Whether a count is at most `bound` within half a minute."""
    deadline = time.monotonic() + 30
    while count() > bound:
        if time.monotonic() > deadline:
            return False
        time.sleep(0)  # lets the other threads go on
    return True


def _open_files() -> int:
    """How many files this process has open; 0 where the system does not tell."""
    folder = Path("/proc/self/fd")
    return len(list(folder.iterdir())) if folder.exists() else 0


def assert_sound(client: SocketClient, created: set[str]) -> None:
    """The store has the jobs that were created, each with a history that the life cycle allows, one after the
    other in the worker.
    """
    client("POST", "/__ep_mock/clock/advance", {"idle": True})
    listed = client("GET", "/__ep_mock/jobs?limit=10000")[1]
    assert ({job["id"] for job in listed["jobs"]}, listed["total"]) == (created, len(created))
    spans = []
    for job in listed["jobs"]:
        history = client("GET", f"/__ep_mock/jobs/{job['id']}/history")[1]["history"]
        statuses = [entry["status"] for entry in history]
        assert statuses in (
            ["pending", "processing", "completed"],
            ["pending", "processing", "failed"],
            ["pending", "processing", "cancelling", "cancelled"],
            ["pending", "cancelled"],
            ["pending", "processing", "cancelled"],
        )
        if "processing" in statuses:
            spans.append((history[1]["at"], history[-1]["at"]))
    spans.sort()
    assert all(before[1] <= after[0] for before, after in pairwise(spans))
