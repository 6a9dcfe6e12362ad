"""Faults through the control plane, in process."""

from __future__ import annotations

from typing import Any

import pytest

from ep_mock.contract.documents import load_document
from ep_mock.domain.families import FAMILIES, STANDARD
from tests.bodies import code_generate, new_promotion
from tests.client import ApiClient, api_client


def set_fault(client: ApiClient, **fault: Any) -> dict[str, Any]:
    answer = client.post("/__ep_mock/faults", json=fault)
    assert answer.status_code == 201, answer.text
    document: dict[str, Any] = answer.json()
    return document


def test_a_fault_is_shown_as_it_was_set_with_what_became_of_it() -> None:
    client = api_client()
    fault = {
        "match": {"method": "GET", "path": "/v2/*", "headers": {"x": None}, "body": None},
        "times": 2,
        "skip": 1,
        "probability": 0.999999,
        "when": "after",
        "delay": {"least": 0.0, "most": 0.0},
        "answer": {"status": 299, "body": None},
    }
    shown = {"id": "fault-1", "hits": 0, "strikes": 0, "spent": False, "fault": fault}
    assert set_fault(client, **fault) == shown
    assert set_fault(client, match={"body": None}, error="internal")["fault"] == {
        "match": {"body": None},
        "error": "internal",
    }
    assert client.delete("/__ep_mock/faults/fault-2").status_code == 204
    client.get("/v2/promotions")
    assert client.get("/__ep_mock/faults").json() == {"faults": [shown]}


@pytest.mark.parametrize(
    ("body", "item"),
    [
        (
            {},
            {
                "status": 400,
                "title": "Bad Request",
                "source": "fault",
                "detail": "has no effect; set one of error, answer, connection, delay",
            },
        ),
        ({"eror": "internal"}, {"source": "eror", "title": "additional_property_not_allowed"}),
        (
            {"match": {"operation": "make_job"}, "error": "internal"},
            {"source": "match.operation", "title": "enum"},
        ),
        ({"error": "gone"}, {"source": "error", "title": "enum"}),
        ({"delay": {"least": 1}}, {"source": "most", "title": "required"}),
        ({"delay": 601}, {"source": "delay", "title": "number_lte"}),
        ({"answer": {"status": 100}}, {"source": "answer.status", "title": "number_gte"}),
        ({"error": "internal", "connection": "reset"}, {"source": "connection"}),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused_with_its_place(
    body: dict[str, Any], item: dict[str, Any]
) -> None:
    client = api_client()
    answer = client.post("/__ep_mock/faults", json=body)
    assert answer.status_code == 400
    assert item.items() <= answer.json()["errors"][0].items()
    assert client.get("/__ep_mock/faults").json() == {"faults": []}


def test_an_unknown_fault_cannot_be_lifted() -> None:
    answer = api_client().delete("/__ep_mock/faults/fault-7")
    assert (answer.status_code, answer.json()["errors"][0]["detail"]) == (404, "there is no fault 'fault-7'")


def test_every_operation_can_be_matched() -> None:
    matcher = load_document("control").resolve("#/components/schemas/RequestMatcher")
    served = {
        operation.operation_id for family in FAMILIES for operation in load_document(family.name).operations
    }
    assert matcher["properties"]["operation"]["enum"] == sorted(served | {"get_file"})


@pytest.mark.parametrize("when", ["before", "after"])
def test_what_retries_must_survive(when: str) -> None:
    client = api_client()
    jobs = f"/v2/promotions/{client.created('/v2/promotions', {'data': new_promotion(STANDARD)})['id']}/jobs"
    set_fault(client, match={"operation": "create_job"}, when=when, error="unavailable", retry_after=2)
    first = client.post(jobs, json={"data": code_generate(5)})
    again = client.post(jobs, json={"data": code_generate(5)})
    assert (first.status_code, first.headers["retry-after"]) == (503, "2")
    assert again.status_code == (201 if when == "before" else 400)
    assert client.get(jobs).json()["meta"]["results"]["total"] == 1


def test_a_request_that_would_be_refused_is_struck_all_the_same() -> None:
    client = api_client(auth="strict")
    set_fault(client, times=0, when="after", error="unavailable")
    for method, path in (("GET", "/v2/promotions"), ("GET", "/v2/nothing"), ("PATCH", "/v2/promotions")):
        assert client.request(method, path).status_code == 503
    entries = client.get("/__ep_mock/requests").json()["requests"]
    assert [(entry["outcome"], entry["carried_out"], entry["status"]) for entry in entries] == [
        ("faulted", False, 503)
    ] * 3


def test_stores_have_their_own_faults() -> None:
    client = api_client()
    set_fault(client, times=0, error="unavailable")
    assert client.get("/v2/promotions", headers={"X-EP-Mock-Store": "other"}).status_code == 200
    assert client.get("/v2/promotions").status_code == 503


def test_a_browser_that_asks_first_is_not_struck() -> None:
    client = api_client()
    set_fault(client, error="unavailable")
    asking = {"Origin": "http://app.test", "Access-Control-Request-Method": "POST"}
    assert client.options("/v2/promotions", headers=asking).status_code == 204
    answer = client.get("/v2/promotions", headers={"Origin": "http://app.test"})
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (503, "*")


@pytest.mark.parametrize(
    ("connection", "broken"),
    [
        ("reset", ConnectionResetError),
        ("empty", ConnectionAbortedError),
        ("truncated", ConnectionAbortedError),
        ("garbage", ConnectionAbortedError),
    ],
)
def test_in_process_a_broken_connection_is_an_exception(connection: str, broken: type[OSError]) -> None:
    client = api_client()
    set_fault(client, connection=connection)
    with pytest.raises(broken, match=f"^{connection} connection, by fault-1$"):
        client.get("/v2/promotions")
    assert client.get("/v2/promotions").status_code == 200
