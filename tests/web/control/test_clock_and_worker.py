from __future__ import annotations

import json
from typing import Any

import pytest

from ep_mock.domain.families import RULE, STANDARD, Family
from tests.bodies import code_export, code_generate, new_promotion
from tests.client import ApiClient, api_client

SECOND_35 = "2024-12-03T23:31:35.962680423Z"


def add_job(
    client: ApiClient, body: dict[str, Any], family: Family = STANDARD, **fields: Any
) -> dict[str, Any]:
    """A job of a new promotion."""
    promotion = client.created(f"/v2/{family.collection}", {"data": new_promotion(family, **fields)})
    return client.created(f"/v2/{family.collection}/{promotion['id']}/jobs", {"data": body})


def worker(client: ApiClient, verb: str = "") -> Any:
    """The worker, after an optional verb."""
    response = client.post(f"/__ep_mock/worker/{verb}") if verb else client.get("/__ep_mock/worker")
    assert response.status_code == 200, response.text
    return response.json()


def test_the_worker_tells_what_it_does_and_what_waits_for_it() -> None:
    client = api_client()
    assert worker(client) == {"now": SECOND_35, "paused": False, "queue": []}
    first = add_job(client, code_generate(100, code_prefix="summer"))
    second = add_job(client, {**code_export(), "name": "all"}, RULE)
    stamp = {"created_at": SECOND_35, "updated_at": SECOND_35}
    waiting = {
        "id": second["id"],
        "number": 2,
        "promotion_id": second["rule_promotion_id"],
        "family": "rule",
        "job_type": "code_export",
        "name": "all",
        "status": "pending",
        **stamp,
    }
    making = {
        "id": first["id"],
        "number": 1,
        "promotion_id": first["promotion_id"],
        "family": "standard",
        "job_type": "code_generate",
        "parameters": {"number_of_codes": 100, "code_prefix": "summer"},
        "status": "pending",
        **stamp,
    }
    assert worker(client)["queue"] == [
        {"position": 1, "job": making, "due": "2024-12-03T23:31:36.062680423Z"},
        {"position": 2, "job": waiting},
    ]
    client.advance(seconds=0.3)
    assert worker(client) == {
        "now": "2024-12-03T23:31:36.262680423Z",
        "paused": False,
        "current": {
            "job": {**making, "status": "processing", "updated_at": "2024-12-03T23:31:36.062680423Z"},
            "activity": "generate",
            "since": "2024-12-03T23:31:36.062680423Z",
            "due": "2024-12-03T23:31:36.312680423Z",
            "done": 50,
            "of": 100,
        },
        "queue": [{"position": 1, "job": waiting}],
    }
    client.post(f"/v2/promotions/{first['promotion_id']}/jobs/{first['id']}/cancel")
    client.advance(seconds=0.16)
    current = worker(client)["current"]
    assert (current["activity"], current["done"], current["of"], current["job"]["status"]) == (
        "delete",
        20,
        50,
        "cancelling",
    )
    client.advance(next=True)
    client.advance(next=True)
    current = worker(client)["current"]
    assert (current["activity"], current["done"], current["of"], current["job"]["id"]) == (
        "export",
        0,
        0,
        second["id"],
    )


def test_a_job_that_is_going_to_fail_is_said_to_fail() -> None:
    client = api_client(codes_limit=3)
    promotion = client.created("/v2/promotions", {"data": new_promotion(STANDARD)})
    for _ in range(2):
        client.created(f"/v2/promotions/{promotion['id']}/jobs", {"data": code_generate(2)})
        client.advance(next=True)
        activity = worker(client)["current"]["activity"]
        client.advance(idle=True)
    assert activity == "fail"


def test_a_paused_worker_ends_what_it_has_begun_and_takes_up_nothing() -> None:
    client = api_client()
    first, second = add_job(client, code_generate(1)), add_job(client, code_generate(1))
    client.advance(next=True)
    paused = worker(client, "pause")
    assert (paused["paused"], paused["current"]["job"]["id"]) == (True, first["id"])
    assert [entry["status"] for entry in client.advance(seconds=3600)] == ["completed"]
    assert [entry["job"]["id"] for entry in worker(client)["queue"]] == [second["id"]]
    assert client.advance(idle=True) == client.advance(next=True) == []
    # It is long due, so it is picked up before the answer.
    resumed = worker(client, "resume")
    assert (resumed["paused"], resumed["queue"], resumed["current"]["job"]["id"]) == (False, [], second["id"])
    assert worker(client, "resume") == resumed


def test_a_step_lets_one_thing_happen_also_while_paused() -> None:
    client = api_client(timings="fast,pickup=3600s")
    worker(client, "pause")
    job = add_job(client, code_generate(2))
    steps = [worker(client, "step") for _ in range(3)]
    assert [[entry["status"] for entry in step["transitions"]] for step in steps] == [
        ["processing"],
        ["completed"],
        [],
    ]
    now = "2024-12-04T00:31:36.114680423Z"
    assert steps[2] == {"advanced": 0.0, "now": now, "transitions": []}
    assert worker(client) == {"now": now, "paused": True, "queue": []}
    assert [entry["job_id"] for step in steps for entry in step["transitions"]] == [job["id"]] * 2


def test_a_step_moves_time_as_far_as_it_has_to() -> None:
    client = api_client()
    add_job(client, code_generate(1))
    assert [worker(client, "step")["advanced"] for _ in range(3)] == [0.1, 0.151, 0.0]


@pytest.mark.parametrize("how", [{"next": True}, {"idle": True}])
def test_an_event_beyond_the_end_of_all_dates_is_refused_and_not_shown(how: dict[str, Any]) -> None:
    client = api_client(timings="fast,generate_per_code=800000000s")
    add_job(client, code_generate(1000))
    client.advance(next=True)
    assert "due" not in worker(client)["current"]
    response = client.post("/__ep_mock/clock/advance", json=how)
    expected = {
        "status": 400,
        "source": "clock",
        "title": "Bad Request",
        "detail": "expected a time before the year 9892",
    }
    assert (response.status_code, response.json()) == (400, {"errors": [expected]})
    assert client.post("/__ep_mock/worker/step").status_code == 400


@pytest.mark.parametrize(
    ("method", "path", "body", "source"),
    [
        ("PUT", "clock", {"mode": "manual", "speed": 2}, "speed"),
        ("PUT", "clock", {"now": "2024-01-01"}, "now"),
        ("PUT", "clock", {"mode": "poll", "now": "9900-01-01"}, "now"),
        ("POST", "clock/advance", {"to": "9900-01-01"}, "to"),
        ("POST", "clock/advance", {"to": "2024-01-01"}, "to"),
        ("POST", "clock/advance", {"seconds": 1, "next": True}, "(root)"),
        ("POST", "clock/advance", {"seconds": -1}, "seconds"),
    ],
)
def test_time_that_cannot_be_is_refused_and_nothing_has_changed(
    method: str, path: str, body: object, source: str
) -> None:
    client = api_client()
    before = client.get("/__ep_mock/snapshot").content
    response = client.request(method, f"/__ep_mock/{path}", json=body)
    assert (response.status_code, response.json()["errors"][0]["source"]) == (400, source)
    assert client.get("/__ep_mock/snapshot").content == before


def test_advancing_answers_with_the_transitions_of_all_promotions_in_order() -> None:
    client = api_client()
    jobs = [add_job(client, code_generate(1), family) for family in (STANDARD, RULE)]
    answer = client.post("/__ep_mock/clock/advance", json={"idle": True}).json()
    assert (answer["advanced"], answer["now"]) == (0.502, "2024-12-03T23:31:36.464680423Z")
    assert [(entry["job_id"], entry["status"], entry["family"]) for entry in answer["transitions"]] == [
        (job["id"], status, family)
        for job, family in zip(jobs, ("standard", "rule"), strict=True)
        for status in ("processing", "completed")
    ]
    assert json.dumps(answer).count("Z") >= 5


def test_a_job_described_as_older_than_dates_can_say_is_shown_with_the_first_date() -> None:
    client = api_client(timings="fast,generate_per_code=864000000")
    job = {
        "job_type": "code_generate",
        "parameters": {"number_of_codes": 500},
        "status": "processing",
        "generated_so_far": 400,
    }
    fixture = {"ep_mock_fixture": 1, "promotions": [{"family": "rule", "name": "Slow", "jobs": [job]}]}
    assert client.post("/__ep_mock/fixtures", json=fixture).status_code == 200
    task = client.get("/__ep_mock/worker").json()["current"]
    assert task["since"] == "0001-01-01T00:00:00.000000000Z"
