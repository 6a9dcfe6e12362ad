"""What clients send to uvicorn's connections, byte for byte: offers of other protocols, heads and trailers
without end.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
import uvicorn
from uvicorn.config import HTTP_PROTOCOLS
from uvicorn.importer import import_from_string
from uvicorn.server import ServerState

from ep_mock.serving.connections import MAX_IDLE_BYTES, hardened_protocol
from tests.serving.test_uvicorn_server import Receive, Send, echo, names_used_of_self

JAVA = b"Connection: Upgrade, HTTP2-Settings\r\nHost: x\r\nHTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA\r\n"
OFFERS = [
    b"Upgrade: h2c",
    b"upgrade: h2c",
    b"Upgrade:h2c",
    b"UPGRADE:\t h2c ",
    b"Upgrade: websocket",
    b"Upgrade: h2c, TLS/1.0",
]
CHUNKED = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.fixture(params=["httptools", "h11"])
def http_parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The parser where httptools is installed, and the one where it is not."""
    name: str = request.param
    if name == "httptools":
        pytest.importorskip("httptools")
    monkeypatch.setitem(HTTP_PROTOCOLS, "auto", HTTP_PROTOCOLS[name])
    return name


class Wire(asyncio.Transport):
    """Takes what is written, until it is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.writes.append(bytes(data))

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


def sent_back(*packets: bytes, app: Any = echo) -> bytes:
    """What comes back on one connection; no more packets are sent once it was closed."""
    return b"".join(writes_of(*packets, app=app))


def writes_of(*packets: bytes, app: Any = echo) -> list[bytes]:
    """The same, write by write."""
    return asyncio.run(_talk(packets, app))


async def _talk(packets: Iterable[bytes], app: Any) -> list[bytes]:
    config = uvicorn.Config(
        app, interface="asgi3", ws="none", lifespan="off", log_config=None, proxy_headers=False
    )
    config.load()
    protocol: Any = hardened_protocol(config.http_protocol_class, asyncio.Event(), access_log=False)
    connection, wire = (
        protocol(config=config, server_state=ServerState(), app_state={}, _loop=asyncio.get_running_loop()),
        Wire(),
    )
    connection.connection_made(wire)
    for packet in packets:
        if wire.closed:
            break
        if packet:  # an empty one would be the end
            connection.data_received(packet)
        for _ in range(10):
            await asyncio.sleep(0)
    connection.connection_lost(None)
    await asyncio.gather(*connection.tasks)
    return wire.writes


def answer(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)


def post(offer: bytes, body: bytes = b"hello", framing: bytes | None = None) -> bytes:
    framing = b"Content-Length: %d" % len(body) if framing is None else framing
    return (
        b"POST / HTTP/1.1\r\n"
        + JAVA
        + offer
        + b"\r\n"
        + framing
        + b"\r\nUser-Agent: Java-http-client/21\r\n\r\n"
        + body
    )


@pytest.mark.usefixtures("http_parser")
@pytest.mark.parametrize("offer", OFFERS)
def test_an_offer_of_another_protocol_is_ignored_in_any_spelling(
    offer: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    chunked = post(offer, b"2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", b"Transfer-Encoding: chunked")
    get = b"GET / HTTP/1.1\r\n" + JAVA + offer + b"\r\n\r\n"
    plain = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"
    requests = {post(offer): b"hello", plain: b"hello", chunked: b"hello", get: b"", post(offer, b""): b""}
    sent = [*requests, post(offer), plain]
    assert sent_back(*sent) == b"".join(answer(requests[each]) for each in sent)
    assert caplog.records == []


@pytest.mark.usefixtures("http_parser")
@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_an_offer_of_another_protocol_keeps_its_body_wherever_the_packets_end(framing: str) -> None:
    body, header = b"hello", None
    if framing == "chunked":
        body, header = b"2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", b"Transfer-Encoding: chunked"
    request = post(b"Upgrade: h2c", body, header)
    for at in range(len(request) + 1):
        assert sent_back(request[:at], request[at:], request) == answer(b"hello") * 2, request[:at]
    assert sent_back(*(request[at : at + 1] for at in range(len(request)))) == answer(b"hello")


@pytest.mark.usefixtures("http_parser")
def test_a_body_that_looks_like_an_offer_comes_as_it_was_sent() -> None:
    body = b"a\r\nUpgrade: h2c\r\n\r\nUpgrade: h2c\r\nz"
    for offer in (b"Upgrade: h2c", b"Accept: */*"):
        request = post(offer, body)
        for at in range(len(request) - len(body), len(request)):
            assert sent_back(request[:at], request[at:]) == answer(body)


@pytest.mark.usefixtures("http_parser")
def test_requests_that_offer_another_protocol_can_come_all_at_once() -> None:
    requests = [post(b"Upgrade: h2c", b"%d" % number) for number in range(5)]
    assert sent_back(b"".join(requests), b"") == b"".join(answer(b"%d" % number) for number in range(5))


@pytest.mark.usefixtures("http_parser")
@pytest.mark.parametrize("offer", [b"", b"Connection: Upgrade\r\nUpgrade: h2c\r\n"])
def test_trailers_without_end_are_cut_off(offer: bytes) -> None:
    head = CHUNKED.replace(b"\r\n\r\n", b"\r\n" + offer + b"\r\n")
    endless = (b"X-%d: %s\r\n" % (number, b"y" * 4000) for number in range(10_000))
    taken: list[bytes] = []

    def packets() -> Iterator[bytes]:
        yield head + b"1\r\n.\r\n0\r\n"
        for piece in endless:
            taken.append(piece)
            yield piece

    assert b"".join(asyncio.run(_talk(packets(), echo))).startswith((b"HTTP/1.1 431 ", b"HTTP/1.1 400 "))
    assert sum(map(len, taken)) <= MAX_IDLE_BYTES + 10_000


@pytest.mark.usefixtures("http_parser")
@pytest.mark.parametrize(
    "rest", [[b"zz\r\nbad"], [b"1\r\n.\r\n0\r\n", *[b"X: " + b"y" * 4000 + b"\r\n"] * 40]]
)
@pytest.mark.parametrize("whole", [True, False])
def test_what_is_no_http_after_an_early_answer_ends_the_connection_and_no_more(
    rest: list[bytes], whole: bool
) -> None:
    async def early(_scope: Any, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 413, "headers": [(b"content-length", b"2")]})
        await send(
            {"type": "http.response.body", "body": b"n" if not whole else b"no", "more_body": not whole}
        )
        if not whole:
            await asyncio.sleep(0.01)
            await send({"type": "http.response.body", "body": b"o"})

    answered = sent_back(CHUNKED, *rest, app=early)
    assert answered.count(b"HTTP/1.1 ") == 1
    assert answered.startswith(b"HTTP/1.1 413 ")


@pytest.mark.usefixtures("http_parser")
@pytest.mark.parametrize("before", [1, 2, 3])
@pytest.mark.parametrize("no_http", [b"no HTTP\r\n\r\n", CHUNKED + b"zz\r\nbad"])
def test_what_is_no_http_behind_whole_requests_takes_no_response_from_them(
    no_http: bytes, before: int
) -> None:
    requests = [b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n%d" % each for each in range(before)]
    answered = sent_back(b"".join(requests) + no_http, b"more")
    responses = answered.split(b"HTTP/1.1 ")[1:]
    bodies = [each.partition(b"\r\n\r\n")[2] for each in responses]
    assert bodies[:before] == [b"%d" % each for each in range(before)]
    assert [each[:3] for each in responses[:before]] == [b"200"] * before
    assert all(each.startswith(b"4") for each in responses[before:])
    assert b"\r\nconnection: close\r\n" in responses[-1].lower()


@pytest.mark.usefixtures("http_parser")
def test_a_head_without_end_takes_no_response_from_the_requests_before_it() -> None:
    async def slow(scope: Any, receive: Receive, send: Send) -> None:
        for _ in range(15):  # longer than one packet
            await asyncio.sleep(0)
        await echo(scope, receive, send)

    whole = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    answered = sent_back(whole + b"GET / HTTP/1.1\r\nX: ", b"y" * 70_000, *[b"y"] * 5, app=slow)
    assert answered.startswith(b"HTTP/1.1 200 ")


@pytest.mark.usefixtures("http_parser")
def test_each_request_learns_that_the_client_has_gone_also_when_more_came_behind_it() -> None:
    async def waiting(_scope: Any, receive: Receive, _send: Send) -> None:
        async with asyncio.timeout(10):
            while (await receive())["type"] != "http.disconnect":
                pass

    get = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    assert sent_back(get + get + get, app=waiting) == b""


@pytest.mark.usefixtures("http_parser")
def test_trailers_are_read_over_and_are_no_headers() -> None:
    seen: list[list[tuple[bytes, bytes]]] = []

    async def look(scope: Any, receive: Receive, send: Send) -> None:
        seen.append(scope["headers"])
        await echo(scope, receive, send)

    request = CHUNKED + b"5\r\nhello\r\n0\r\nAuthorization: Bearer x\r\nX-More: 1\r\n\r\n"
    assert sent_back(request, request, app=look) == answer(b"hello") * 2
    assert seen == [[(b"host", b"x"), (b"transfer-encoding", b"chunked")]] * 2


@pytest.mark.usefixtures("http_parser")
def test_chunks_of_any_number_and_length_are_no_trailers() -> None:
    small = CHUNKED + b"1\r\nx\r\n" * 40_000 + b"0\r\n\r\n"
    pieces = [small[at : at + 60_000] for at in range(0, len(small), 60_000)]
    assert sent_back(*pieces) == answer(b"x" * 40_000)
    large = CHUNKED + b"%x\r\n" % 300_000 + b"x" * 300_000 + b"\r\n0\r\n\r\n"
    pieces = [large[at : at + 50_000] for at in range(0, len(large), 50_000)]
    assert sent_back(*pieces) == answer(b"x" * 300_000)


@pytest.mark.parametrize(
    ("method", "parameters", "uses"),
    [
        (
            "data_received",
            ["self", "data"],
            {
                "_unset_keepalive_if_required",
                "parser",
                "logger",
                "send_400_response",
                "_should_upgrade",
                "handle_websocket_upgrade",
                "_unsupported_upgrade_warning",
            },
        ),
        ("on_header", ["self", "name", "value"], {"expect_100_continue", "headers"}),
        ("on_body", ["self", "body"], {"parser", "_should_upgrade", "cycle", "flow"}),
        ("on_message_complete", ["self"], {"parser", "_should_upgrade", "cycle"}),
        ("_should_upgrade", ["self"], {"_get_upgrade", "_should_upgrade_to_ws"}),
        (
            "connection_lost",
            ["self", "exc"],
            {
                "logger",
                "client",
                "_unset_keepalive_if_required",
                "transport",
                "parser",
                "flow",
                "cycle",
                "connections",
            },
        ),
        ("_start_asgi_task", ["self", "cycle", "app"], {"loop", "config", "tasks"}),
    ],
)
def test_what_is_built_upon_does_in_uvicorn_what_it_did_then(
    method: str, parameters: list[str], uses: set[str]
) -> None:
    pytest.importorskip("httptools")
    function: Callable[..., Any] = getattr(import_from_string(str(HTTP_PROTOCOLS["httptools"])), method)
    assert list(inspect.signature(function).parameters) == parameters
    assert names_used_of_self(function) == uses, (
        "uvicorn has changed: see whether ep_mock.serving.connections has to do the new thing, too"
    )
