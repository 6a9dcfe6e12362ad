"""Whatever is under way when a store ends, in whatever order: the store that comes after is as if there had
been nothing before.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import MutableMapping, Sequence
from typing import Any, Final

from hypothesis import given
from hypothesis import strategies as st

from ep_mock.domain.families import STANDARD
from ep_mock.web.app import Application
from tests.bodies import code_generate, new_promotion
from tests.client import api_client
from tests.virtual_time import run, settled

_HEADERS: Final = [
    (b"host", b"ep-mock.test"),
    (b"authorization", b"Bearer of-a-test"),
    (b"content-type", b"application/json"),
]
_LONG: Final = 1000

ENDS: Final = ("reset", "restore", "delete")
ACTIONS: Final = (
    "promotion",
    "promotion slowly",
    "job",
    "poll",
    "plan",
    "plan slowly",
    "advance",
    "wait for a job",
    "wait for requests",
    "leave a wait",
    "hold up before",
    "hold up after",
    "time",
)


class Program:
    """Does what was drawn, one thing after the other, and lets everything come to its end."""

    def __init__(self) -> None:
        self.client = api_client()
        self._app: Application = self.client.app
        self._first = self.client.get("/__ep_mock/snapshot").json()
        self._begun: list[asyncio.Task[int]] = []

    async def do(self, actions: Sequence[str]) -> None:
        for action in actions:
            if action == "time":
                await asyncio.sleep(10)
            elif action in ENDS:
                self._end(action)
            else:
                self._begun.append(asyncio.ensure_future(self._request(action)))
            await settled()
        await asyncio.sleep(_LONG)
        assert {await each for each in self._begun} <= {0, 200, 201, 400, 404, 409}

    def state(self) -> dict[str, Any]:
        """All that a test can see of the store, and how many wait for it."""
        seen = {
            path: self.client.get(f"/__ep_mock/{path}").json()
            for path in ("snapshot", "requests", "faults", "plans", "worker")
        }
        return {**seen, "waiting": self._app.stores.get_or_create("default").waiting}

    def _end(self, how: str) -> None:
        match how:
            case "reset":
                self.client.post("/__ep_mock/reset")
            case "restore":
                self.client.put("/__ep_mock/snapshot", json=self._first)
            case _:
                self.client.delete("/__ep_mock/stores/default")

    async def _request(self, action: str) -> int:
        jobs = "/v2/promotions/none/jobs"
        store = self.client.store
        for promotion in store.state.promotions[STANDARD]:
            jobs = f"/v2/promotions/{promotion}/jobs"
        match action:
            case "promotion" | "promotion slowly":
                return await self._call(
                    "POST", "/v2/promotions", {"data": new_promotion(STANDARD)}, slowly="slowly" in action
                )
            case "job":
                return await self._call("POST", jobs, {"data": code_generate(3)})
            case "poll":
                return await self._call("GET", jobs)
            case "plan" | "plan slowly":
                return await self._call(
                    "POST", "/__ep_mock/plans", {"stuck": "pending"}, slowly="slowly" in action
                )
            case "advance":
                return await self._call("POST", "/__ep_mock/clock/advance", {"next": True})
            case "wait for a job":
                return await self._call(
                    "POST", "/__ep_mock/jobs/wait", {"others_advance": True, "timeout": 35}
                )
            case "wait for requests" | "leave a wait":
                body = {"match": {"operation": "create_job"}, "count": 2, "timeout": 35}
                return await self._call(
                    "POST", "/__ep_mock/requests/wait", body, leaves=action == "leave a wait"
                )
            case _:
                body = {"delay": 25, "when": action.split()[-1], "match": {"path": "/v2/**"}}
                return await self._call("POST", "/__ep_mock/faults", body)

    async def _call(
        self, method: str, path: str, body: object = None, *, slowly: bool = False, leaves: bool = False
    ) -> int:
        """The status of the answer, 0 if there is none. `slowly` lets the body come in two pieces, `leaves`
        the client go.
        """
        content = b"" if body is None else json.dumps(body).encode()
        pieces = [content[:5], content[5:]] if slowly else [content]
        statuses = [0]

        async def receive() -> MutableMapping[str, Any]:
            if not pieces:
                await asyncio.sleep(15 if leaves else 2 * _LONG)
                return {"type": "http.disconnect"}
            if slowly and len(pieces) == 1:
                await asyncio.sleep(15)
            piece = pieces.pop(0)
            return {"type": "http.request", "body": piece, "more_body": bool(pieces)}

        async def send(message: MutableMapping[str, Any]) -> None:
            statuses.append(message.get("status", statuses[-1]))

        scope: dict[str, Any] = {
            "type": "http",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
        }
        await self._app(
            {**scope, "query_string": b"", "headers": _HEADERS, "client": None, "server": None}, receive, send
        )
        return statuses[-1]


async def _outcome(actions: Sequence[str]) -> dict[str, Any]:
    program = Program()
    await program.do(actions)
    return program.state()


@given(
    st.lists(st.sampled_from((*ACTIONS, *ENDS)), max_size=12),
    st.sampled_from(ENDS),
    st.lists(st.sampled_from(ACTIONS), max_size=8),
)
def test_what_began_before_an_end_leaves_nothing_behind(
    before: list[str], end: str, after: list[str]
) -> None:
    assert run(_outcome([*before, end, *after])) == run(_outcome([end, *after]))
