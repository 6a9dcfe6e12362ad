"""What no HTTP client would send, over TCP to a real server: it is refused or answered, never with a 5xx, and
the server goes on.

With both parsers: httptools where it is installed, h11 where not. What they differ in is theirs to decide.
"""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from contextlib import closing

import pytest
from uvicorn.config import HTTP_PROTOCOLS

from ep_mock.domain.families import STANDARD
from ep_mock.mock_server import MockServer
from tests.bodies import new_promotion

HEADERS = b"Host: x\r\nAuthorization: Bearer x\r\n"
LAST = HEADERS + b"Connection: close\r\n"
LIST = b"GET /v2/promotions HTTP/1.1\r\n"
LOGIN = b"POST /oauth/access_token HTTP/1.1\r\n"
CHUNKED = LOGIN + LAST + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.fixture(params=["httptools", "h11"], scope="module")
def server(request: pytest.FixtureRequest) -> Iterator[MockServer]:
    with pytest.MonkeyPatch.context() as patched:
        if request.param == "httptools":
            pytest.importorskip("httptools")
        patched.setitem(HTTP_PROTOCOLS, "auto", HTTP_PROTOCOLS[request.param])
        with MockServer(port=0, clock="manual", max_body_bytes=1000, seed="tests") as running:
            yield running


@pytest.fixture(autouse=True)
def survives(server: MockServer, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """After each test the server still answers, and has logged no crash."""
    yield
    assert statuses(
        exchange(server, b"GET /__ep_mock/health HTTP/1.1\r\nConnection: close\r\nHost: localhost\r\n\r\n")
    ) == [200]
    assert [
        record.getMessage()
        for record in caplog.records
        if record.exc_info or record.levelname in ("ERROR", "CRITICAL")
    ] == []


def connect(server: MockServer) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=10)


def exchange(server: MockServer, sent: bytes, *, half_close: bool = False) -> bytes:
    """All that comes back until the server closes the connection."""
    with closing(connect(server)) as client:
        received = b""
        try:
            client.sendall(sent)
            if half_close:
                client.shutdown(socket.SHUT_WR)
            while piece := client.recv(65536):
                received += piece
        except ConnectionError:  # the server has closed while there was more to read
            pass
        return received


def statuses(received: bytes) -> list[int]:
    return [int(status) for status in re.findall(rb"HTTP/1\.[01] (\d{3}) ", received)]


def target(path: bytes) -> bytes:
    return b"GET " + path + b" HTTP/1.1\r\n" + LAST + b"\r\n"


def with_header(line: bytes) -> bytes:
    return LIST + LAST + line + b"\r\n\r\n"


def login_with(line: bytes, body: bytes = b"ab") -> bytes:
    return LOGIN + LAST + line + b"\r\n\r\n" + body


REFUSED = {
    "bytes": b"\x00\x01\x02\r\n\r\n",
    "a word": b"hello\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x01" * 50,
    "no target": b"GET\r\n\r\n",
    "another protocol": b"GET / FOO/1.1\r\n" + LAST + b"\r\n",
    "NUL in the path": target(b"/v2/promotions/\x00"),
    "non-ASCII in the path": target(b"/v2/promotions/\xc3\xa9\xff"),
    "non-ASCII in the query": target(b"/v2/promotions?filter=eq(code,\xc3\xa9)"),
    "a blank in the path": target(b"/v2/promotions/a b"),
    "NUL in a header": with_header(b"X: a\x00b"),
    "CR in a header": with_header(b"X: a\rb"),
    "a blank before the colon": with_header(b"X : y"),
    "a header without a colon": with_header(b"X"),
    "two lengths": login_with(b"Content-Length: 2\r\nContent-Length: 1"),
    "a length with a sign": login_with(b"Content-Length: +2"),
    "a negative length": login_with(b"Content-Length: -2"),
    "a length beyond 64 bits": login_with(b"Content-Length: 99999999999999999999999"),
    "chunked twice": login_with(b"Transfer-Encoding: chunked, chunked", b"0\r\n\r\n"),
    "an unknown coding": login_with(b"Transfer-Encoding: xchunked", b"0\r\n\r\n"),
    "a chunk size that is none": CHUNKED + b"zz\r\n",
    "a negative chunk size": CHUNKED + b"-1\r\n",
    "a length and chunks": login_with(
        b"Content-Length: 6\r\nTransfer-Encoding: chunked", b"0\r\n\r\n" + LIST + LAST + b"\r\n"
    ),
    "a huge header": with_header(b"X: " + b"a" * 200_000),
    "a huge query": target(b"/v2/promotions?" + b"a" * 200_000),
}


@pytest.mark.parametrize("sent", REFUSED.values(), ids=REFUSED)
def test_what_is_no_request_is_refused(server: MockServer, sent: bytes) -> None:
    assert statuses(exchange(server, sent)) in ([400], [431])


PARSERS_DIFFER = {
    "an unknown version": b"GET / HTTP/9.9\r\n" + LAST + b"\r\n",
    "the preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "blank lines before": b"\r\n\r\n" + LIST + LAST + b"\r\n",
    "absolute form": target(b"http://other/v2/promotions"),
    "absolute form without a path": target(b"http://other"),
    "only a query": target(b"?x"),
    "no slash": target(b"v2/promotions"),
    "authority form": b"CONNECT x:80 HTTP/1.1\r\n" + LAST + b"\r\n",
    "a hash": target(b"/v2/promotions#x?filter=y"),
    "a method of another case": b"get /v2/promotions HTTP/1.1\r\n" + LAST + b"\r\n",
    "a method of another world": b"BREW /v2/promotions HTTP/1.1\r\n" + LAST + b"\r\n",
    "no host": LIST + b"Authorization: Bearer x\r\nConnection: close\r\n\r\n",
    "two hosts": with_header(b"Host: y"),
    "the same length twice": login_with(b"Content-Length: 2\r\nContent-Length: 2"),
    "a list of lengths": login_with(b"Content-Length: 2, 2"),
    "two codings": login_with(b"Transfer-Encoding: gzip, chunked", b"0\r\n\r\n"),
    "a folded header": with_header(b"X: y\r\n z"),
    "bare line feeds": (LIST + LAST + b"\r\n").replace(b"\r", b""),
    "twenty thousand headers": with_header(b"X: y\r\n" * 20_000 + b"X: y"),
}


@pytest.mark.parametrize("sent", PARSERS_DIFFER.values(), ids=PARSERS_DIFFER)
def test_what_is_on_the_border_is_refused_or_answered(server: MockServer, sent: bytes) -> None:
    answered = statuses(exchange(server, sent))
    assert answered[0] in (200, 400, 404, 405, 431)
    assert answered[1:] in ([], [400])


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (target(b"/v2/promotions/%"), 404),
        (target(b"/v2/promotions/%zz"), 404),
        (target(b"/v2/promotions/%00%0d%0aX:%20y"), 404),
        (target(b"/v2/promotions/%C0%AF%ff"), 404),
        (target(b"//v2/promotions"), 404),
        (target(b"/" + b"a" * 50_000), 404),
        (b"OPTIONS * HTTP/1.1\r\n" + LAST + b"\r\n", 404),
        (b"TRACE /v2/promotions HTTP/1.1\r\n" + LAST + b"\r\n", 405),
        (b"CONNECT /v2/promotions HTTP/1.1\r\n" + LAST + b"\r\n", 405),
        (LIST + b"Host: \xff\r\nAuthorization: Bearer \xff\r\nConnection: close\r\n\r\n", 200),
        (LIST + b"Host: x\r\nAuthorization: \xff\xfe\r\nConnection: close\r\n\r\n", 401),
        (with_header(b"X-EP-Mock-Store: \xe9"), 400),
        (LIST.replace(b"1.1", b"1.0") + HEADERS + b"\r\n", 200),
        (login_with(b"Transfer-Encoding: chunked", b"3;x=y\r\nabc\r\n0\r\nTrailer: x\r\n\r\n"), 400),
        (login_with(b"Transfer-Encoding: chunked", b"400\r\n" + b"a" * 1024 + b"\r\n0\r\n\r\n"), 413),
    ],
    ids=lambda value: repr(value[:40]) if isinstance(value, bytes) else "",
)
def test_what_is_odd_but_a_request_is_answered(server: MockServer, sent: bytes, status: int) -> None:
    received = exchange(server, sent)
    assert statuses(received) == [status]
    document = json.loads(received.partition(b"\r\n\r\n")[2])
    assert ("errors" in document) == (status != 200)


def test_an_answer_to_head_has_no_body(server: MockServer) -> None:
    for path, status in (
        (b"/v2/promotions", 200),
        (b"/__ep_mock/health", 200),
        (b"/v2/nothing", 404),
        (b"/oauth/access_token", 405),
    ):
        head, _, body = exchange(
            server,
            b"HEAD " + path + b" HTTP/1.1\r\n" + LAST.replace(b"Host: x", b"Host: localhost") + b"\r\n",
        ).partition(b"\r\n\r\n")
        assert (statuses(head), body) == ([status], b"")
        assert re.search(rb"\r\ncontent-length: [1-9]", head)


def test_what_a_preflight_wants_to_send_comes_back_as_it_is(server: MockServer) -> None:
    sent = b"OPTIONS /v2/promotions HTTP/1.1\r\nOrigin: a\r\nAccess-Control-Request-Method: GET\r\nAccess-Control-Request-Headers: a\xffb\r\n"
    received = exchange(server, sent + LAST + b"\r\n")
    assert statuses(received) == [204]
    assert b"\r\naccess-control-allow-headers: a\xffb\r\n" in received


def test_a_request_in_the_body_of_another_is_not_carried_out(server: MockServer) -> None:
    body = json.dumps({"data": new_promotion(STANDARD)}).encode()
    hidden = b"POST /v2/promotions HTTP/1.1\r\n" + LAST + b"Content-Length: %d\r\n\r\n" % len(body) + body
    in_one = login_with(b"Content-Length: %d" % len(hidden), hidden)
    in_chunks = CHUNKED + b"%x\r\n" % len(hidden) + hidden + b"\r\n0\r\n\r\n"
    in_get = LIST + LAST + b"Content-Length: %d\r\n\r\n" % len(hidden) + hidden
    assert [statuses(exchange(server, sent)) for sent in (in_one, in_chunks, in_get)] == [[400], [400], [200]]
    assert exchange(server, LIST + LAST + b"\r\n").endswith(b'"results":{"total":0}}}')


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET",
        b"GET /v2/pro",
        LIST,
        LIST + HEADERS,
        login_with(b"Content-Length: 20"),
        CHUNKED,
        CHUNKED + b"5\r\nab",
    ],
    ids=lambda sent: repr(sent[-20:]),
)
@pytest.mark.parametrize("abort", [False, True])
def test_a_client_that_leaves_in_the_middle_gets_nothing(
    server: MockServer, sent: bytes, abort: bool
) -> None:
    if abort:
        with closing(connect(server)) as client:
            client.sendall(sent)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    else:
        assert exchange(server, sent, half_close=True) == b""


def test_requests_that_come_all_at_once_are_answered_in_order(server: MockServer) -> None:
    asked = [
        b"GET /v2/promotions?page[limit]=%d HTTP/1.1\r\n" % limit + HEADERS + b"\r\n"
        for limit in range(1, 21)
    ]
    received = exchange(server, b"".join(asked) + LIST + LAST + b"\r\n")
    assert statuses(received) == [200] * 21
    assert [int(limit) for limit in re.findall(rb'"page":\{"limit":(\d+)', received)] == [*range(1, 21), 25]


@pytest.mark.parametrize(("method", "status"), [(b"GET", 200), (b"POST", 413)])
def test_a_large_body_that_nobody_reads_does_not_stand_in_the_way_of_the_next_request(
    server: MockServer, method: bytes, status: int
) -> None:
    first = (
        method
        + b" /v2/promotions HTTP/1.1\r\n"
        + HEADERS
        + b"Content-Length: 200000\r\n\r\n"
        + b"a" * 200_000
    )
    assert statuses(exchange(server, first + LIST + LAST + b"\r\n")) == [status, 200]


def test_a_client_that_waits_for_leave_to_send_its_body_gets_it_or_a_refusal(server: MockServer) -> None:
    assert statuses(exchange(server, login_with(b"Expect: 100-continue\r\nContent-Length: 2"))) == [100, 400]
    with closing(connect(server)) as client:
        client.sendall(LOGIN + HEADERS + b"Expect: 100-continue\r\nContent-Length: 2000\r\n\r\n")
        assert client.recv(12) == b"HTTP/1.1 413"


def test_an_endless_body_is_refused_as_soon_as_it_is_announced(server: MockServer) -> None:
    with closing(connect(server)) as client:
        client.sendall(LOGIN + HEADERS + b"Content-Length: 9999999999\r\n\r\nab")
        assert client.recv(12) == b"HTTP/1.1 413"


def test_an_offer_of_a_web_socket_is_not_taken_up(server: MockServer) -> None:
    upgrade = b"Connection: Upgrade, close\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13\r\n\r\n"
    assert statuses(exchange(server, LIST + HEADERS + upgrade)) == [200]


def test_a_hundred_connections_that_say_nothing_keep_nobody_out(server: MockServer) -> None:
    idle = [connect(server) for _ in range(100)]
    assert statuses(exchange(server, LIST + LAST + b"\r\n")) == [200]
    for client in idle:
        client.close()


def test_nothing_is_read_behind_a_request_for_a_tunnel(server: MockServer) -> None:
    tunnel = b"CONNECT /v2/promotions HTTP/1.1\r\n" + HEADERS + b"\r\n"
    for behind in (b"", b"\x16\x03\x01", LIST + HEADERS + b"\r\n"):
        assert statuses(exchange(server, tunnel + behind)) == [405]


def test_no_fault_opens_a_tunnel(server: MockServer) -> None:
    tunnel = b"CONNECT /v2/promotions HTTP/1.1\r\n" + HEADERS + b"\r\n"
    server.handle.fault(answer={"status": 200, "text": "open"})
    try:
        assert statuses(exchange(server, tunnel)) == [405]
    finally:
        server.handle.reset()
