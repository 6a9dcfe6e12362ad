from __future__ import annotations

import ast
import asyncio
import inspect
import logging
import socket
import textwrap
from collections.abc import Callable
from typing import Any

import pytest
import uvicorn
from uvicorn.config import HTTP_PROTOCOLS
from uvicorn.server import ServerState

from ep_mock.serving.run import ServerThread
from ep_mock.serving.sockets import listen
from ep_mock.serving.uvicorn_server import UvicornServer
from ep_mock.web.connection_faults import TRANSPORT

Send = Callable[[dict[str, Any]], Any]
Receive = Callable[[], Any]


async def echo(scope: Any, receive: Receive, send: Send) -> None:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]}
    )
    await send({"type": "http.response.body", "body": body})


def names_used_of_self(method: Callable[..., Any]) -> set[str]:
    tree = ast.parse(textwrap.dedent(inspect.getsource(method)))
    attributes = (node for node in ast.walk(tree) if isinstance(node, ast.Attribute))
    return {node.attr for node in attributes if isinstance(node.value, ast.Name) and node.value.id == "self"}


@pytest.mark.parametrize(
    ("method", "parameters", "uses"),
    [
        (uvicorn.Server.serve, ["self", "sockets"], {"capture_signals", "_serve"}),
        (
            uvicorn.Server._serve,
            ["self", "sockets"],
            {"config", "lifespan", "startup", "should_exit", "main_loop", "started", "shutdown"},
        ),
        (
            uvicorn.Server.startup,
            ["self", "sockets"],
            {"config", "lifespan", "server_state", "servers", "started", "_log_started_message"},
        ),
        (
            uvicorn.Server.shutdown,
            ["self", "sockets"],
            {"config", "lifespan", "server_state", "servers", "force_exit", "_wait_tasks_to_complete"},
        ),
        (uvicorn.Server._wait_tasks_to_complete, ["self"], {"server_state", "servers", "force_exit"}),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_is_overridden_does_in_uvicorn_what_it_did_when_it_was_overridden(
    method: Callable[..., Any], parameters: list[str], uses: set[str]
) -> None:
    assert inspect.iscoroutinefunction(method)
    assert list(inspect.signature(method).parameters) == parameters
    assert names_used_of_self(method) == uses, (
        "uvicorn has changed: see whether UvicornServer has to do the new thing, too"
    )


def test_the_state_that_connections_report_to_is_the_known_one() -> None:
    state = vars(ServerState())
    assert state == {"total_requests": 0, "connections": set(), "tasks": set(), "default_headers": []}


@pytest.fixture(params=["httptools", "h11"])
def http_parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The parser where httptools is installed, and the one where it is not."""
    if request.param == "httptools":
        pytest.importorskip("httptools")
    monkeypatch.setitem(HTTP_PROTOCOLS, "auto", HTTP_PROTOCOLS[request.param])


def exchange(requests: list[bytes], app: Any = echo, **options: Any) -> list[bytes]:
    """The bytes that one connection gets for each of the pieces it sends; the server stops afterwards."""
    bound = listen("127.0.0.1", 0)
    server = UvicornServer(app, shutdown_timeout=0.025, **options)
    answers: list[bytes] = []

    async def talk() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", bound.port, limit=1_000_000)
        for piece in requests:
            writer.write(piece)
            await writer.drain()
            if piece.endswith(b"."):  # the last piece of a request
                head = await reader.readuntil(b"\r\n\r\n")
                answers.append(head + await reader.readuntil(b"."))
        server.stop()
        answers.append(await reader.read())
        writer.close()
        await writer.wait_closed()

    async def both() -> None:
        listening = asyncio.Event()
        serving = asyncio.create_task(server.serve(bound.sockets, on_listening=listening.set))
        await listening.wait()
        await talk()
        await serving

    asyncio.run(both())
    return answers


@pytest.mark.usefixtures("http_parser")
def test_answers_carry_only_what_the_application_sent() -> None:
    request = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nhello."
    answer = b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nhello."
    assert exchange([request, request]) == [answer, answer, b""]


@pytest.mark.usefixtures("http_parser")
@pytest.mark.parametrize(("access_log", "lines"), [(False, []), (True, ['"POST / HTTP/1.1" 200'])])
def test_requests_are_logged_when_wanted_and_nothing_else_is(
    caplog: pytest.LogCaptureFixture, access_log: bool, lines: list[str]
) -> None:
    with caplog.at_level(logging.DEBUG, "uvicorn"):
        exchange([b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n."], access_log=access_log)
    assert [record.getMessage().partition(" - ")[2] for record in caplog.records] == lines


@pytest.mark.usefixtures("http_parser")
def test_the_log_of_requests_tells_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    target = b"/files/x_codes.csv?Expires=1&Signature=hunter2&client%5Fsecret=hunter2"
    with caplog.at_level(logging.DEBUG, "uvicorn"):
        exchange([b"POST " + target + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n."], access_log=True)
    (line,) = (record.getMessage().partition(" - ")[2] for record in caplog.records)
    assert (
        line
        == '"POST /files/x_codes.csv?Expires=1&Signature=[redacted]&client%5Fsecret=[redacted] HTTP/1.1" 200'
    )


@pytest.mark.usefixtures("http_parser")
def test_a_large_body_in_any_pieces_is_no_large_head() -> None:
    body = b"x" * 199_999 + b"."
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n"
    answers = exchange([head + body, head, body, head + body[:100_000], body[100_000:], head + body])
    assert [len(answer.partition(b"\r\n\r\n")[2]) for answer in answers] == [200_000] * 4 + [0]


@pytest.mark.usefixtures("http_parser")
@pytest.mark.parametrize("before", [b"", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n."])
def test_a_head_without_end_is_cut_off(before: bytes) -> None:
    head = b"GET / HTTP/1.1\r\n" + b"X: %s\r\n" % (b"y" * 1000) * 66
    with (
        ServerThread(echo) as server,
        socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection,
    ):
        connection.sendall(before)
        received = b""
        while before and not received.endswith(b"."):
            received += connection.recv(1000)
        connection.sendall(head[:65_530])
        connection.sendall(head[65_530:] + b"y" * 100)
        assert connection.recv(12) in (b"HTTP/1.1 431", b"HTTP/1.1 400")


@pytest.mark.usefixtures("http_parser")
def test_the_application_finds_the_transport_of_the_connection() -> None:
    seen: list[Any] = []

    async def look(scope: Any, receive: Receive, send: Send) -> None:
        seen.append(scope["extensions"][TRANSPORT].get_extra_info("sockname"))
        await echo(scope, receive, send)

    assert exchange([b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n."], app=look)[0].endswith(b".")
    assert [address[0] for address in seen] == ["127.0.0.1"]


def test_the_loggers_of_other_servers_are_left_alone() -> None:
    logger = logging.getLogger("uvicorn.access")
    handler = logging.NullHandler()
    logger.addHandler(handler)
    try:
        before = (logger.handlers[:], logger.propagate, logger.level)
        exchange([])
        assert (logger.handlers, logger.propagate, logger.level) == before
    finally:
        logger.removeHandler(handler)


def test_a_server_forced_while_its_grace_is_running_cuts_the_request_off() -> None:
    bound = listen("127.0.0.1", 0)
    outcome: list[str] = []

    async def scenario() -> None:
        answering, listening = asyncio.Event(), asyncio.Event()

        async def never(_scope: Any, _receive: Receive, _send: Send) -> None:
            answering.set()
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                outcome.append("cancelled")
                raise

        server = UvicornServer(never, shutdown_timeout=3600)
        serving = asyncio.create_task(server.serve(bound.sockets, on_listening=listening.set))
        await listening.wait()
        idle_reader, idle_writer = await asyncio.open_connection("127.0.0.1", bound.port)
        reader, writer = await asyncio.open_connection("127.0.0.1", bound.port)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        await answering.wait()
        server.stop()
        assert await idle_reader.read() == b""  # closed at once: the grace is running
        assert outcome == []
        server.force_stop()
        assert await reader.read() == b""
        await serving
        for stream in (idle_writer, writer):
            stream.close()
            await stream.wait_closed()

    asyncio.run(scenario())
    assert outcome == ["cancelled"]


def test_sockets_are_closed_when_listening_is_not_welcome() -> None:
    bound = listen("127.0.0.1", 0)

    def unwelcome() -> None:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        asyncio.run(UvicornServer(echo, shutdown_timeout=0).serve(bound.sockets, on_listening=unwelcome))
    with socket.socket() as client:
        assert client.connect_ex(("127.0.0.1", bound.port)) != 0
