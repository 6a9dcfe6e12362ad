"""A store with strange data works like any other: no request fails, hangs or does damage."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final
from unittest.mock import patch

import httpx2

from ep_mock.domain.families import FAMILIES
from ep_mock.simulation.worker import Worker
from ep_mock.web.app import Application, create_app
from tests.bodies import code_export, code_generate, new_promotion
from tests.client import HOST, InProcess

MOST_EVENTS: Final = 5_000
"""More events than any of these stores can have."""


class Client:
    """A client with a server of its own that accepts every answer but a defect."""

    def __init__(self) -> None:
        self.app: Application = create_app(clock="manual", seed="hostile", stuck_polls=0)
        headers = {"Authorization": "Bearer of-a-test"}
        transport = InProcess(self.app)
        self._http = httpx2.Client(transport=transport, base_url=HOST, headers=headers, trust_env=False)

    def ask(self, method: str, path: str, body: object = None) -> httpx2.Response:
        """Send a request. The server may refuse it, but must not fail."""
        content: dict[str, Any] = {} if body is None else {"content": json.dumps(body)}
        response = self._http.request(method, path, **content)
        assert response.status_code < 500, (method, path, response.text)
        return response

    def use_everything(self) -> None:
        """Read everything, let time pass, and use every verb on each promotion."""
        self.ask("PATCH", "/__ep_mock/settings", {"rate_limit": 0, "stuck_polls": 0})
        self._read()
        for family in FAMILIES:
            listed = self.ask("GET", f"/v2/{family.collection}?page[limit]=100").json()["data"]
            ids = [each["id"] for each in listed]
            for position, promotion_id in enumerate(ids):
                self._use(f"/v2/{family.collection}/{promotion_id}", position)
            self.ask("POST", f"/v2/{family.collection}", {"data": new_promotion(family)})
        for how in ({"next": True}, {"seconds": 0.2}, {"idle": True}):
            self.ask("POST", "/__ep_mock/clock/advance", how)
        self.ask("POST", "/__ep_mock/worker/step")
        self.ask("POST", "/__ep_mock/worker/resume")
        self.ask("POST", "/__ep_mock/clock/advance", {"seconds": 30})
        self._read()

    def _read(self) -> None:
        for what in ("worker", "jobs", "plans", "settings", "clock", "stores"):
            self.ask("GET", f"/__ep_mock/{what}")
        for job in self.ask("GET", "/__ep_mock/jobs").json()["jobs"]:
            self.ask("GET", f"/__ep_mock/jobs/{job['id']}/history")

    def _use(self, path: str, position: int) -> None:
        for kind in ("", "/jobs", "/codes", "/usages", "/history"):
            self.ask("GET", path + kind)
        jobs = self.ask("GET", f"{path}/jobs").json()["data"]
        if jobs:
            newest = jobs[0]["id"]
            if position % 2:
                self.ask("POST", f"{path}/jobs/{newest}/cancel")
            self.ask("GET", f"{path}/jobs/{newest}/file")
            self.ask("POST", "/__ep_mock/jobs/wait", {"job_id": newest, "timeout": 0})
        codes = self.ask("GET", f"{path}/codes?page[limit]=100").json()["data"]
        for code in codes[:2]:
            self.ask(
                "POST",
                f"/__ep_mock/promotions/{path.rpartition('/')[2]}/usages",
                {"code": code["code"], "customer_id": "c1"},
            )
        self.ask(
            "POST",
            f"{path}/codes",
            {"data": {"type": "promotion_codes", "codes": [{"code": "of a client"}]}},
        )
        self.ask("POST", f"{path}/jobs", {"data": code_generate(3) if position % 3 else code_export()})
        self.ask(
            "PUT",
            path,
            {"data": {"type": "promotion" if "rule-" not in path else "rule_promotion", "name": "Renamed"}},
        )
        if position % 4 == 3:
            self.ask("DELETE", path)


def try_snapshot(snapshot: object) -> str:
    """Restore a snapshot: it is refused and changes nothing, or the store can be used, saved and restored."""
    client = Client()
    with _limited_events():
        before = client.ask("GET", "/__ep_mock/snapshot").content
        refused = client.ask("PUT", "/__ep_mock/snapshot", snapshot)
        if refused.status_code == 400:
            assert client.ask("GET", "/__ep_mock/snapshot").content == before
            return "refused"
        assert refused.status_code == 200
        _save_and_restore(client)
        client.use_everything()
        _save_and_restore(client)
    return "accepted"


def _save_and_restore(client: Client) -> None:
    saved = client.ask("GET", "/__ep_mock/snapshot").json()
    again = client.ask("PUT", "/__ep_mock/snapshot", saved)
    assert again.status_code == 200, again.text
    if saved["clock"]["mode"] in ("manual", "poll"):
        assert client.ask("GET", "/__ep_mock/snapshot").json() == saved


@contextmanager
def _limited_events() -> Iterator[None]:
    run, left = Worker.run_due_event, MOST_EVENTS

    def counted(worker: Worker) -> None:
        nonlocal left
        left -= 1
        assert left > 0, "the worker never becomes idle"
        run(worker)

    with patch.object(Worker, "run_due_event", counted):
        yield


def try_fixture(fixture: object) -> str:
    """Load a fixture: it is refused and changes nothing, or the store can be used, saved and restored."""
    client = Client()
    with _limited_events():
        before = client.ask("GET", "/__ep_mock/snapshot").content
        if client.ask("POST", "/__ep_mock/fixtures", fixture).status_code == 400:
            assert client.ask("GET", "/__ep_mock/snapshot").content == before
            return "refused"
        _save_and_restore(client)
        client.use_everything()
        _save_and_restore(client)
    return "accepted"
