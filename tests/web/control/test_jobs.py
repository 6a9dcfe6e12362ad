from __future__ import annotations

from typing import Any

import pytest

from ep_mock.domain.families import RULE, STANDARD
from tests.bodies import code_export, code_generate
from tests.client import ApiClient, api_client
from tests.web.control.test_clock_and_worker import add_job


def ids(client: ApiClient, query: str = "") -> tuple[list[str], int]:
    """The ids of the listed jobs, and the total number of jobs."""
    answer = client.get(f"/__ep_mock/jobs{query}").json()
    return [job["id"] for job in answer["jobs"]], answer["total"]


def test_all_jobs_of_the_store_are_listed_newest_first_by_any_of_their_traits() -> None:
    client = api_client()
    made, exported = add_job(client, code_generate(1)), add_job(client, code_export(), RULE)
    client.advance(seconds=0.26)
    late = add_job(client, code_generate(1), RULE)
    assert ids(client) == ([late["id"], exported["id"], made["id"]], 3)
    assert ids(client, "?limit=1") == ([late["id"]], 3)
    assert ids(client, "?status=completed") == ([made["id"]], 1)
    assert ids(client, "?status=pending,completed&family=rule") == ([late["id"], exported["id"]], 2)
    assert ids(client, f"?promotion_id={made['promotion_id']}") == ([made["id"]], 1)
    assert ids(client, "?promotion_id=nobody") == ([], 0)


@pytest.mark.parametrize(
    ("query", "source", "detail"),
    [
        (
            "state=pending",
            "state",
            "unknown parameter 'state'; expected some of status, family, promotion_id, limit",
        ),
        (
            "status=done",
            "status",
            "status: expected some of pending, processing, completed, failed, cancelling, cancelled, got 'done'",
        ),
        (
            "status=",
            "status",
            "status: expected some of pending, processing, completed, failed, cancelling, cancelled, got ''",
        ),
        ("family=Rule", "family", "family: expected some of standard, rule, got 'Rule'"),
        ("limit=0", "limit", "limit: expected a whole number from 1 to 1000000000, got '0'"),
        ("limit=%C2%B2", "limit", "limit: expected a whole number from 1 to 1000000000, got '²'"),
    ],
)
def test_a_query_that_makes_no_sense_is_refused(query: str, source: str, detail: str) -> None:
    response = api_client().get(f"/__ep_mock/jobs?{query}")
    expected = {"status": 400, "source": source, "title": "Bad Request", "detail": detail}
    assert (response.status_code, response.json()) == (400, {"errors": [expected]})


def test_a_history_has_each_status_with_time_and_cause() -> None:
    client = api_client()
    job = add_job(client, code_generate(20), name="ten off")
    client.advance(seconds=0.26)
    client.post(f"/v2/promotions/{job['promotion_id']}/jobs/{job['id']}/cancel")
    client.advance(idle=True)
    answer = client.get(f"/__ep_mock/jobs/{job['id']}/history").json()
    assert answer == {
        "job": {
            "id": job["id"],
            "number": 1,
            "promotion_id": job["promotion_id"],
            "family": "standard",
            "job_type": "code_generate",
            "parameters": {"number_of_codes": 20},
            "status": "cancelled",
            "result": {"generated": 10, "deleted": 10},
            "created_at": "2024-12-03T23:31:35.962680423Z",
            "updated_at": "2024-12-03T23:31:36.377680423Z",
        },
        "history": [
            {"at": "2024-12-03T23:31:35.962680423Z", "status": "pending", "cause": "created", "sequence": 3},
            {
                "at": "2024-12-03T23:31:36.062680423Z",
                "status": "processing",
                "cause": "taken up by the worker",
                "sequence": 4,
            },
            {
                "at": "2024-12-03T23:31:36.222680423Z",
                "status": "cancelling",
                "cause": "cancel requested",
                "sequence": 6,
            },
            {
                "at": "2024-12-03T23:31:36.377680423Z",
                "status": "cancelled",
                "cause": "codes deleted",
                "sequence": 7,
            },
        ],
    }


def test_the_history_of_a_job_outlives_its_promotion_but_no_reset() -> None:
    client = api_client()
    job = add_job(client, code_generate(5), RULE)
    client.advance(next=True)
    client.delete(f"/v2/rule-promotions/{job['rule_promotion_id']}")
    statuses: list[Any] = [
        entry["status"] for entry in client.get(f"/__ep_mock/jobs/{job['id']}/history").json()["history"]
    ]
    assert statuses == ["pending", "processing", "cancelled"]
    client.post("/__ep_mock/reset")
    response = client.get(f"/__ep_mock/jobs/{job['id']}/history")
    assert (response.status_code, response.json()["errors"][0]["detail"]) == (404, "job not found")


def test_the_list_of_all_jobs_is_no_poll() -> None:
    client = api_client(clock="poll")
    job = add_job(client, code_generate(5), STANDARD)
    for _ in range(5):
        assert client.get("/__ep_mock/jobs").json()["jobs"][0]["status"] == "pending"
    client.get(f"/v2/promotions/{job['promotion_id']}/jobs")
    assert client.get("/__ep_mock/jobs").json()["jobs"][0]["status"] == "processing"
