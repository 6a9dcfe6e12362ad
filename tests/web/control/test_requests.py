"""The journal through the control plane."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import Any

import httpx2
import pytest

from ep_mock import MockServer
from ep_mock.domain.families import STANDARD
from tests.bodies import code_generate, new_promotion
from tests.client import START, ApiClient, api_client


def ask(client: ApiClient, verb: str, **query: Any) -> dict[str, Any]:
    answer = client.post(f"/__ep_mock/requests/{verb}", json=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def numbers(found: dict[str, Any]) -> list[int]:
    return [entry["number"] for entry in found["requests"]]


def used_client() -> ApiClient:
    """A client that has made five requests: served, served, refused, unmatched, unmatched."""
    client = api_client()
    promotion = client.created("/v2/promotions", {"data": new_promotion(STANDARD)})
    client.created(f"/v2/promotions/{promotion['id']}/jobs", {"data": code_generate(7, code_prefix="x")})
    client.post("/v2/rule-promotions", json={"data": {}})
    client.get("/v2/carts?a=1&a=2")
    client.patch("/v2/promotions", json={"data": {"name": "y"}})
    return client


def test_every_request_is_kept_whatever_became_of_it() -> None:
    found = used_client().get("/__ep_mock/requests").json()
    kept = [
        (entry["operation"], entry["family"], entry["status"], entry["outcome"], entry["carried_out"])
        for entry in found["requests"]
    ]
    assert kept == [
        ("create_promotion", "standard", 201, "served", True),
        ("create_job", "standard", 201, "served", True),
        ("create_promotion", "rule", 400, "refused", False),
        (None, None, 404, "unmatched", False),
        (None, None, 405, "unmatched", False),
    ]
    assert found["requests"][4]["body"] == {"data": {"name": "y"}}
    assert {entry["at"] for entry in found["requests"]} == {START}
    assert (found["total"], found["forgotten"]) == (5, 0)


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ({}, [1, 2, 3, 4, 5]),
        ({"last": 2}, [4, 5]),
        ({"last": 0}, []),
        ({"outcome": "unmatched"}, [4, 5]),
        ({"status": 201, "after": 1}, [2]),
        ({"match": {"query": {"a": "2"}}}, [4]),
        (
            {"match": {"operation": "create_job", "body": {"data": {"parameters": {"number_of_codes": 7}}}}},
            [2],
        ),
        ({"match": {"headers": {"Authorization": "*", "cookie": None}}, "last": 1}, [5]),
        ({"match": {"headers": {"authorization": "Bearer *"}}}, []),
    ],
)
def test_requests_are_found_and_counted_by_the_same_question(
    query: dict[str, Any], wanted: list[int]
) -> None:
    client = used_client()
    found = ask(client, "find", **query)
    assert numbers(found) == wanted
    last = query.pop("last", None)
    assert ask(client, "count", **query) == {"count": found["total"], "forgotten": 0}
    assert last is not None or found["total"] == len(wanted)


def test_when_none_is_found_the_nearest_are_shown() -> None:
    found = ask(used_client(), "find", match={"operation": "create_job", "family": "rule"}, status=201)
    near = [(entry["request"]["number"], entry["differences"]) for entry in found["nearest"]]
    assert (found["requests"], near) == (
        [],
        [(2, ["family"]), (3, ["status", "operation"]), (1, ["operation", "family"])],
    )


def test_control_calls_and_preflights_are_not_kept() -> None:
    client = api_client()
    client.get("/__ep_mock/clock")
    client.get("/__ep_mock/nothing")
    client.options(
        "/v2/promotions", headers={"Origin": "http://a.test", "Access-Control-Request-Method": "GET"}
    )
    assert numbers(client.get("/__ep_mock/requests").json()) == []


def test_the_journal_can_be_emptied_and_its_numbers_go_on() -> None:
    client = used_client()
    assert client.delete("/__ep_mock/requests").status_code == 204
    assert client.get("/__ep_mock/requests").json() == {"requests": [], "total": 0, "forgotten": 0}
    client.get("/v2/promotions")
    assert numbers(client.get("/__ep_mock/requests").json()) == [6]


def test_the_journal_is_bounded_and_says_what_it_forgot() -> None:
    client = api_client(journal_entries=3)
    for _ in range(10):
        client.get("/v2/promotions")
    assert numbers(client.get("/__ep_mock/requests?last=2").json()) == [9, 10]
    assert ask(client, "count") == {"count": 3, "forgotten": 7}
    assert ask(api_client(journal_entries=0), "count") == {"count": 0, "forgotten": 0}


def test_stores_have_their_own_journals() -> None:
    client = used_client()
    client.get("/v2/promotions", headers={"X-EP-Mock-Store": "other"})
    other = client.get("/__ep_mock/requests", headers={"X-EP-Mock-Store": "other"}).json()
    assert (numbers(other), len(client.get("/__ep_mock/requests").json()["requests"])) == ([1], 5)


@pytest.mark.parametrize("last", ["x", "-1", "1.5", "²", ""])
def test_a_number_of_requests_is_a_whole_number(last: str) -> None:
    answer = api_client().get("/__ep_mock/requests", params={"last": last})
    assert (answer.status_code, answer.json()["errors"][0]["source"]) == (400, "last")


@pytest.mark.parametrize(
    "body", [{"matches": {}}, {"outcome": "lost"}, {"match": {"path": ""}}, {"after": -1}]
)
def test_a_question_with_a_mistake_is_refused(body: dict[str, Any]) -> None:
    client = api_client()
    assert [
        client.post(f"/__ep_mock/requests/{verb}", json=body).status_code
        for verb in ("find", "count", "wait")
    ] == [400] * 3


def test_a_mistake_under_a_name_that_is_a_number_is_named() -> None:
    answer = api_client().post(
        "/__ep_mock/requests/find", json={"match": {"headers": {"7": 7}, "query": {"0": []}}}
    )
    assert [item["source"] for item in answer.json()["errors"]] == ["match.headers.7", "match.query.0"]


def test_a_wait_for_what_has_come_already_answers_at_once() -> None:
    assert numbers(ask(used_client(), "wait", match={"method": "POST"}, count=3)) == [1, 2, 3]


def test_a_wait_that_did_not_come_true_shows_what_came_and_what_came_near() -> None:
    answer = used_client().post(
        "/__ep_mock/requests/wait",
        json={"match": {"method": "POST"}, "status": 201, "count": 3, "timeout": 0},
    )
    (item,) = answer.json()["errors"]
    assert (answer.status_code, item["title"], item["detail"]) == (
        409,
        "Timed out",
        "after 0 s: waited for 3 matching requests, 2 came",
    )
    assert numbers(item["meta"]) == [1, 2]
    near = [(entry["request"]["number"], entry["differences"]) for entry in item["meta"]["nearest"]]
    assert near == [(3, ["status"]), (5, ["status", "method"]), (4, ["status", "method"])]


def waiting(mock: MockServer, **wanted: Any) -> Future[httpx2.Response]:
    """The answer to a wait of another client, once the server waits."""
    future: Future[httpx2.Response] = Future()

    def wait() -> None:
        with httpx2.Client(base_url=mock.url, trust_env=False, timeout=30) as client:
            future.set_result(client.post("/__ep_mock/requests/wait", json={"timeout": 20, **wanted}))

    slot = mock.app.stores.get_or_create("default")
    before = slot.waiting
    threading.Thread(target=wait).start()
    while slot.waiting == before:
        pass
    return future


def test_a_wait_holds_up_nobody_and_ends_with_the_last_request_it_needs() -> None:
    headers = {"Authorization": "Bearer x"}
    with (
        MockServer(clock="manual") as mock,
        httpx2.Client(base_url=mock.url, headers=headers, trust_env=False) as client,
    ):
        client.get("/v2/promotions")
        waits = [
            waiting(mock, match={"operation": "list_promotions"}, after=1, count=2),
            waiting(mock, status=404),
        ]
        client.get("/v2/promotions")
        client.get("/v2/rule-promotions/x")
        assert numbers(waits[1].result(60).json()) == [3]
        assert not waits[0].done()
        client.get("/v2/promotions")
        assert numbers(waits[0].result(60).json()) == [2, 4]


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/__ep_mock/reset"), ("DELETE", "/__ep_mock/stores/default")]
)
def test_a_wait_ends_with_its_store(method: str, path: str) -> None:
    with MockServer(clock="manual") as mock, httpx2.Client(base_url=mock.url, trust_env=False) as client:
        wait = waiting(mock, match={"method": "POST"})
        assert client.request(method, path).status_code == 204
        answer = wait.result(60)
    (item,) = answer.json()["errors"]
    assert (answer.status_code, item["title"]) == (409, "Store is gone")
    assert (
        item["detail"] == "the store was reset, restored or deleted; waited for 1 matching request, none came"
    )
