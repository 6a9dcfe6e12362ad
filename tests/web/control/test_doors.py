"""Every way into the control plane, tried with every call."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any

import httpx2
import pytest
from uvicorn.config import HTTP_PROTOCOLS

from ep_mock.domain.families import STANDARD
from ep_mock.mock_server import MockServer
from ep_mock.serving.in_process import call_app
from ep_mock.web.app import Application, create_app
from tests.asgi import Header, request
from tests.bodies import code_export, code_generate, new_promotion
from tests.client import ApiClient, api_client
from tests.web.control.control_calls import ControlCall, control_calls

TOKEN = "hunter2-and-more"
CALLS = control_calls()
LOOPBACK = ("127.0.0.1", 8080)
ELSEWHERE = ("192.0.2.1", 8080)
WITH_TOKEN = (b"x-ep-mock-token", TOKEN.encode())
BEARER = (b"authorization", b"Bearer of-a-test")
EVIL = b"https://evil.test"

every_call = pytest.mark.parametrize("call", CALLS, ids=str)


def status_of(
    app: Application,
    call: ControlCall,
    *headers: Header,
    server: tuple[str, int] = LOOPBACK,
    raw_path: bytes | None = None,
) -> int:
    sent = [(b"host", b"localhost:8080"), (b"x-ep-mock-store", b"new"), *headers]
    # Of a header that is sent twice, the last one counts.
    sent = list(dict(sent).items())
    body = b"" if call.body() is None else json.dumps(call.body()).encode()
    return request(
        app, call.method, raw_path or call.path.encode(), headers=sent, pieces=[body], server=server
    ).status


def no_store_came(app: Application) -> bool:
    return app.stores.names() == ["default"]


@every_call
def test_who_has_the_token_and_comes_from_here_is_let_in(call: ControlCall) -> None:
    app = create_app(clock="manual", control_token=TOKEN)
    for own in (
        (),
        ((b"origin", b"http://localhost:8080"),),
        ((b"sec-fetch-site", b"same-origin"),),
        ((b"sec-fetch-site", b"none"),),
    ):
        assert status_of(app, call, WITH_TOKEN, *own) not in (401, 403)
    assert status_of(app, call, (b"authorization", b"bearer " + TOKEN.encode())) not in (401, 403)


@every_call
def test_no_part_of_the_token_will_do(call: ControlCall) -> None:
    app = create_app(clock="manual", control_token=TOKEN)
    parts = [TOKEN[:length] for length in range(len(TOKEN))]
    others = [TOKEN[1:], TOKEN + "x", TOKEN + TOKEN, TOKEN[:-1] + "x", "x" + TOKEN[1:], TOKEN.upper(), "*"]
    for text in [*parts, *others]:
        for header in ((b"x-ep-mock-token", text.encode()), (b"authorization", b"Bearer " + text.encode())):
            assert status_of(app, call, header) == (401 if call.needs_token else 200), header
    assert status_of(app, call) == (401 if call.needs_token else 200)
    assert no_store_came(app)


@every_call
@pytest.mark.parametrize("server", [LOOPBACK, ELSEWHERE])
def test_no_page_of_elsewhere_gets_in_even_with_the_token(call: ControlCall, server: tuple[str, int]) -> None:
    app = create_app(clock="manual", control_token=TOKEN, public_url="https://mock.test")
    pages: Sequence[Sequence[Header]] = (
        [(b"origin", EVIL)],
        [(b"origin", b"null")],
        [(b"origin", b"http://localhost:3000")],
        [(b"origin", b"http://mock.test")],
        [(b"origin", b"https://mock.test:8443")],
        [(b"origin", b"https://mock.test.evil.test")],
        # A name that was made to point here is its own origin.
        [(b"origin", b"http://evil.test"), (b"host", b"evil.test")],
        [(b"origin", b"http://evil.test:8080"), (b"host", b"evil.test:8080")],
        [(b"origin", b""), (b"host", b"")],
        # Links, images and forms that GET come without an Origin.
        [(b"sec-fetch-site", b"cross-site")],
        [(b"sec-fetch-site", b"cross-site"), (b"sec-fetch-mode", b"navigate")],
        [(b"sec-fetch-site", b"cross-site"), (b"origin", b"http://localhost:8080")],
    )
    for page in pages:
        assert status_of(app, call, WITH_TOKEN, *page, server=server) == 403, page
    assert no_store_came(app)


@every_call
def test_hosts_that_were_named_hold_on_every_address_and_others_on_loopback_only(call: ControlCall) -> None:
    named, free = create_app(clock="manual", allowed_hosts=("mock",)), create_app(clock="manual")
    for host, server, of_named, of_free in (
        (b"evil.test", LOOPBACK, False, False),
        (b"evil.test", ELSEWHERE, False, True),
        (b"mock:8080", ELSEWHERE, True, True),
        (b"mock", LOOPBACK, True, False),
        (b"localhost", ELSEWHERE, True, True),
        (b"192.0.2.1:8080", ELSEWHERE, True, True),
    ):
        for app, passes in ((named, of_named), (free, of_free)):
            assert (status_of(app, call, (b"host", host), server=server) != 403) is passes, (host, server)


@every_call
def test_nothing_is_let_in_where_the_control_plane_is_off(call: ControlCall) -> None:
    app = create_app(
        clock="manual", control=False, control_token=TOKEN, allowed_origins=("https://app.test",)
    )
    for headers in (
        [],
        [WITH_TOKEN],
        [(b"origin", b"https://app.test"), (b"access-control-request-method", b"POST")],
    ):
        assert status_of(app, call, *headers) == 404
    assert no_store_came(app)


ODD_TARGETS = [
    b"*%s",
    b"x%s",
    b"?%s",
    b"#%s",
    b"%%2f%s",
    b"\\%s",
    b"*/%s",
    b"http:%s",
    b"ftp://localhost%s",
    b"localhost%s",
    b"localhost:8080%s",
    b"/%s",
    b"//localhost%s",
    b"/.%s",
    b"/v2/..%s",
    b"/v2/%%2e%%2e%s",
    b"/files%s",
    b"/v2/promotions%s",
    b"/v2/promotions/x/codes/..%s",
    b"http://localhost:8080/%s",
    b"http://localhost:8080//x%s",
    b"http://localhost:8080/*%s",
]


def odd_targets(call: ControlCall) -> list[bytes]:
    """Targets in which a lenient reader would see the call's path."""
    path = call.path.encode()
    encoded = [
        path.replace(b"_", b"%5f"),
        path.replace(b"/", b"%2f"),
        path.replace(b"__ep", b"__%65p"),
        path[1:],
        path.upper(),
    ]
    doubled = [
        path.replace(b"/", b"//"),
        path.replace(b"/__ep_mock", b"/__ep_mock/."),
        path.replace(b"/__ep_mock", b"/__ep_mock/x/.."),
    ]
    return [odd % path for odd in ODD_TARGETS] + encoded + doubled


@every_call
def test_no_odd_way_to_write_a_target_leads_in(call: ControlCall) -> None:
    app = create_app(clock="manual", control_token=TOKEN)
    body = json.dumps(call.body()).encode()
    for method in {call.method, "OPTIONS", "CONNECT"}:
        for target in odd_targets(call):
            reply = asyncio.run(call_app(app, method, target, [(b"host", b"localhost"), BEARER], body))
            assert reply.status in (400, 401, 404, 405), (target, reply)
    for target in (b"http://localhost" + call.path.encode(), b"HTTPS://evil.test:1" + call.path.encode()):
        for headers in ([], [WITH_TOKEN, (b"origin", EVIL)]):
            reply = asyncio.run(call_app(app, call.method, target, [(b"host", b"localhost"), *headers], body))
            assert reply.status == (403 if headers else 401 if call.needs_token else 200), (target, headers)
    assert no_store_came(app)


@pytest.mark.parametrize(
    "target",
    [b"x/v2/promotions", b"*/v2/promotions", b"v2/promotions", b"localhost:80", b"ftp://x/v2/promotions"],
)
def test_a_target_that_is_no_path_is_told_so(target: bytes) -> None:
    app = create_app(clock="manual")
    reply = asyncio.run(call_app(app, "GET", target, [BEARER, (b"origin", APP_ORIGIN.encode())], b""))
    detail = (
        f"the target of a request is a path that begins with a slash, and this one is {target.decode()!r}"
    )
    assert (reply.status, json.loads(reply.body)["errors"][0]["detail"]) == (400, detail)


@pytest.mark.parametrize(
    "target", [b"http://x/v2/promotions?page[limit]=1", b"HTTPS://[::1]:1/v2/promotions"]
)
def test_a_target_in_absolute_form_is_taken(target: bytes) -> None:
    assert asyncio.run(call_app(create_app(clock="manual"), "GET", target, [BEARER], b"")).status == 200


@pytest.fixture(params=["httptools", "h11"], scope="module")
def server(request: pytest.FixtureRequest) -> Iterator[MockServer]:
    with pytest.MonkeyPatch.context() as patched:
        if request.param == "httptools":
            pytest.importorskip("httptools")
        patched.setitem(HTTP_PROTOCOLS, "auto", HTTP_PROTOCOLS[request.param])
        with MockServer(port=0, clock="manual", control_token=TOKEN) as running:
            yield running


def over_a_socket(server: MockServer, method: str, target: bytes, headers: bytes, body: bytes) -> int:
    """The status of the answer, 0 for a connection that was closed without one."""
    with closing(socket.create_connection(("127.0.0.1", server.port), timeout=30)) as client:
        length = b"Content-Length: %d\r\n" % len(body)
        head = (
            method.encode()
            + b" "
            + target
            + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            + length
            + headers
            + b"\r\n"
        )
        received = b""
        try:
            client.sendall(head + body)
            while piece := client.recv(65536):
                received += piece
        except ConnectionError:
            pass
    found = re.match(rb"HTTP/1\.1 (\d{3}) ", received)
    return int(found[1]) if found else 0


def test_neither_do_they_over_a_socket_with_either_parser(server: MockServer) -> None:
    promotion = server.handle.promotions.create()
    bearer = b"Authorization: Bearer x\r\n"
    for call in CALLS:
        body = json.dumps(call.body()).encode()
        for target in odd_targets(call):
            # Of an absolute form httptools leaves the path only, whatever the scheme; it meets the guard.
            refused = (0, 400, 401, 404, 405) if call.needs_token or b"://" not in target else (200, 400, 404)
            assert over_a_socket(server, call.method, target, bearer, body) in refused, (call, target)
        for target in (b"http://localhost" + call.path.encode(), call.path.encode()):
            assert over_a_socket(server, call.method, target, bearer, body) == (
                401 if call.needs_token else 200
            ), (call, target)
            evil = b"X-EP-Mock-Token: " + TOKEN.encode() + b"\r\nOrigin: https://evil.test\r\n"
            assert over_a_socket(server, call.method, target, evil, body) == 403, (call, target)
    for method in ("OPTIONS", "CONNECT", "GET", "POST"):
        for target in (b"*", b"localhost:80", b"__ep_mock/reset"):
            assert over_a_socket(server, method, target, bearer, b"") in (0, 400, 404), (method, target)
    assert server.app.stores.names() == ["default"]
    assert promotion.id in server.app.stores.get_or_create("default").store.state.promotions[STANDARD]


STEERING = [("X-EP-Mock-Plan", '{"fail": "x"}'), ("X-EP-Mock-Arrange", "1")]


def with_promotion(**settings: Any) -> tuple[ApiClient, str]:
    client = api_client(**settings)
    return (
        client,
        f"/v2/promotions/{client.created('/v2/promotions', {'data': new_promotion(STANDARD)})['id']}/jobs",
    )


@pytest.mark.parametrize(("name", "value"), STEERING)
def test_a_header_that_steers_makes_a_request_a_control_call(name: str, value: str) -> None:
    client, jobs = with_promotion(control_token=TOKEN)
    before = len(client.store.traffic.journal.after(0))
    steering, token = {name: value}, {"X-EP-Mock-Token": TOKEN}
    refused: list[tuple[int, dict[str, str]]] = [
        (401, {}),
        # The bearer token is for the API.
        (401, {"Authorization": f"Bearer {TOKEN}"}),
        *((401, {"X-EP-Mock-Token": TOKEN[:length]}) for length in range(len(TOKEN))),
        (403, {**token, "Origin": "https://evil.test"}),
        (403, {**token, "Origin": "http://evil.test", "Host": "evil.test"}),
        (403, {**token, "Sec-Fetch-Site": "cross-site"}),
    ]
    for status, headers in refused:
        for store in ("default", "new"):
            sent = {**steering, **headers, "X-EP-Mock-Store": store}
            assert client.post(jobs, json={"data": code_generate(1)}, headers=sent).status_code == status, (
                headers
            )
    loopback = {**steering, **token, "Host": "evil.test"}
    assert (
        client.post(
            f"http://127.0.0.1:8080{jobs}", json={"data": code_generate(1)}, headers=loopback
        ).status_code
        == 403
    )
    assert client.get(jobs).json()["data"] == []
    assert client.app.stores.names() == ["default"]
    assert len(client.store.traffic.journal.after(0)) == before + 1
    assert (
        client.post(jobs, json={"data": code_generate(1)}, headers={**steering, **token}).status_code == 201
    )


@pytest.mark.parametrize(("name", "value"), STEERING)
def test_without_a_control_plane_a_header_that_steers_means_nothing(name: str, value: str) -> None:
    client, jobs = with_promotion(control=False, control_token=TOKEN, timings="instant")
    for headers in ({}, {"Origin": "https://evil.test"}, {"X-EP-Mock-Token": TOKEN}):
        assert (
            client.post(jobs, json={"data": code_export()}, headers={name: value, **headers}).status_code
            == 201
        )
    assert [job["status"] for job in client.get(jobs).json()["data"]] == ["completed"] * 3
    assert len(client.store.traffic.journal.after(0)) == 5


@pytest.mark.parametrize("control", [True, False])
def test_a_preflight_offers_no_header_that_steers(control: bool) -> None:
    client = api_client(control=control)

    def offered(wanted: str) -> set[str]:
        asked = {
            "Origin": "https://shop.test",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": wanted,
        }
        answer = client.options("/v2/promotions/x/jobs", headers=asked)
        assert answer.status_code == 204
        return {name.strip().lower() for name in answer.headers["access-control-allow-headers"].split(",")}

    usual = {"authorization", "content-type"}
    assert offered("authorization,x-ep-mock-plan,content-type") == usual
    assert offered("X-EP-Mock-Plan, X-EP-Mock-Arrange, X-EP-Mock-Token") == usual
    assert offered("x-ep-mock-arrange ,authorization, x-ep-mock-store") == {
        "authorization",
        "x-ep-mock-store",
    }


APP_ORIGIN = "https://app.test"


@every_call
def test_a_page_of_an_allowed_origin_may_steer_with_the_token(call: ControlCall) -> None:
    app = create_app(
        clock="manual",
        control_token=TOKEN,
        allowed_origins=("http://localhost:3000", "https://App.test:443/"),
    )
    host, origin = (b"host", b"localhost:8080"), (b"origin", APP_ORIGIN.encode())
    asked = [
        host,
        origin,
        (b"access-control-request-method", call.method.encode()),
        (b"access-control-request-headers", b"a, b"),
    ]
    leave = request(app, "OPTIONS", call.path.encode(), headers=asked, server=LOOPBACK)
    found = dict(leave.headers)
    assert (leave.status, leave.body) == (204, b"")
    assert (found[b"access-control-allow-origin"], found[b"vary"]) == (APP_ORIGIN.encode(), b"Origin")
    assert call.method in found[b"access-control-allow-methods"].decode().split(", ")
    assert found[b"access-control-allow-headers"] == b"a, b"
    body = json.dumps(call.body()).encode()
    for headers, refused in (([WITH_TOKEN], False), ([], True)):
        sent = [host, origin, (b"sec-fetch-site", b"cross-site"), *headers]
        answer = request(app, call.method, call.path.encode(), headers=sent, pieces=[body], server=LOOPBACK)
        assert (answer.status == 401) is (refused and call.needs_token)
        assert dict(answer.headers)[b"access-control-allow-origin"] == APP_ORIGIN.encode()
    for page in (
        EVIL,
        b"http://app.test",
        b"https://app.test:444",
        b"http://localhost:3001",
        b"https://app.test.evil.test",
        b"null",
    ):
        for method in (call.method, "OPTIONS"):
            sent = [host, (b"origin", page), WITH_TOKEN, *asked[2:]]
            answer = request(app, method, call.path.encode(), headers=sent, pieces=[body], server=LOOPBACK)
            assert answer.status == 403
            assert not any(name.startswith(b"access-control") for name, _ in answer.headers)


def test_a_preflight_of_the_mocks_own_page_is_no_way_around_the_token() -> None:
    client = api_client(control_token=TOKEN, allowed_origins=(APP_ORIGIN,))
    own = {"Origin": "http://localhost", "Host": "localhost"}
    for headers in (own, {}):
        asked = {**headers, "Access-Control-Request-Method": "POST"}
        assert client.options("/__ep_mock/reset", headers=asked).status_code == 401
        assert (
            client.options("/__ep_mock/reset", headers={**asked, "X-EP-Mock-Token": TOKEN}).status_code == 405
        )


def test_a_page_of_an_allowed_origin_may_send_the_headers_that_steer() -> None:
    client, jobs = with_promotion(allowed_origins=(APP_ORIGIN,))
    asked = {
        "Origin": APP_ORIGIN,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "x-ep-mock-plan",
    }
    assert client.options(jobs, headers=asked).headers["access-control-allow-headers"] == "x-ep-mock-plan"
    sent = {"Origin": APP_ORIGIN, "Sec-Fetch-Site": "cross-site", "X-EP-Mock-Plan": '{"fail": "planned"}'}
    created = client.post(jobs, json={"data": code_export()}, headers=sent)
    assert (created.status_code, created.headers["access-control-allow-origin"]) == (201, "*")
    client.advance(idle=True)
    assert client.get(jobs).json()["data"][0]["status"] == "failed"


def test_any_origin_may_steer_where_the_star_is_allowed() -> None:
    client = api_client(allowed_origins=("*",))
    for origin in (APP_ORIGIN, "null"):
        answer = client.post("http://localhost/__ep_mock/reset", headers={"Origin": origin})
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (204, origin)


@pytest.mark.parametrize(
    ("public_url", "origin"),
    [
        ("https://8080-x.ports.test", "https://8080-x.ports.test"),
        ("https://8080-x.ports.test/", "https://8080-x.PORTS.test"),
        ("https://ports.test:443/mock", "https://ports.test"),
        ("http://ports.test:8000", "http://ports.test:8000"),
    ],
)
@pytest.mark.parametrize("host", ["localhost:8080", "own"])
def test_the_mocks_own_page_may_call_from_its_public_url(public_url: str, origin: str, host: str) -> None:
    client = api_client(public_url=public_url)
    headers = {
        "Origin": origin,
        "Host": httpx2.URL(origin).host if host == "own" else host,
        "Sec-Fetch-Site": "same-origin",
    }
    answer = client.post("http://127.0.0.1:8080/__ep_mock/reset", headers=headers)
    assert answer.status_code == 204
    assert "access-control-allow-origin" not in answer.headers
    assert client.post("/__ep_mock/reset", headers={**headers, "Origin": f"{origin}1"}).status_code == 403


@every_call
def test_a_parameter_that_a_call_does_not_have_is_refused_by_name(call: ControlCall) -> None:
    app = create_app(clock="manual")
    known = call.operation.query_parameters
    for query, name in ((b"limt=1", "limt"), (b"&%6Ca%20ts", "la ts"), (b"page[limit]=1", "page[limit]")):
        answer = request(
            app, call.method, call.path.encode(), query=query, headers=[(b"x-ep-mock-store", b"new")]
        )
        assert answer.status == 400
        if call.method != "HEAD":
            expected = f"expected some of {', '.join(known)}" if known else "this call takes none"
            detail = f"unknown parameter {name!r}; {expected}"
            assert json.loads(answer.body)["errors"] == [
                {"status": 400, "source": name, "title": "Bad Request", "detail": detail}
            ]
    for name in known:
        twice = request(app, call.method, call.path.encode(), query=f"{name}=1&{name}=1".encode())
        assert twice.status == 400
    assert no_store_came(app)


def test_numbers_in_a_query_are_held_to_their_documents() -> None:
    client = api_client()
    client.get("/v2/promotions")
    assert (
        client.get("/__ep_mock/jobs?limit=0").json()["errors"][0]["detail"]
        == "limit: expected a whole number from 1 to 1000000000, got '0'"
    )
    found = client.get("/__ep_mock/requests?last=0").json()
    assert (found["requests"], found["total"]) == ([], 1)
