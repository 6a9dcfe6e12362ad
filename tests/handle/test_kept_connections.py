"""The connections that a handle over HTTP keeps open: their number, their end, and their loss."""

from __future__ import annotations

import os
import select
import threading
import warnings
from collections.abc import Callable, Iterator

import pytest

from ep_mock import MockServer
from ep_mock.handle import Handle, UnreachableError
from ep_mock.handle.connection import HttpConnection
from ep_mock.serving.http_client import MOST_KEPT
from tests.certificates import CERTIFICATE, KEY
from tests.handle.counting_server import PATIENCE, CountingServer, counting_server


@pytest.fixture
def server() -> Iterator[CountingServer]:
    with counting_server() as server:
        yield server


def at_once(number: int, call: Callable[[], object]) -> list[threading.Thread]:
    threads = [threading.Thread(target=call) for _ in range(number)]
    for thread in threads:
        thread.start()
    return threads


def test_threads_that_have_ended_leave_no_connection_behind(server: CountingServer) -> None:
    with Handle.connect(server.url) as handle:
        for _ in range(50):
            at_once(1, handle.health)[0].join()
        assert (server.opened, server.open_now) == (1, 1)


def test_many_threads_call_at_once_and_a_few_connections_are_kept(server: CountingServer) -> None:
    with Handle.connect(server.url) as handle:
        server.gate.clear()
        threads = at_once(2 * MOST_KEPT, handle.health)
        server.wait_until_asked(2 * MOST_KEPT)
        assert server.open_now == 2 * MOST_KEPT
        server.gate.set()
        for thread in threads:
            thread.join()
        server.wait_until_open(MOST_KEPT)
    server.wait_until_open(0)


def test_a_closed_handle_keeps_no_connection_not_even_a_busy_one(
    server: CountingServer,
) -> None:
    handle = Handle.connect(server.url)
    handle.health()
    server.gate.clear()
    (waiting,) = at_once(1, handle.health)
    server.wait_until_asked(2)
    handle.close()
    server.gate.set()
    waiting.join()
    server.wait_until_open(0)
    assert handle.health()["status"] == "ok", "a closed handle opens itself again"
    handle.close()
    server.wait_until_open(0)


def test_a_handle_that_is_dropped_closes_its_connections(server: CountingServer) -> None:
    handle = Handle.connect(server.url)
    handle.health()
    server.wait_until_open(1)
    del handle
    server.wait_until_open(0)


def test_a_call_that_the_server_may_have_received_is_not_repeated(server: CountingServer) -> None:
    with Handle.connect(server.url) as handle:
        handle.health()
        server.hang_up = True
        assert handle.health()["status"] == "ok"
        assert server.requests == ["GET"] * 3, "what only looks is sent again"
        server.hang_up = True
        with pytest.raises(UnreachableError, match="Remote end closed connection without response"):
            handle.promotions.create()
        assert server.requests == [*["GET"] * 3, "POST"]
        server.hang_up = True
        with pytest.raises(UnreachableError):
            handle.health()
        assert server.requests[4:] == ["GET"], "a new connection that breaks is another matter"


def test_a_connection_that_the_server_has_closed_is_replaced_before_anything_is_sent(
    server: CountingServer,
) -> None:
    connection = HttpConnection(server.url)
    with Handle(connection) as handle:
        handle.health()
        server.close_connections()
        (kept,) = connection._client._idle
        assert select.select([kept.sock], [], [], PATIENCE)[0], "its end has arrived"
        assert handle.worker.pause().paused, "what goes out in one piece would not tell that nobody reads it"
        assert (server.opened, server.requests) == (2, ["GET", "POST"])


def in_a_child(call: Callable[[], object]) -> None:
    """Run it in a fork of this process."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forks beside threads
        child = os.fork()
    if child == 0:
        try:
            call()
        except BaseException:
            os._exit(1)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks on this system")
def test_a_child_after_a_fork_has_connections_of_its_own_and_leaves_those_of_its_parent(
    server: CountingServer,
) -> None:
    def in_child() -> None:
        for _ in range(3):
            handle.health()
        handle.close()

    with Handle.connect(server.url) as handle:
        handle.health()
        in_a_child(in_child)
        handle.health()
        assert (server.opened, len(server.requests)) == (2, 5)
        in_a_child(handle.close)
        handle.health()
        assert server.opened == 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks on this system")
def test_the_same_over_https() -> None:
    with (
        MockServer(tls_certificate=CERTIFICATE, tls_key=KEY) as server,
        Handle.connect(server.url, verify=CERTIFICATE) as handle,
    ):
        handle.promotions.create(name="parent")
        in_a_child(lambda: handle.promotions.create(name="child"))
        handle.promotions.create(name="parent again")
        assert [promotion["name"] for promotion in handle.promotions.list()] == [
            "parent again",
            "child",
            "parent",
        ]
