"""Each outcome of a plan, as a whole history."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ep_mock.domain.dates import parse_date
from ep_mock.domain.families import FAMILIES, RULE, STANDARD, Family
from tests.bodies import code_export, code_generate, new_promotion
from tests.client import START, ApiClient, api_client

Log = list[tuple[int, str, str]]
BEGIN = parse_date(START)
GIVEN = "00000000-0000-4000-8000-000000000001"


def new(client: ApiClient, family: Family = STANDARD) -> str:
    """The path of a new promotion."""
    promotion = client.created(f"/v2/{family.collection}", {"data": new_promotion(family)})
    return f"/v2/{family.collection}/{promotion['id']}"


def plan(client: ApiClient, **body: object) -> dict[str, Any]:
    """Add a plan."""
    response = client.post("/__ep_mock/plans", json=body)
    assert response.status_code == 201, response.text
    in_force: dict[str, Any] = response.json()
    return in_force


def add_job(client: ApiClient, path: str, body: dict[str, Any], headers: dict[str, str] | None = None) -> str:
    """Create a job; return its id."""
    response = client.post(f"{path}/jobs", json={"data": body}, headers=headers)
    assert response.status_code == 201, response.text
    job_id: str = response.json()["data"]["id"]
    return job_id


def log_of(client: ApiClient, job_id: str) -> Log:
    """The history of a job: milliseconds since the start, status and cause."""
    history = client.get(f"/__ep_mock/jobs/{job_id}/history").json()["history"]
    return [
        ((parse_date(entry["at"]) - BEGIN) // 1_000_000, entry["status"], entry["cause"]) for entry in history
    ]


def codes_of(client: ApiClient, path: str) -> list[str]:
    """The codes of a promotion, oldest first."""
    return [code["code"] for code in client.pages(f"{path}/codes")]


def listed(client: ApiClient, path: str) -> dict[str, Any]:
    """The newest job of a promotion, as the API shows it."""
    job: dict[str, Any] = client.get(f"{path}/jobs").json()["data"][0]
    return job


CREATED = (0, "pending", "created")
TAKEN = (100, "processing", "taken up by the worker")


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_a_job_fails_with_the_error_after_so_many_codes_which_are_gone_again(family: Family) -> None:
    client = api_client()
    path = new(client, family)
    plan(client, fail="out of memory", after_codes=3)
    job = add_job(client, path, code_generate(10))
    client.advance(seconds=0.2525)
    assert len(codes_of(client, path)) == 2
    client.advance(idle=True)
    assert log_of(client, job) == [CREATED, TAKEN, (253, "failed", "out of memory")]
    assert (listed(client, path)["error"], "result" in listed(client, path), codes_of(client, path)) == (
        "out of memory",
        False,
        [],
    )


@pytest.mark.parametrize("body", [code_generate(10), code_export()], ids=["generate", "export"])
def test_a_job_fails_without_having_made_anything(body: dict[str, Any]) -> None:
    client = api_client()
    path = new(client)
    plan(client, fail="no disk")
    job = add_job(client, path, body)
    client.advance(idle=True)
    assert log_of(client, job) == [CREATED, TAKEN, (250, "failed", "no disk")]
    assert client.get(f"{path}/jobs/{job}/file").status_code == 422


def test_a_job_stuck_in_pending_is_passed_by_until_it_is_cancelled() -> None:
    client = api_client()
    stuck_at, path = new(client), new(client)
    plan(client, stuck="pending")
    stuck, behind = add_job(client, stuck_at, code_generate(1)), add_job(client, path, code_generate(1))
    client.advance(idle=True)
    assert log_of(client, behind) == [CREATED, TAKEN, (251, "completed", "done")]
    assert log_of(client, stuck) == [CREATED]
    client.post(f"{stuck_at}/jobs/{stuck}/cancel")
    assert log_of(client, stuck) == [CREATED, (251, "cancelled", "cancelled while pending")]


def test_a_job_stuck_in_processing_keeps_its_codes_and_the_worker_until_it_is_cancelled() -> None:
    client = api_client()
    stuck_at, path = new(client), new(client)
    plan(client, stuck="processing", after_codes=4)
    stuck, behind = add_job(client, stuck_at, code_generate(10)), add_job(client, path, code_generate(1))
    client.advance(seconds=1)
    assert (log_of(client, stuck), log_of(client, behind), len(codes_of(client, stuck_at))) == (
        [CREATED, TAKEN],
        [CREATED],
        4,
    )
    client.post(f"{stuck_at}/jobs/{stuck}/cancel")
    client.advance(idle=True)
    assert log_of(client, stuck)[2:] == [
        (1000, "cancelling", "cancel requested"),
        (1152, "cancelled", "codes deleted"),
    ]
    assert log_of(client, behind)[1:] == [
        (1252, "processing", "taken up by the worker"),
        (1403, "completed", "done"),
    ]
    assert listed(client, stuck_at)["result"] == {"generated": 4, "deleted": 4}


def test_a_job_stuck_in_cancelling_ends_with_its_promotion() -> None:
    client = api_client()
    path = new(client)
    plan(client, stuck="cancelling")
    job = add_job(client, path, code_generate(10))
    client.advance(seconds=0.255)
    client.post(f"{path}/jobs/{job}/cancel")
    client.advance(seconds=3600)
    assert (log_of(client, job)[-1], codes_of(client, path)) == ((255, "cancelling", "cancel requested"), [])
    client.delete(path)
    assert log_of(client, job)[-1] == (3_600_255, "cancelled", "promotion deleted")


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_a_cancellation_that_loses_the_race_leaves_a_completed_job_with_what_was_deleted(
    family: Family,
) -> None:
    client = api_client()
    path = new(client, family)
    plan(client, lose_race=True)
    job = add_job(client, path, code_generate(10))
    client.advance(seconds=0.255)
    assert client.post(f"{path}/jobs/{job}/cancel").json()["data"]["status"] == "cancelling"
    client.advance(idle=True)
    assert log_of(client, job) == [
        CREATED,
        TAKEN,
        (255, "cancelling", "cancel requested"),
        (407, "completed", "the cancellation came too late"),
    ]
    assert (listed(client, path)["result"], codes_of(client, path)) == ({"generated": 5, "deleted": 5}, [])


def test_a_plan_brings_timings_of_its_own_such_as_a_slow_cancellation() -> None:
    client = api_client()
    path, other = new(client), new(client)
    plan(client, timings="instant,pickup=2s,generate_per_code=1s,delete_per_code=10s")
    slow, ordinary = add_job(client, path, code_generate(5)), add_job(client, other, code_generate(5))
    client.advance(seconds=4.5)
    client.post(f"{path}/jobs/{slow}/cancel")
    client.advance(idle=True)
    assert log_of(client, slow) == [
        CREATED,
        (2000, "processing", "taken up by the worker"),
        (4500, "cancelling", "cancel requested"),
        (24_500, "cancelled", "codes deleted"),
    ]
    assert log_of(client, ordinary)[1:] == [
        (24_600, "processing", "taken up by the worker"),
        (24_755, "completed", "done"),
    ]


def test_a_job_gets_the_id_and_the_codes_that_are_given_and_makes_the_rest() -> None:
    client = api_client()
    plain_path, path, third = new(client), new(client), new(client)
    made = add_job(client, plain_path, code_generate(1))
    client.advance(idle=True)
    plan(client, job_id=GIVEN, codes=["Summer-1", "summer 2"])
    job = add_job(client, path, code_generate(4, max_uses_per_code=3))
    client.advance(idle=True)
    codes = codes_of(client, path)
    assert (job, codes[:2], len(set(codes))) == (GIVEN, ["Summer-1", "summer 2"], 4)
    assert client.get(f"{path}/jobs").json()["data"][0]["id"] == GIVEN
    assert [code["max_uses"] for code in client.pages(f"{path}/codes")] == [3, 3, 3, 3]
    # An id is used once; the next job with that plan gets one of its own.
    plan(client, job_id=GIVEN)
    assert add_job(client, third, code_generate(1)) not in (GIVEN, made)


def test_given_codes_that_are_taken_already_are_made_up_for() -> None:
    client = api_client()
    path, other = new(client), new(client)
    client.created(f"{other}/codes", {"data": {"type": "promotion_codes", "codes": [{"code": "taken"}]}})
    plan(client, codes=["taken", "free"])
    add_job(client, path, code_generate(2))
    client.advance(idle=True)
    codes = codes_of(client, path)
    assert (codes[0], len(codes)) == ("free", 2)


def test_a_plan_is_for_matching_jobs_only_and_for_so_many() -> None:
    client = api_client()
    paths = {family.name: new(client, family) for family in FAMILIES}
    conditions: list[dict[str, Any]] = [
        {"family": "rule", "job_type": "code_export", "times": 2},
        {"name": "nightly *"},
        {"promotion_id": paths["standard"].rpartition("/")[2], "job_type": "code_generate"},
    ]
    for number, condition in enumerate(conditions, 1):
        assert plan(client, fail=f"plan {number}", **condition)["id"] == f"plan-{number}"

    def errors(path: str, body: dict[str, Any]) -> str | None:
        add_job(client, path, body)
        client.advance(idle=True)
        error: str | None = listed(client, path).get("error")
        return error

    assert errors(paths["standard"], code_export()) is None
    assert errors(paths["rule"], code_generate(1)) is None
    assert errors(paths["rule"], code_export()) == "plan 1"
    assert errors(paths["rule"], {**code_export(), "name": "nightly export"}) == "plan 1"
    assert errors(paths["rule"], {**code_export(), "name": "nightly export"}) == "plan 2"
    assert errors(paths["rule"], code_export()) is None
    assert [entry["id"] for entry in client.get("/__ep_mock/plans").json()["plans"]] == ["plan-3"]
    assert errors(paths["standard"], code_generate(1)) == "plan 3"
    assert client.get("/__ep_mock/plans").json() == {"plans": []}


def test_plans_are_listed_with_what_is_left_and_withdrawn_one_by_one_or_all() -> None:
    client = api_client()
    first, second, third = (plan(client, stuck="pending", times=times) for times in (1, 2, 3))
    add_job(client, new(client), code_generate(1))
    second_left = {"id": "plan-2", "left": 2, "plan": {"stuck": "pending", "times": 2}}
    assert (first["plan"], second) == ({"stuck": "pending"}, second_left)
    assert client.get("/__ep_mock/plans").json() == {"plans": [second_left, third]}
    answers = [
        client.delete(f"/__ep_mock/plans/{plan_id}").status_code
        for plan_id in ("plan-3", "plan-3", "plan-1", "3", "²")
    ]
    assert answers == [204, 404, 404, 404, 404]
    assert client.get("/__ep_mock/plans").json() == {"plans": [second_left]}
    assert client.delete("/__ep_mock/plans").status_code == 204
    assert client.get("/__ep_mock/plans").json() == {"plans": []}
    assert plan(client, stuck="pending")["id"] == "plan-4"


def test_a_plan_changes_no_id_that_is_made_later() -> None:
    with_plans, without = api_client(), api_client()
    plan(with_plans, times=5, stuck="processing")
    assert [add_job(client, new(client), code_generate(1)) for client in (with_plans, without)] == [
        add_job(fresh, new(fresh), code_generate(1)) for fresh in (api_client(), api_client())
    ]


UNUSABLE: list[tuple[dict[str, Any], str, str]] = [
    ({"fial": "x"}, "fial", "Additional property fial is not allowed"),
    ({"fail": ""}, "fail", "String length must be greater than or equal to 1"),
    (
        {"stuck": "failed"},
        "stuck",
        'stuck must be one of the following: "cancelling", "pending", "processing"',
    ),
    ({"fail": "x", "after_codes": -1}, "after_codes", "Must be greater than or equal to 0"),
    ({"fail": "x", "stuck": "pending"}, "stuck", "a job that is stuck in pending cannot fail as well"),
    (
        {"stuck": "pending", "after_codes": 1},
        "after_codes",
        "is only valid with fail or with stuck: processing",
    ),
    ({"codes": ["a", "a"]}, "codes", "each code can be given once"),
    ({}, "plan", "has no effect; set one of timings, fail, stuck, lose_race, job_id, codes"),
    ({"timings": "quick"}, "timings", "'quick' is not a profile (instant, fast, documented) or a step ("),
]


@pytest.mark.parametrize(("body", "source", "detail"), UNUSABLE)
def test_a_plan_that_cannot_be_used_is_refused(body: dict[str, Any], source: str, detail: str) -> None:
    client = api_client()
    response = client.post("/__ep_mock/plans", json=body)
    (error,) = response.json()["errors"]
    assert (response.status_code, error["source"], error["detail"][: len(detail)]) == (400, source, detail)
    assert client.get("/__ep_mock/plans").json() == {"plans": []}


@pytest.mark.parametrize(("body", "source", "detail"), UNUSABLE)
def test_a_plan_in_a_header_that_cannot_be_used_is_refused_and_there_is_no_job(
    body: dict[str, Any], source: str, detail: str
) -> None:
    client = api_client()
    path = new(client)
    response = client.post(
        f"{path}/jobs", json={"data": code_generate(1)}, headers={"X-EP-Mock-Plan": json.dumps(body)}
    )
    (error,) = response.json()["errors"]
    assert (response.status_code, error["source"], error["detail"].startswith(f"{source}: {detail}")) == (
        400,
        "X-EP-Mock-Plan",
        True,
    )
    assert client.get(f"{path}/jobs").json()["data"] == []


@pytest.mark.parametrize(
    ("header", "detail"),
    [
        ("", "The plan is empty: expected a JSON object"),
        ("{", "The plan is not JSON: it ends too early at byte 1 (line 1, column 2); expected a JSON object"),
        ("[]", "(root): Invalid type. Expected: object, given: array"),
        (
            '{"fail": "x", "times": 2}',
            "times: a plan in a header is for the job that comes with it; leave this out",
        ),
    ],
)
def test_a_header_that_holds_no_plan_for_one_job_is_refused(header: str, detail: str) -> None:
    client = api_client()
    response = client.post(
        f"{new(client)}/jobs", json={"data": code_generate(1)}, headers={"X-EP-Mock-Plan": header}
    )
    (error,) = response.json()["errors"]
    assert (response.status_code, error["source"], error["detail"]) == (400, "X-EP-Mock-Plan", detail)


def test_a_plan_in_a_header_is_for_that_job_alone_and_leaves_the_plans_in_force() -> None:
    client = api_client()
    path = new(client, RULE)
    plan(client, fail="from the list")
    first = add_job(client, path, code_generate(1), {"X-EP-Mock-Plan": '{"fail": "from the header"}'})
    client.advance(idle=True)
    second = add_job(client, path, code_generate(1))
    client.advance(idle=True)
    assert [log_of(client, job)[-1][2] for job in (first, second)] == ["from the header", "from the list"]
    record = client.get(f"/__ep_mock/jobs/{first}/history").json()["job"]
    assert record["plan"] == {"fail": "from the header"}


def test_without_a_control_plane_the_header_means_nothing() -> None:
    client = api_client(control=False, timings="instant")
    path = new(client)
    add_job(client, path, code_generate(1), {"X-EP-Mock-Plan": '{"fail": "x"}'})
    assert listed(client, path)["status"] == "completed"


def test_the_published_reasons_to_refuse_a_job_come_before_those_of_a_plan_and_use_none_up() -> None:
    client = api_client()
    path = new(client)
    plan(client, stuck="pending")
    too_many = client.post(f"{path}/jobs", json={"data": code_generate(1001)})
    unusable = client.post(f"{path}/jobs", json={"data": code_generate(0)}, headers={"X-EP-Mock-Plan": "{"})
    assert [response.json()["errors"][0].get("source") for response in (too_many, unusable)] == [
        "data.parameters.number_of_codes",
        "data.parameters.number_of_codes",
    ]
    assert client.get("/__ep_mock/plans").json()["plans"][0]["left"] == 1


def test_a_name_means_itself_and_a_star_any_text() -> None:
    client = api_client()
    path = new(client)
    for name in ("nightly [EU]", "nightly?", "a*[!b]"):
        plan(client, name=name, fail=name)
    for name in ("nightly E", "nightly1", "abc", "axyz[!b]", "nightly?", "nightly [EU]"):
        add_job(client, path, {**code_generate(1), "name": name})
        client.advance(idle=True)
    errors = {job["name"]: job.get("error") for job in client.pages(f"{path}/jobs")}
    assert {name: error for name, error in errors.items() if error} == {
        "nightly [EU]": "nightly [EU]",
        "nightly?": "nightly?",
        "axyz[!b]": "a*[!b]",
    }
