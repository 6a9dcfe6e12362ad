from __future__ import annotations

from typing import Any

import pytest

from ep_mock.domain.families import STANDARD
from tests.bodies import code_generate, new_promotion
from tests.client import ApiClient, api_client
from tests.web.control.test_clock_and_worker import add_job


def settings(client: ApiClient) -> dict[str, Any]:
    """The settings of the default store."""
    answer: dict[str, Any] = client.get("/__ep_mock/settings").json()
    return answer


def test_what_is_sent_changes_and_the_rest_stays() -> None:
    client = api_client()
    before = settings(client)
    change = {"codes_limit": 2, "author": "ann@example.com", "unique_codes": False, "code_case": "upper"}
    answer = client.patch("/__ep_mock/settings", json=change)
    assert (answer.status_code, answer.json()) == (200, {**before, **change})
    assert settings(client) == answer.json()
    promotion = client.created("/v2/promotions", {"data": new_promotion(STANDARD)})
    assert promotion["created_by"] == "ann@example.com"
    refused = client.post(f"/v2/promotions/{promotion['id']}/jobs", json={"data": code_generate(3)})
    assert refused.json()["errors"][0]["detail"] == "Only 2 promotion codes are allowed per promotion"


def test_a_change_is_of_one_store_and_until_its_reset() -> None:
    client = api_client()
    client.patch("/__ep_mock/settings", json={"codes_limit": 2}, headers={"X-EP-Mock-Store": "other"})
    assert settings(client)["codes_limit"] == 1000
    other = {"X-EP-Mock-Store": "other"}
    assert client.get("/__ep_mock/settings", headers=other).json()["codes_limit"] == 2
    client.post("/__ep_mock/reset", headers=other)
    assert client.get("/__ep_mock/settings", headers=other).json()["codes_limit"] == 1000


def test_another_pace_holds_for_a_job_in_line_and_not_for_the_one_in_hands() -> None:
    client = api_client(timings="documented")
    first, second = add_job(client, code_generate(1)), add_job(client, code_generate(1))
    client.advance(next=True)
    assert client.patch("/__ep_mock/settings", json={"timings": "instant"}).status_code == 200
    transitions = client.advance(idle=True)
    assert [(entry["job_id"], entry["status"], entry["at"]) for entry in transitions] == [
        (first["id"], "completed", "2024-12-03T23:31:37.968380423Z"),
        (second["id"], "processing", "2024-12-03T23:31:37.968380423Z"),
        (second["id"], "completed", "2024-12-03T23:31:37.968380423Z"),
    ]


def test_a_pick_up_that_is_due_sooner_at_the_new_pace_comes_sooner() -> None:
    client = api_client(timings="fast,pickup=3600s")
    job = add_job(client, code_generate(1))
    client.advance(seconds=10)
    client.patch("/__ep_mock/settings", json={"timings": "fast"})
    current = client.get("/__ep_mock/worker").json()["current"]
    assert (current["job"]["id"], current["since"]) == (job["id"], "2024-12-03T23:31:45.962680423Z")


@pytest.mark.parametrize(
    ("change", "source", "detail"),
    [
        ({}, "(root)", "Must have at least 1 properties"),
        ({"codes_limits": 1}, "codes_limits", "Additional property codes_limits is not allowed"),
        ({"port": 1}, "port", "Additional property port is not allowed"),
        ({"codes_limit": "1"}, "codes_limit", "Invalid type. Expected: integer, given: string"),
        ({"codes_limit": 50, "timings": "quick"}, "timings", "'quick' is not a profile ("),
        ({"rate_limit": 5}, "rate_limit", "needs a clock that runs, and this one is manual"),
    ],
)
def test_a_change_that_cannot_be_is_refused_and_nothing_has_changed(
    change: dict[str, Any], source: str, detail: str
) -> None:
    client = api_client()
    before = settings(client)
    response = client.patch("/__ep_mock/settings", json=change)
    (error,) = response.json()["errors"]
    assert (response.status_code, error["source"], error["detail"][: len(detail)]) == (400, source, detail)
    assert settings(client) == before


FIXTURE: dict[str, Any] = {
    "ep_mock_fixture": 1,
    "settings": {"codes_limit": 500},
    "promotions": [
        {"family": "rule", "name": "Summer", "codes": [{"generate": 10}, {"code": "hello"}]},
        {
            "family": "standard",
            "name": "Winter",
            "jobs": [
                {
                    "job_type": "code_generate",
                    "parameters": {"number_of_codes": 100},
                    "status": "processing",
                    "generated_so_far": 40,
                }
            ],
        },
    ],
}


def test_a_fixture_adds_promotions_with_codes_and_jobs_and_settings() -> None:
    client = api_client()
    response = client.post("/__ep_mock/fixtures", json=FIXTURE)
    assert response.status_code == 200, response.text
    winter, summer = response.json()["promotions"]
    (job,) = winter.pop("jobs")
    listed = [client.get(f"/v2/{path}").json()["data"][0]["id"] for path in ("rule-promotions", "promotions")]
    assert [summer, winter] == [
        {"id": listed[0], "family": "rule", "name": "Summer", "codes": 11, "jobs": []},
        {"id": listed[1], "family": "standard", "name": "Winter", "codes": 40},
    ]
    assert settings(client)["codes_limit"] == 500
    current = client.get("/__ep_mock/worker").json()["current"]
    assert (current["job"]["id"], current["done"], current["of"]) == (job, 40, 100)
    assert [(entry["job_id"], entry["status"]) for entry in client.advance(idle=True)] == [(job, "completed")]


@pytest.mark.parametrize(
    ("fixture", "detail"),
    [
        ({"promotions": []}, "ep_mock_fixture is required"),
        ({"ep_mock_fixture": 2}, "ep_mock_fixture does not match: 1"),
        ({**FIXTURE, "promotions": [*FIXTURE["promotions"], {"family": "rule"}]}, "fixture: promotions[2]"),
        ({**FIXTURE, "settings": {"codes_limit": -1}}, "fixture: settings: codes_limit: expected "),
        (
            {**FIXTURE, "settings": {"rate_limit": 5}},
            "fixture: settings: rate_limit: needs a clock that runs",
        ),
    ],
)
def test_a_fixture_that_does_not_fit_is_refused_whole(fixture: dict[str, Any], detail: str) -> None:
    client = api_client()
    before = client.get("/__ep_mock/snapshot").content
    response = client.post("/__ep_mock/fixtures", json=fixture)
    assert (response.status_code, response.json()["errors"][0]["detail"][: len(detail)]) == (400, detail)
    assert client.get("/__ep_mock/snapshot").content == before


def test_a_fixture_cannot_be_added_twice_where_ids_are_given() -> None:
    client = api_client()
    promotion = {"family": "rule", "name": "Summer", "id": "00000000-0000-4000-8000-000000000001"}
    fixture = {"ep_mock_fixture": 1, "promotions": [promotion]}
    assert [client.post("/__ep_mock/fixtures", json=fixture).status_code for _ in range(2)] == [200, 400]
