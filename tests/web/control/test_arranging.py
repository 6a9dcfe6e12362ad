"""Requests that set up a test, while the test watches those of others."""

from __future__ import annotations

from ep_mock.domain.families import STANDARD
from tests.bodies import code_export, new_promotion
from tests.client import ApiClient, api_client

ARRANGE = {"X-EP-Mock-Arrange": "1"}


def journal(client: ApiClient) -> list[tuple[str, int]]:
    return [(entry.request.method, entry.status or 0) for entry in client.store.traffic.journal.after(0)]


def test_they_meet_no_fault_and_no_limit_and_are_not_in_the_journal() -> None:
    client = api_client(clock="scaled", clock_scale=1e-6, rate_limit=1)
    assert (
        client.post(
            "/__ep_mock/faults", json={"error": "not_found", "times": 0, "match": {"method": "GET"}}
        ).status_code
        == 201
    )
    created = client.post("/v2/promotions", json={"data": new_promotion(STANDARD)}, headers=ARRANGE)
    path = f"/v2/promotions/{created.json()['data']['id']}"
    assert [client.get(path, headers=ARRANGE).status_code for _ in range(3)] == [200, 200, 200]
    assert [client.get(path).status_code for _ in range(2)] == [404, 429]
    assert journal(client) == [("GET", 404), ("GET", 429)]


def test_they_see_what_has_happened_by_now() -> None:
    client = api_client(timings="instant")
    jobs = f"/v2/promotions/{client.created('/v2/promotions', {'data': new_promotion(STANDARD)})['id']}/jobs"
    for _ in range(2):
        # The one before has ended, or this one would be refused.
        created = client.post(jobs, json={"data": code_export()}, headers=ARRANGE)
        assert (created.status_code, created.json()["data"]["status"]) == (201, "pending")
    assert [job["status"] for job in client.get(jobs, headers=ARRANGE).json()["data"]] == [
        "completed",
        "completed",
    ]


def test_they_are_refused_as_any_other() -> None:
    client = api_client()
    assert client.get("/v2/promotions", headers={**ARRANGE, "Authorization": ""}).status_code == 401
    assert client.get("/v2/promotions/none", headers=ARRANGE).status_code == 404
    assert client.get("/v3", headers=ARRANGE).status_code == 404
    assert client.post("/v2/promotions", content=b"{", headers=ARRANGE).status_code == 400
    assert journal(client) == []


def test_without_a_control_plane_the_header_means_nothing() -> None:
    client = api_client(control=False)
    assert client.get("/v2/promotions", headers=ARRANGE).status_code == 200
    assert journal(client) == [("GET", 200)]
