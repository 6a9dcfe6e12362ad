"""When a store comes into being: with the first request to it that is not refused."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal

import pytest

from ep_mock.domain.families import STANDARD
from ep_mock.web.app import Application, create_app
from ep_mock.web.stores import MOST_STORES
from tests.asgi import Header, RawAnswer, request
from tests.bodies import new_promotion
from tests.client import api_client
from tests.web.control.control_calls import ControlCall, control_calls

BEARER = (b"authorization", b"Bearer x")
FORM = b"grant_type=client_credentials&client_id=%s&client_secret=%s"
ID = "00000000-0000-4000-8000-000000000001"
WAITS = ("wait_for_job", "wait_for_requests")


def ask(
    app: Application, store: str, method: str, path: str, *headers: Header, body: bytes = b""
) -> RawAnswer:
    return request(
        app, method, path.encode(), headers=[(b"x-ep-mock-store", store.encode()), *headers], pieces=[body]
    )


def in_another_thread(call: Callable[[], RawAnswer]) -> RawAnswer:
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(call).result()


def names(app: Application) -> list[str]:
    return app.stores.names()


REFUSED: dict[str, tuple[int, str, str, list[Header], bytes]] = {
    "no token": (401, "GET", "/v2/promotions", [], b""),
    "no token for what is not there": (401, "GET", "/v2/promotions/x", [], b""),
    "another scheme": (401, "GET", "/v2/promotions", [(b"authorization", b"Basic x")], b""),
    "an unknown path": (404, "GET", "/v3", [BEARER], b""),
    "a wrong method": (405, "PATCH", "/v2/promotions", [BEARER], b"{}"),
    "an unknown promotion": (404, "GET", "/v2/promotions/x", [BEARER], b""),
    "the jobs of one": (404, "POST", "/v2/rule-promotions/x/jobs", [BEARER], b"{}"),
    "a body that is too large": (413, "POST", "/v2/promotions", [BEARER], b"x" * 2000),
    "a compressed body": (415, "POST", "/v2/promotions", [BEARER, (b"content-encoding", b"gzip")], b"x"),
    "a body that is none": (400, "POST", "/v2/promotions", [BEARER], b"{"),
    "a login without a grant": (400, "POST", "/oauth/access_token", [], b"client_id=x"),
    "a file": (404, "GET", "/files/new/x/y.csv", [], b""),
    "an unknown promotion, arranging": (
        404,
        "GET",
        "/v2/promotions/x",
        [BEARER, (b"x-ep-mock-arrange", b"1")],
        b"",
    ),
}


@pytest.mark.parametrize(("status", "method", "path", "headers", "body"), REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("settings", [{}, {"control": False}, {"rate_limit": 1, "clock": "real"}], ids=repr)
def test_a_refused_request_makes_no_store(
    settings: dict[str, Any], status: int, method: str, path: str, headers: list[Header], body: bytes
) -> None:
    app = create_app(**{"clock": "manual", "max_body_bytes": 1000, **settings})
    for number in range(3):
        assert ask(app, f"s{number}", method, path, *headers, body=body).status == status
    assert names(app) == ["default"]


@pytest.mark.parametrize("control", [True, False])
@pytest.mark.parametrize("stores", ["header", "client-id"])
def test_with_strict_auth_a_wrong_token_and_a_wrong_client_make_none_either(
    control: bool, stores: Literal["header", "client-id"]
) -> None:
    app = create_app(
        clock="manual", auth="strict", client_id="me", client_secret="hunter2", control=control, stores=stores
    )
    elsewhere = create_app(clock="manual", auth="strict", seed="another")
    foreign = json.loads(
        ask(elsewhere, "new", "POST", "/oauth/access_token", body=FORM % (b"me", b"hunter2")).body
    )["access_token"]
    for token in ("x", foreign, foreign[:-1], "é"):
        assert (
            ask(app, "new", "GET", "/v2/promotions", (b"authorization", b"Bearer " + token.encode())).status
            == 401
        )
    for client, secret in (
        (b"you", b"hunter2"),
        (b"me", b"hunter"),
        (b"me", b"hunter22"),
        (b"me", "é".encode()),
    ):
        assert ask(app, "new", "POST", "/oauth/access_token", body=FORM % (client, secret)).status == 401
        assert (
            request(app, "POST", b"/oauth/access_token", headers=[], pieces=[FORM % (client, secret)]).status
            == 401
        )
    assert names(app) == ["default"]
    issued = json.loads(ask(app, "new", "POST", "/oauth/access_token", body=FORM % (b"me", b"hunter2")).body)[
        "access_token"
    ]
    assert names(app) == ["default", "new"]
    bearer = (b"authorization", b"Bearer " + issued.encode())
    assert ask(app, "new", "GET", "/v2/promotions", bearer).status == 200
    # A token is for its own store.
    assert ask(app, "other", "GET", "/v2/promotions", bearer).status == 401
    assert names(app) == ["default", "new"]


@pytest.mark.parametrize("call", control_calls(), ids=str)
def test_a_refused_control_call_makes_none_and_another_one_does(call: ControlCall) -> None:
    app = create_app(clock="manual")
    if call.operation.operation_id in WAITS:
        # They would wait, or find that waiting is in vain.
        bodies = [b'{"job_id": "x"}', b'{"timeout": 0}', b"["]
    else:
        bodies = [b"" if call.body() is None else json.dumps(call.body()).encode(), b"[" * bool(call.body())]
    for number, body in enumerate(bodies):
        answer = ask(app, f"s{number}", call.method, call.path, body=body)
        about_a_store = call.operation.operation_id not in (
            "get_health",
            "list_stores",
            "get_documents",
            "get_docs",
        )
        expected = [f"s{number}"] if answer.status < 400 and about_a_store else []
        assert [name for name in names(app) if name == f"s{number}"] == expected, answer
        assert answer.status != 409 or call.operation.operation_id in WAITS


def test_any_number_of_refused_requests_leaves_room_for_all_stores() -> None:
    client = api_client(auth="strict")
    for number in range(MOST_STORES + 1):
        refused = {"X-EP-Mock-Store": f"s{number}"}
        assert client.get("/v2/promotions", headers=refused).status_code == 401
        assert client.get("/nothing", headers=refused).status_code == 404
    assert client.post("/__ep_mock/reset", headers={"X-EP-Mock-Store": "mine"}).status_code == 204
    assert client.app.stores.names() == ["default", "mine"]


def test_the_first_request_is_carried_out_once_and_stands_in_the_journal() -> None:
    client = api_client(rate_limit=1, clock="scaled", clock_scale=1e-6)
    headers = {"X-EP-Mock-Store": "new"}
    assert (
        client.post("/v2/promotions", json={"data": new_promotion(STANDARD)}, headers=headers).status_code
        == 201
    )
    assert client.get("/v2/promotions", headers=headers).status_code == 429
    found = client.get("/__ep_mock/requests", headers=headers).json()["requests"]
    assert [(entry["number"], entry["method"], entry["status"]) for entry in found] == [
        (1, "POST", 201),
        (2, "GET", 429),
    ]
    (store,) = [each for each in client.get("/__ep_mock/stores").json()["stores"] if each["name"] == "new"]
    assert store["promotions"] == 1


def test_a_reset_or_a_snapshot_may_be_the_first_call_of_a_store() -> None:
    client = api_client()
    saved = client.get("/__ep_mock/snapshot").json()
    assert client.put("/__ep_mock/snapshot", json=saved, headers={"X-EP-Mock-Store": "a"}).status_code == 200
    assert (
        client.post("/__ep_mock/reset", json={"codes_limit": 7}, headers={"X-EP-Mock-Store": "b"}).status_code
        == 204
    )
    assert client.get("/__ep_mock/settings", headers={"X-EP-Mock-Store": "b"}).json()["codes_limit"] == 7
    assert client.app.stores.names() == ["a", "b", "default"]


def test_of_two_threads_that_make_the_same_store_both_find_the_one() -> None:
    app = create_app(clock="manual")
    drafted, kept = threading.Event(), threading.Event()
    made: list[object] = []

    def slow() -> None:
        with app.stores.draft("new", app.stores.replacements) as draft:
            assert app.stores.find("new") is draft is app.stores.get_or_create("new")
            drafted.set()
            kept.wait(30)
            made.append(app.stores.publish_draft())

    thread = threading.Thread(target=slow)
    thread.start()
    assert drafted.wait(30)
    # Nobody else sees what is not kept.
    assert app.stores.find("new") is None
    body = json.dumps({"data": new_promotion(STANDARD)}).encode()
    assert ask(app, "new", "POST", "/v2/promotions", BEARER, body=body).status == 201
    kept.set()
    thread.join()
    assert made == [None]
    assert json.loads(ask(app, "new", "GET", "/v2/promotions", BEARER).body)["meta"]["results"]["total"] == 1


@pytest.mark.parametrize(
    ("path", "body"),
    [("/v2/promotions", {"data": new_promotion(STANDARD)}), ("/__ep_mock/plans", {"fail": "x"})],
)
def test_a_request_that_came_second_is_carried_out_in_the_store_that_came_first(
    path: str, body: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = create_app(clock="manual")
    keep = app.stores.publish_draft

    def too_late() -> object:
        monkeypatch.undo()
        first = json.dumps({"data": new_promotion(STANDARD)}).encode()
        assert (
            in_another_thread(lambda: ask(app, "new", "POST", "/v2/promotions", BEARER, body=first)).status
            == 201
        )
        return keep()

    monkeypatch.setattr(app.stores, "publish_draft", too_late)
    assert ask(app, "new", "POST", path, BEARER, body=json.dumps(body).encode()).status == 201
    content = app.stores.get_or_create("new").store.state
    assert (len(content.promotions[STANDARD]), len(content.plans)) == (
        (2, 0) if path.startswith("/v2") else (1, 1)
    )


def test_a_request_without_a_token_does_not_even_fill_a_store(monkeypatch: pytest.MonkeyPatch) -> None:
    app = create_app(clock="manual", auth="strict")

    def never(*_: object) -> None:
        raise AssertionError("a store is filled for a request that is refused anyway")

    monkeypatch.setattr(app.stores, "draft", never)
    for headers, path, status in (
        ([], "/v2/promotions", 401),
        ([BEARER], "/v2/promotions/x/jobs", 401),
        ([BEARER], "/nothing", 404),
    ):
        assert ask(app, "new", "GET", path, *headers).status == status


def test_the_first_request_finds_what_has_happened_in_its_store_by_now(tmp_path: Path) -> None:
    job = {"job_type": "code_export", "status": "pending"}
    fixture = {
        "ep_mock_fixture": 1,
        "promotions": [{"family": "standard", "name": "Filled", "id": ID, "jobs": [job]}],
    }
    path = tmp_path / "fixture.json"
    path.write_text(json.dumps(fixture))
    app = create_app(clock="manual", timings="instant", fixtures=(str(path),))
    for headers in ([BEARER], [BEARER, (b"x-ep-mock-arrange", b"1")]):
        answer = ask(app, f"s{len(headers)}", "GET", f"/v2/promotions/{ID}/jobs", *headers)
        assert [job["status"] for job in json.loads(answer.body)["data"]] == ["completed"]
