from __future__ import annotations

import asyncio
import http.client
import signal
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from ep_mock.errors import UsageError
from ep_mock.serving.run import ServerThread, serve
from ep_mock.serving.sockets import listen
from ep_mock.serving.uvicorn_server import UvicornServer
from tests.logs import restored_logging


async def hello(scope: Any, _receive: Any, send: Callable[[dict[str, Any]], Awaitable[None]]) -> None:
    body = f"hello from {threading.current_thread().name} at {scope['path']}".encode()
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]}
    )
    await send({"type": "http.response.body", "body": body})


class Unanswered:
    """An application that never answers, unless told to."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.cancelled = threading.Event()

    async def __call__(self, _scope: Any, _receive: Any, _send: Any) -> None:
        self.asked.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise


@pytest.fixture(autouse=True)
def _restored_logging() -> Iterator[None]:
    with restored_logging():
        yield


def get(connection: http.client.HTTPConnection, path: str) -> tuple[int, bytes]:
    connection.request("GET", path)
    answer = connection.getresponse()
    return answer.status, answer.read()


def is_refused(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    try:
        connection.connect()
    except ConnectionRefusedError:
        return True
    finally:
        connection.close()
    return False


OTHERS: set[threading.Thread] = set()


@pytest.fixture(autouse=True)
def _others() -> None:
    """Servers that other tests of this process share do not count."""
    OTHERS.clear()
    OTHERS.update(threading.enumerate())


def server_threads() -> list[str]:
    """The servers that the test has running."""
    return [
        thread.name
        for thread in threading.enumerate()
        if thread.name == "ep-mock-server" and thread not in OTHERS
    ]


@pytest.fixture
def no_naps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever sleeps fails: a server that looks at a flag now and then would."""
    sleep = asyncio.sleep

    async def awake(delay: float, result: object = None) -> object:
        assert delay == 0, f"slept for {delay} s"
        return await sleep(delay, result)

    monkeypatch.setattr(asyncio, "sleep", awake)


@pytest.mark.usefixtures("no_naps")
def test_a_server_starts_and_stops_again_and_again_without_sleeping() -> None:
    server = ServerThread(hello)
    for round_number in range(20):
        with server:
            client = http.client.HTTPConnection("127.0.0.1", server.port)
            assert get(client, f"/{round_number}") == (
                200,
                f"hello from ep-mock-server at /{round_number}".encode(),
            )
            port = server.port
        # The client still holds its connection: it was closed by the server.
        assert client.sock.recv(1) == b""
        client.close()
        assert is_refused(port)
        assert server_threads() == []


@pytest.mark.usefixtures("no_naps")
def test_a_request_that_is_not_answered_is_cancelled_when_the_server_stops(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = Unanswered()
    server = ServerThread(app).start()
    client = http.client.HTTPConnection("127.0.0.1", server.port)
    client.request("GET", "/")
    app.asked.wait()
    server.stop()
    assert app.cancelled.is_set()
    with pytest.raises((ConnectionError, http.client.RemoteDisconnected)):
        client.getresponse()
    client.close()
    assert caplog.records == []


def test_a_request_that_is_being_answered_when_the_server_stops_gets_its_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ep_mock.serving.run.THREAD_SHUTDOWN_TIMEOUT", 60)
    asked, go_on = threading.Event(), asyncio.Event()

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        asked.set()
        await go_on.wait()
        await hello(scope, receive, send)

    server = ServerThread(slow).start()
    busy, idle = (http.client.HTTPConnection("127.0.0.1", server.port) for _ in range(2))
    idle.connect()
    busy.request("GET", "/slow")
    asked.wait()
    stopping = threading.Thread(target=server.stop)
    stopping.start()
    assert idle.sock.recv(1) == b""  # the server has begun to stop
    server._loop.call_soon_threadsafe(go_on.set)
    answer = busy.getresponse()
    assert (answer.status, answer.read()) == (200, b"hello from ep-mock-server at /slow")
    stopping.join()
    for client in (busy, idle):
        client.close()


def test_two_servers_run_side_by_side() -> None:
    with ServerThread(hello) as one, ServerThread(hello) as other:
        assert one.port != other.port
        assert len(server_threads()) == 2
        for server in (one, other):
            client = http.client.HTTPConnection("127.0.0.1", server.port)
            assert get(client, "/") == (200, b"hello from ep-mock-server at /")
            client.close()


def test_the_url_names_the_real_port_and_stays_known_after_the_stop() -> None:
    server = ServerThread(hello, "localhost")
    with server:
        assert server.url == f"http://localhost:{server.port}"
        running = server.url
    assert server.url == running


def test_starting_and_stopping_at_the_wrong_time_is_harmless_or_told() -> None:
    server = ServerThread(hello)
    server.stop()
    for read in (lambda: server.url, lambda: server.port):
        with pytest.raises(UsageError, match="no address before it is started"):
            read()
    with server:
        with pytest.raises(UsageError, match=f"running already, on {server.url}"):
            server.start()
        assert not is_refused(server.port)
    server.stop()


def test_a_taken_port_is_told_and_leaves_nothing_running() -> None:
    with ServerThread(hello) as first:
        second = ServerThread(hello, port=first.port)
        with pytest.raises(UsageError) as caught:
            second.start()
        assert str(caught.value) == (
            f"port {first.port} on 127.0.0.1 is already in use; choose another with --port, or 0 for any free one"
        )
        assert len(server_threads()) == 1
    with second:
        assert second.port == first.port


def test_a_crash_at_startup_surfaces_in_start(monkeypatch: pytest.MonkeyPatch) -> None:
    async def crash(_self: UvicornServer, sockets: object = None) -> None:
        raise ZeroDivisionError

    server = ServerThread(hello)
    with monkeypatch.context() as patched:
        patched.setattr(UvicornServer, "startup", crash)
        with pytest.raises(ZeroDivisionError):
            server.start()
    assert is_refused(server.port)
    assert server_threads() == []
    with server:
        assert not is_refused(server.port)


def test_an_interrupt_during_the_start_leaves_nothing_running(monkeypatch: pytest.MonkeyPatch) -> None:
    class Interrupted:
        def done(self) -> bool:
            return True

        def set_result(self, _: None) -> None: ...

        def result(self) -> None:
            raise KeyboardInterrupt

    monkeypatch.setattr("ep_mock.serving.run.Future", Interrupted)
    with pytest.raises(KeyboardInterrupt):
        ServerThread(hello).start()
    assert server_threads() == []


ENDING = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


@pytest.mark.parametrize("number", ENDING)
def test_a_signal_stops_the_foreground_server_and_the_handlers_are_put_back(number: signal.Signals) -> None:
    before = [signal.getsignal(name) for name in ENDING]
    urls: list[str] = []

    def interrupt(url: str) -> None:
        urls.append(url)
        signal.raise_signal(number)

    assert serve(hello, "127.0.0.1", 0, on_listening=interrupt) == 0
    assert [url.rpartition(":")[0] for url in urls] == ["http://127.0.0.1"]
    assert is_refused(int(urls[0].rpartition(":")[2]))
    assert [signal.getsignal(name) for name in ENDING] == before


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="there is no such signal there")
def test_a_hangup_that_is_ignored_stays_ignored() -> None:
    handled: list[object] = []

    def look(_url: str) -> None:
        handled.append(signal.getsignal(signal.SIGHUP))
        signal.raise_signal(signal.SIGTERM)

    former = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert serve(hello, "127.0.0.1", 0, on_listening=look) == 0
    finally:
        signal.signal(signal.SIGHUP, former)
    assert handled == [signal.SIG_IGN]


def test_a_second_signal_is_told_in_the_exit_code() -> None:
    def interrupt(_url: str) -> None:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)

    assert serve(hello, "127.0.0.1", 0, on_listening=interrupt) == 128 + signal.SIGTERM


def test_a_taken_port_stops_the_foreground_server_before_it_says_anything() -> None:
    bound = listen("127.0.0.1", 0)
    said: list[str] = []
    with pytest.raises(UsageError, match=f"port {bound.port} on 127.0.0.1 is already in use"):
        serve(hello, "127.0.0.1", bound.port, on_listening=said.append)
    bound.close()
    assert said == []


PROGRAM = """
import asyncio, sys
from ep_mock.serving.run import serve

async def never(scope, receive, send):
    print("asked", flush=True)
    await asyncio.Event().wait()

sys.exit(serve(never, "127.0.0.1", 0, shutdown_timeout=3600, on_listening=lambda url: print(url, flush=True)))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a process cannot be sent signals there")
def test_signals_reach_a_process_that_waits_and_the_second_one_cuts_requests_off() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    port = int(process.stdout.readline().rpartition(":")[2])
    busy, idle = (http.client.HTTPConnection("127.0.0.1", port, timeout=30) for _ in range(2))
    idle.connect()
    busy.request("GET", "/")
    assert process.stdout.readline() == "asked\n"
    process.send_signal(signal.SIGTERM)
    assert (
        idle.sock.recv(1) == b""
    )  # the first signal has arrived, the unanswered request still has its grace
    process.send_signal(signal.SIGTERM)
    with pytest.raises((ConnectionError, http.client.RemoteDisconnected)):
        busy.getresponse()
    for client in (busy, idle):
        client.close()
    assert (process.communicate(timeout=30), process.returncode) == (("", ""), 128 + signal.SIGTERM)


def test_the_foreground_server_logs_requests_to_standard_error_when_wanted(
    capfd: pytest.CaptureFixture[str],
) -> None:
    clients: list[threading.Thread] = []

    def ask(url: str) -> None:
        client = http.client.HTTPConnection("127.0.0.1", int(url.rpartition(":")[2]))
        assert get(client, "/seen?x=1") == (200, b"hello from MainThread at /seen")
        client.close()
        signal.raise_signal(signal.SIGTERM)

    def ask_elsewhere(url: str) -> None:
        clients.append(threading.Thread(target=ask, args=(url,)))
        clients[0].start()

    assert serve(hello, "127.0.0.1", 0, on_listening=ask_elsewhere, access_log=True) == 0
    clients[0].join()
    out, err = capfd.readouterr()
    assert out == ""
    assert err.partition(" - ")[2] == '"GET /seen?x=1 HTTP/1.1" 200\n'
