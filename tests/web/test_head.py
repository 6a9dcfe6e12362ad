"""HEAD wherever GET is: the same answer without its body."""

from __future__ import annotations

import re

import pytest

from ep_mock.domain.families import STANDARD
from tests.answers import documents
from tests.asgi import Header, RawAnswer, request
from tests.bodies import code_export, new_promotion
from tests.client import ApiClient, api_client

BEARER = (b"authorization", b"Bearer x")
GETS = [
    operation for document in documents() for operation in document.operations if operation.method == "GET"
]
MOVING = re.compile(rb'"uptime_seconds":[0-9.]+')


def exported(client: ApiClient) -> tuple[str, str]:
    """Where the jobs of a promotion are, and the target of the file of its one export."""
    jobs = f"/v2/promotions/{client.created('/v2/promotions', {'data': new_promotion(STANDARD)})['id']}/jobs"
    job = client.created(jobs, {"data": code_export()})["id"]
    client.advance(idle=True)
    href: str = client.get(f"{jobs}/{job}/file").json()["href"]
    return jobs, href.removeprefix("http://ep-mock.test")


def both(client: ApiClient, target: str) -> tuple[RawAnswer, RawAnswer]:
    path, _, query = target.encode().partition(b"?")
    got, head = (
        request(client.app, method, path, query=query, headers=[BEARER]) for method in ("GET", "HEAD")
    )
    return got, head


def without_length(headers: list[Header]) -> list[Header]:
    return sorted(header for header in headers if header[0] != b"content-length")


@pytest.mark.parametrize(
    "operation", GETS, ids=lambda operation: f"{operation.document.name}-{operation.operation_id}"
)
def test_a_head_has_the_status_and_the_headers_of_the_get(operation: object) -> None:
    path = re.sub(r"\{\w+\}", "x", operation.path)  # type: ignore[attr-defined]
    got, head = both(api_client(), path)
    assert (head.status, head.body) == (got.status, b"")
    assert without_length(head.headers) == without_length(got.headers)
    if not MOVING.search(got.body):
        assert (
            dict(head.headers)[b"content-length"]
            == dict(got.headers)[b"content-length"]
            == str(len(got.body)).encode()
        )


def test_so_has_that_of_a_file_and_of_what_is_found() -> None:
    client = api_client()
    jobs, file = exported(client)
    for target in (
        file,
        file.replace("Signature=", "Signature=x"),
        jobs,
        "/v2/promotions?page[limit]=1",
        "/nothing",
    ):
        got, head = both(client, target)
        assert (head.status, head.body, sorted(head.headers)) == (got.status, b"", sorted(got.headers))


def test_the_journal_says_head_and_a_fault_for_get_does_not_strike_it() -> None:
    client = api_client()
    for method, error in (("GET", "not_found"), ("HEAD", "unavailable")):
        client.post(
            "/__ep_mock/faults",
            json={"match": {"method": method, "operation": "list_promotions"}, "error": error, "times": 0},
        )
    assert (client.get("/v2/promotions").status_code, client.head("/v2/promotions").status_code) == (404, 503)
    found = client.get("/__ep_mock/requests").json()["requests"]
    assert [(entry["method"], entry["operation"], entry["status"]) for entry in found] == [
        ("GET", "list_promotions", 404),
        ("HEAD", "list_promotions", 503),
    ]


@pytest.mark.parametrize(
    "fault", [{"answer": {"status": 200, "text": "hello"}}, {"error": "rate_limited", "retry_after": 3}]
)
def test_an_answer_that_a_fault_makes_has_no_body_either(fault: dict[str, object]) -> None:
    client = api_client()
    client.post("/__ep_mock/faults", json={**fault, "times": 0})
    got, head = both(client, "/v2/promotions")
    assert (head.status, head.body, sorted(head.headers)) == (got.status, b"", sorted(got.headers))


def test_a_head_of_the_jobs_is_a_poll_as_the_get_is() -> None:
    client = api_client(clock="poll")
    jobs = f"/v2/promotions/{client.created('/v2/promotions', {'data': new_promotion(STANDARD)})['id']}/jobs"
    client.created(jobs, {"data": code_export()})
    assert [client.head(jobs).status_code for _ in range(2)] == [200, 200]
    assert client.get(jobs).json()["data"][0]["status"] == "completed"
    manual = api_client(stuck_polls=2)
    jobs = f"/v2/promotions/{manual.created('/v2/promotions', {'data': new_promotion(STANDARD)})['id']}/jobs"
    manual.created(jobs, {"data": code_export()})
    assert [manual.head(jobs).status_code for _ in range(3)] == [200, 200, 503]
