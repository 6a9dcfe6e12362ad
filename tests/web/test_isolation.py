"""A reset, a restore and a deletion end everything that began before: nothing of it is left in the store that
comes after.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import MutableMapping
from typing import Any

import pytest
from starlette.types import ASGIApp

from ep_mock.clock import Clock
from ep_mock.domain.families import STANDARD
from ep_mock.serving.in_process import AppReply, call_app
from ep_mock.timings import SECOND
from ep_mock.web.app import Application
from ep_mock.web.long_poll import STOPPING
from tests.bodies import code_export, code_generate, new_promotion
from tests.client import api_client
from tests.virtual_time import run, settled

HEADERS = [
    (b"host", b"ep-mock.test"),
    (b"authorization", b"Bearer of-a-test"),
    (b"content-type", b"application/json"),
]
ENDS = ["reset", "restore", "deletion"]


async def call(app: ASGIApp, method: str, path: str, body: object = None) -> AppReply:
    return await call_app(
        app, method, path.encode(), HEADERS, b"" if body is None else json.dumps(body).encode()
    )


def error(reply: AppReply) -> tuple[int, str]:
    return reply.status, json.loads(reply.body)["errors"][0]["title"]


class Mock:
    """An application, in a loop of virtual time."""

    def __init__(self, **settings: Any) -> None:
        self.client = api_client(**settings)
        self.app: Application = self.client.app
        self.first = self.client.get("/__ep_mock/snapshot").json()

    def end(self, how: str) -> None:
        match how:
            case "reset":
                assert self.client.post("/__ep_mock/reset").status_code == 204
            case "restore":
                assert self.client.put("/__ep_mock/snapshot", json=self.first).status_code == 200
            case _:
                assert self.client.delete("/__ep_mock/stores/default").status_code == 204

    def is_as_at_the_start(self) -> bool:
        """Whether nothing was left in the store: no content, no draw of an id, no request, no fault, and
        nobody who waits.
        """
        read = [
            self.client.get(f"/__ep_mock/{path}").json()
            for path in ("snapshot", "requests", "faults", "plans")
        ]
        nothing = {"requests": [], "total": 0, "forgotten": 0}
        return (
            read == [self.first, nothing, {"faults": []}, {"plans": []}]
            and not self.app.stores.get_or_create("default").waiting
        )

    def call(self, method: str, path: str, body: object = None) -> asyncio.Task[AppReply]:
        return asyncio.ensure_future(call(self.app, method, path, body))


@pytest.mark.parametrize("end", ENDS)
def test_a_request_that_a_fault_holds_up_is_told_at_once_that_its_store_is_gone(end: str) -> None:
    mock = Mock()
    mock.client.post("/__ep_mock/faults", json={"match": {"operation": "create_promotion"}, "delay": 600})

    async def scenario() -> tuple[AppReply, float]:
        held_up = mock.call("POST", "/v2/promotions", {"data": new_promotion(STANDARD)})
        await asyncio.sleep(5)
        mock.end(end)
        return await held_up, asyncio.get_running_loop().time()

    reply, seconds = run(scenario())
    assert (error(reply), seconds) == ((409, "Store is gone"), 5)
    assert mock.is_as_at_the_start()


@pytest.mark.parametrize("end", ENDS)
def test_a_request_whose_answer_is_held_up_is_answered_at_once_by_the_old_store(end: str) -> None:
    mock = Mock()
    mock.client.post(
        "/__ep_mock/faults", json={"match": {"operation": "create_promotion"}, "delay": 600, "when": "after"}
    )

    async def scenario() -> tuple[AppReply, float]:
        held_up = mock.call("POST", "/v2/promotions", {"data": new_promotion(STANDARD)})
        await asyncio.sleep(5)
        mock.end(end)
        return await held_up, asyncio.get_running_loop().time()

    reply, seconds = run(scenario())
    assert (reply.status, seconds) == (201, 5)
    assert mock.is_as_at_the_start()


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("wait", ["requests", "jobs"])
def test_who_waits_is_told_at_once_that_the_store_is_gone(end: str, wait: str) -> None:
    mock = Mock()

    async def scenario() -> tuple[AppReply, float]:
        waiting = mock.call(
            "POST",
            f"/__ep_mock/{wait}/wait",
            {"timeout": 600, **({"others_advance": True} if wait == "jobs" else {})},
        )
        await asyncio.sleep(5)
        mock.end(end)
        return await waiting, asyncio.get_running_loop().time()

    reply, seconds = run(scenario())
    assert (error(reply), seconds) == ((409, "Store is gone"), 5)
    assert mock.is_as_at_the_start()


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v2/promotions", {"data": new_promotion(STANDARD)}),
        ("/__ep_mock/plans", {"stuck": "pending"}),
        ("/__ep_mock/clock/advance", {"seconds": 5}),
    ],
)
def test_a_request_whose_body_is_still_coming_does_not_reach_the_next_store(
    end: str, path: str, body: object
) -> None:
    mock = Mock()
    content = json.dumps(body).encode()

    async def scenario() -> tuple[int, str]:
        sent: list[MutableMapping[str, Any]] = []
        pieces = asyncio.Queue[bytes]()

        async def receive() -> MutableMapping[str, Any]:
            piece = await pieces.get()
            return {"type": "http.request", "body": piece, "more_body": piece == content[:5]}

        async def send(message: MutableMapping[str, Any]) -> None:
            sent.append(message)

        scope: dict[str, Any] = {
            "type": "http",
            "method": "POST",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
        }
        scope |= {"query_string": b"", "headers": HEADERS, "client": None, "server": None}
        answering = asyncio.ensure_future(mock.app(scope, receive, send))
        pieces.put_nowait(content[:5])
        await settled()
        mock.end(end)
        pieces.put_nowait(content[5:])
        await answering
        return error(AppReply(sent[0]["status"], [], sent[1]["body"]))

    assert run(scenario()) == (409, "Store is gone")
    assert mock.is_as_at_the_start()


@pytest.mark.parametrize("end", ENDS)
def test_a_download_that_is_under_way_comes_whole_from_the_old_store(end: str) -> None:
    mock = Mock(codes_limit=5000)
    client = mock.client
    jobs = f"/v2/promotions/{client.created('/v2/promotions', {'data': new_promotion(STANDARD)})['id']}/jobs"
    job: dict[str, Any] = {}
    for body in (code_generate(5000), code_export()):
        job = client.created(jobs, {"data": body})
        client.advance(idle=True)
    href = client.get(f"{jobs}/{job['id']}/file").json()["href"]
    whole = client.get(href).content

    async def scenario() -> bytes:
        pieces: list[bytes] = []
        path, _, query = href.removeprefix("http://ep-mock.test").partition("?")

        async def receive() -> MutableMapping[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: MutableMapping[str, Any]) -> None:
            pieces.append(message.get("body", b""))
            if len(pieces) == 2:
                mock.end(end)

        scope: dict[str, Any] = {
            "type": "http",
            "method": "GET",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
        }
        scope |= {"query_string": query.encode(), "headers": HEADERS, "client": None, "server": None}
        await mock.app(scope, receive, send)
        return b"".join(pieces)

    assert run(scenario()) == whole
    assert mock.is_as_at_the_start()


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_client_that_leaves_does_not_take_back_a_request_that_is_held_up(when: str) -> None:
    mock = Mock()
    mock.client.post(
        "/__ep_mock/faults", json={"match": {"operation": "create_promotion"}, "delay": 30, "when": when}
    )

    async def scenario() -> None:
        await _left_alone(mock.app, "/v2/promotions", {"data": new_promotion(STANDARD)})

    run(scenario())
    assert mock.client.get("/v2/promotions").json()["meta"]["results"]["total"] == 1


def test_a_wait_whose_client_has_gone_ends_at_once() -> None:
    mock = Mock()

    async def scenario() -> float:
        await _left_alone(mock.app, "/__ep_mock/requests/wait", {"timeout": 600})
        return asyncio.get_running_loop().time()

    assert run(scenario()) == 3
    assert not mock.app.stores.get_or_create("default").waiting


async def _left_alone(app: ASGIApp, path: str, body: object) -> None:
    """A request whose client leaves after three seconds."""
    messages: list[MutableMapping[str, Any]] = [
        {"type": "http.request", "body": json.dumps(body).encode(), "more_body": False},
        {"type": "http.disconnect"},
    ]

    async def receive() -> MutableMapping[str, Any]:
        if len(messages) == 1:
            await asyncio.sleep(3)
        return messages.pop(0)

    async def send(_: MutableMapping[str, Any]) -> None:
        """Nobody is there."""

    scope = {"type": "http", "method": "POST", "scheme": "http", "path": path, "raw_path": path.encode()}
    await app(
        {**scope, "query_string": b"", "headers": HEADERS, "client": None, "server": None}, receive, send
    )


def test_a_server_that_stops_carries_out_nothing_that_a_fault_holds_up() -> None:
    mock = Mock()
    mock.client.post("/__ep_mock/faults", json={"match": {"operation": "create_promotion"}, "delay": 600})

    async def scenario() -> tuple[AppReply, float]:
        stopping = asyncio.Event()

        async def stoppable(scope: Any, receive: Any, send: Any) -> None:
            await mock.app({**scope, "extensions": {STOPPING: stopping}}, receive, send)

        held_up = asyncio.ensure_future(
            call(stoppable, "POST", "/v2/promotions", {"data": new_promotion(STANDARD)})
        )
        await asyncio.sleep(5)
        stopping.set()
        return await held_up, asyncio.get_running_loop().time()

    reply, seconds = run(scenario())
    assert (error(reply), seconds) == ((503, "Server is stopping"), 5)
    assert mock.client.get("/v2/promotions").json()["meta"]["results"]["total"] == 0


@pytest.mark.parametrize("arranging", [False, True])
def test_a_request_meets_the_store_as_it_is_when_it_is_carried_out(arranging: bool) -> None:
    mock = Mock()
    jobs = f"/v2/promotions/{mock.client.created('/v2/promotions', {'data': new_promotion(STANDARD)})['id']}/jobs"
    mock.client.created(jobs, {"data": code_generate(5)})
    mock.client.post("/__ep_mock/faults", json={"match": {"operation": "list_jobs"}, "delay": 30})

    async def scenario() -> AppReply:
        loop, store = asyncio.get_running_loop(), mock.client.store
        store.clock = Clock("real", start=store.now, monotonic=lambda: int(loop.time() * SECOND))
        if not arranging:
            return await mock.call("GET", jobs)  # time goes by while the fault holds it up
        await asyncio.sleep(30)
        return await call_app(mock.app, "GET", jobs.encode(), [*HEADERS, (b"x-ep-mock-arrange", b"1")], b"")

    assert json.loads(run(scenario()).body)["data"][0]["status"] == "completed"
