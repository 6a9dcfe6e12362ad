"""Many clients at once over real sockets: nothing is lost, nothing breaks, nobody sees what belongs to another store."""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from ep_mock import MockServer
from ep_mock.domain.families import FAMILIES
from tests.bodies import code_export, code_generate, new_promotion
from tests.control.programs import SocketClient

CLIENTS = 8
REQUESTS = 3000 if os.environ.get("HYPOTHESIS_PROFILE") == "thorough" else 400


class Worker(threading.Thread):
    """A client that does as it likes with promotions of its own, and steers the store as well."""

    def __init__(self, port: int, store: str, number: int) -> None:
        super().__init__()
        self._client = SocketClient(port, store)
        self._random = random.Random(number)
        self._promotions: list[str] = []
        self.jobs: set[str] = set()
        self.refused = 0
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            while self._client.requests < REQUESTS:
                self._step()
        except BaseException as error:
            self.error = error
        finally:
            self._client.close()

    def _step(self) -> None:
        acts: list[Callable[[], None]] = [self._create_job] * 4 + [
            self._cancel,
            self._look,
            self._look_at_all,
            self._advance,
            self._delete_code,
        ]
        if len(self._promotions) < 3 or self._random.random() < 0.02:
            family = self._random.choice(FAMILIES)
            answer = self._client("POST", f"/v2/{family.collection}", {"data": new_promotion(family)})
            self._promotions.append(f"/v2/{family.collection}/{answer[1]['data']['id']}")
        self._random.choice(acts)()

    def _create_job(self) -> None:
        body = self._random.choice([code_generate(self._random.randint(1, 40)), code_export()])
        status, answer = self._client("POST", f"{self._random.choice(self._promotions)}/jobs", {"data": body})
        if status == 201:
            assert answer["data"]["id"] not in self.jobs
            self.jobs.add(answer["data"]["id"])
        else:
            assert answer["errors"][0]["title"] == "Too many jobs"
            self.refused += 1

    def _cancel(self) -> None:
        path = self._random.choice(self._promotions)
        jobs = self._client("GET", f"{path}/jobs")[1]["data"]
        if jobs:
            assert self._client("POST", f"{path}/jobs/{jobs[0]['id']}/cancel")[0] in (200, 422)

    def _look(self) -> None:
        path = self._random.choice(self._promotions)
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
        path = self._random.choice(self._promotions)
        codes = self._client("GET", f"{path}/codes?page[limit]=1")[1]["data"]
        if codes:
            assert self._client("DELETE", f"{path}/codes/{codes[0]['code']}")[0] == 204


@pytest.mark.parametrize("shared", [False, True], ids=["eight stores", "one store"])
def test_eight_clients_at_once_lose_no_job_and_break_nothing(shared: bool) -> None:
    with MockServer(clock="manual", seed="tests") as server:
        names = ["shared" if shared else f"store-{number}" for number in range(CLIENTS)]
        workers = [Worker(server.port, name, number) for number, name in enumerate(names)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert [worker.error for worker in workers] == [None] * CLIENTS
        for name in set(names):
            mine = [worker for worker, of in zip(workers, names, strict=True) if of == name]
            assert_sound(SocketClient(server.port, name), set().union(*(worker.jobs for worker in mine)))


def assert_sound(client: SocketClient, created: set[str]) -> None:
    """The store has the jobs that were created, each with a history that the life cycle allows, one after the other in the worker."""
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
        )
        if "processing" in statuses:
            spans.append((history[1]["at"], history[-1]["at"]))
    spans.sort()
    assert all(before[1] <= after[0] for before, after in pairwise(spans))
    client.close()
