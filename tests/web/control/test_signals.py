"""The state file after a server process was stopped or killed while clients used it."""

from __future__ import annotations

import contextlib
import http.client
import json
import signal
import socket
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from ep_mock.domain.families import STANDARD
from tests.bodies import code_generate, new_promotion
from tests.client import api_client
from tests.web.control.programs import Program, SocketClient, state_arguments

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="a process cannot be sent these signals there"
)


class Load(threading.Thread):
    """Creates promotions with one job each until the server is gone; `answered` has the ids in its answers."""

    def __init__(self, port: int, store: str) -> None:
        super().__init__()
        self._client = SocketClient(port, store)
        self.store = store
        self.answered: list[str] = []
        self.begun = threading.Event()

    def run(self) -> None:
        with contextlib.suppress(OSError, http.client.HTTPException):
            while True:
                promotion = self._client("POST", "/v2/promotions", {"data": new_promotion(STANDARD)})[1][
                    "data"
                ]["id"]
                status, answer = self._client(
                    "POST", f"/v2/promotions/{promotion}/jobs", {"data": code_generate(5)}
                )
                assert status == 201
                self.answered.append(answer["data"]["id"])
                if len(self.answered) >= 10:
                    self.begun.set()
        self._client.close()


def loads(program: Program) -> list[Load]:
    """Clients on two stores that have made many requests."""
    started = [Load(program.port, store) for store in ("default", "default", "other")]
    for load in started:
        load.start()
    for load in started:
        assert load.begun.wait(30)
    return started


def stores_in(state: Path) -> dict[str, Any]:
    """The content of the file; raises if the file is not complete."""
    stores: dict[str, Any] = json.loads(state.read_bytes())["stores"]
    return stores


def test_told_to_stop_under_load_it_ends_cleanly_and_all_that_was_answered_is_saved(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    with Program(*state_arguments(state)) as program:
        started = loads(program)
        ended = program.end(signal.SIGTERM)
    for load in started:
        load.join(30)
    assert ended == (0, "")
    saved = {name: {job["id"] for job in store["jobs"]} for name, store in stores_in(state).items()}
    for load in started:
        assert set(load.answered) - saved[load.store] == set()
    # And a server can go on from it.
    client = api_client(state=str(state))
    assert {job["id"] for job in client.get("/__ep_mock/jobs?limit=10000").json()["jobs"]} == saved["default"]
    client.advance(idle=True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_each_signal_that_ends_it_saves_all(tmp_path: Path, number: int) -> None:
    state = tmp_path / "state.json"
    with Program(*state_arguments(state)) as program:
        client = SocketClient(program.port)
        client("POST", "/v2/promotions", {"data": new_promotion(STANDARD)})
        client.close()
        assert program.end(number) == (0, "")
    assert len(stores_in(state)["default"]["promotions"]) == 1


def test_clients_that_wait_and_clients_that_dawdle_hold_up_no_end(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    head = b"POST /v2/promotions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n"
    with Program(*state_arguments(state)) as program:
        client = SocketClient(program.port)
        client("POST", "/__ep_mock/faults", {"delay": 600, "match": {"operation": "list_promotions"}})
        answers: list[bytes] = []
        with contextlib.ExitStack() as opened:
            # Connected only, half of a head, half of a body, a wait, and a request that a fault holds up.
            wait = b'{"timeout": 600}'
            sent = [
                b"",
                head[:20],
                head + b"{",
                b"POST /__ep_mock/requests/wait HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\n%s"
                % (len(wait), wait),
                b"GET /v2/promotions HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
            ]
            sockets = [
                opened.enter_context(socket.create_connection(("127.0.0.1", program.port), timeout=30))
                for _ in sent
            ]
            for each, data in zip(sockets, sent, strict=True):
                each.sendall(data)
            while client("GET", "/__ep_mock/faults")[1]["faults"][0]["hits"] == 0:
                pass
            begun = time.monotonic()
            assert program.end(signal.SIGTERM) == (0, "")
            seconds = time.monotonic() - begun
            for each in sockets:
                with contextlib.suppress(ConnectionError):
                    answers.append(each.recv(4096))
        client.close()
    assert [answer.partition(b"\r\n")[0] for answer in answers[-2:]] == [
        b"HTTP/1.1 503 Service Unavailable"
    ] * 2
    assert seconds < 10  # half a second on a machine that has nothing else to do; 600 before
    assert stores_in(state)["default"]["promotions"] == []


def test_killed_it_leaves_the_old_file_whole(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    with Program(*state_arguments(state)) as program:
        client = SocketClient(program.port)
        client("POST", "/v2/promotions", {"data": new_promotion(STANDARD)})
        client.close()
        assert program.end(signal.SIGTERM) == (0, "")
    before = state.read_bytes()
    assert len(stores_in(state)["default"]["promotions"]) == 1
    with Program(*state_arguments(state)) as program:
        started = loads(program)
        assert program.end(signal.SIGKILL)[0] == -signal.SIGKILL
    for load in started:
        load.join(30)
    assert state.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == [".state.json.unfinished", "state.json"]


def test_a_state_file_that_cannot_be_used_is_one_line_and_an_exit_code(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    state.write_text("{}")
    with pytest.raises(
        AssertionError,
        match=r"ep-mock: --state: .*state.json: this is no state file: Object missing required field",
    ):
        Program(*state_arguments(state))
