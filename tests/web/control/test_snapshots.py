from __future__ import annotations

import copy
import re
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ep_mock.clock import CLOCK_MODES, ClockMode
from ep_mock.domain.families import FAMILIES, RULE, STANDARD
from tests.bodies import code_generate, new_promotion
from tests.client import ApiClient, api_client
from tests.mutations import edits
from tests.seeded import seeded_app
from tests.web.control.hostile import try_snapshot
from tests.web.control.rich_snapshots import rich_snapshot
from tests.web.control.test_clock_and_worker import add_job

SEEDED: dict[str, Any] = ApiClient(seeded_app()).get("/__ep_mock/snapshot").json()
EDITS: Final = {mode: edits(rich_snapshot(mode)) for mode in CLOCK_MODES}


def restored(snapshot: object, **settings: Any) -> ApiClient:
    """A new server, with another seed, that continues from the snapshot."""
    client = api_client(**{"seed": "another", "clock": "real", "clock_start": "", **settings})
    response = client.put("/__ep_mock/snapshot", json=snapshot)
    assert response.status_code == 200, response.text
    return client


def everything(client: ApiClient) -> list[Any]:
    """All lists of both families."""
    answers = []
    for family in FAMILIES:
        for promotion in client.pages(f"/v2/{family.collection}"):
            path = f"/v2/{family.collection}/{promotion['id']}"
            answers += [
                promotion,
                *(list(client.pages(f"{path}/{kind}")) for kind in ("jobs", "codes", "usages")),
            ]
    return answers


def test_a_restored_store_is_the_saved_one_and_goes_on_as_it_would_have() -> None:
    saved, other = ApiClient(seeded_app()), restored(SEEDED)
    assert everything(other) == everything(saved)
    for client in (saved, other):
        client.advance(seconds=0.123)
        client.advance(idle=True)
        client.created("/v2/promotions", {"data": new_promotion(STANDARD)})
    assert everything(other) == everything(saved)
    assert other.get("/__ep_mock/snapshot").json() == saved.get("/__ep_mock/snapshot").json()


def test_saving_changes_nothing() -> None:
    client = ApiClient(seeded_app())
    assert client.get("/__ep_mock/snapshot").json() == client.get("/__ep_mock/snapshot").json() == SEEDED


@pytest.mark.parametrize(("mode", "scale"), [("manual", 1.0), ("poll", 1.0)])
def test_the_clock_goes_on_from_the_saved_time_in_the_saved_mode(mode: str, scale: float) -> None:
    client = restored({**SEEDED, "clock": {**SEEDED["clock"], "mode": mode}})
    clock = client.get("/__ep_mock/clock").json()
    assert (clock["mode"], clock["scale"]) == (mode, scale)
    assert client.get("/__ep_mock/snapshot").json()["clock"]["now"] == SEEDED["clock"]["now"]


def test_settings_of_the_store_are_saved_and_a_reset_forgets_them() -> None:
    client = api_client()
    client.patch("/__ep_mock/settings", json={"codes_limit": 7, "timings": "instant"})
    other = restored(client.get("/__ep_mock/snapshot").json(), clock="manual", codes_limit=9)
    settings = other.get("/__ep_mock/settings").json()
    assert (settings["codes_limit"], settings["timings"]) == (7, "instant")
    other.post("/__ep_mock/reset")
    assert other.get("/__ep_mock/settings").json()["codes_limit"] == 9


def test_a_rate_limit_and_its_running_clock_are_restored_on_a_server_with_a_manual_clock() -> None:
    client = api_client(clock="real", rate_limit=1000)
    assert (
        restored(client.get("/__ep_mock/snapshot").json(), clock="manual")
        .get("/__ep_mock/clock")
        .json()["mode"]
        == "real"
    )


def test_the_restored_store_has_the_file_of_a_saved_export() -> None:
    client = api_client(timings="instant")
    job = add_job(client, {"type": "promotion_job", "job_type": "code_export"}, RULE)
    path = f"/v2/rule-promotions/{job['rule_promotion_id']}/jobs/{job['id']}/file"
    other = restored(client.get("/__ep_mock/snapshot").json())
    files = [each.get(each.get(path).json()["href"]).text for each in (client, other)]
    assert files[0] == files[1] != ""


def test_usages_of_a_deleted_promotion_are_saved() -> None:
    client = api_client()
    promotion = client.created("/v2/promotions", {"data": new_promotion(STANDARD)})
    path = f"/v2/promotions/{promotion['id']}"
    client.created(f"{path}/codes", {"data": {"type": "promotion_codes", "codes": [{"code": "GONE"}]}})
    used = client.post(
        f"/__ep_mock/promotions/{promotion['id']}/usages",
        json={"code": "GONE", "customer_email": "ada@example.com"},
    )
    assert client.delete(path).status_code == 204
    other = restored(client.get("/__ep_mock/snapshot").json())
    chosen = {"data": {"usage_ids": [used.json()["id"]]}}
    assert (
        other.post("/v2/promotions/usages/anonymize", json=chosen).json()["data"][0]["customer_email"] == "**"
    )


def test_plans_and_a_pause_are_saved() -> None:
    client = api_client()
    client.post("/__ep_mock/plans", json={"fail": "x", "times": 3})
    client.post("/__ep_mock/worker/pause")
    job = add_job(client, code_generate(1))
    other = restored(client.get("/__ep_mock/snapshot").json())
    assert other.get("/__ep_mock/plans").json() == {
        "plans": [{"id": "plan-1", "left": 2, "plan": {"fail": "x", "times": 3}}]
    }
    worker = other.get("/__ep_mock/worker").json()
    assert (worker["paused"], [entry["job"]["id"] for entry in worker["queue"]]) == (True, [job["id"]])
    assert other.post("/__ep_mock/plans", json={"fail": "y"}).json()["id"] == "plan-2"


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        ({"ep_mock_snapshot": 2}, "ep_mock_snapshot does not match: 1"),
        (
            {"settings": {"codes_limit": -1}},
            "snapshot: settings: codes_limit: expected a number from 0 to 100000000, got -1",
        ),
        (
            {"settings": {"port": 1}},
            "snapshot: settings: port: not a setting that can be changed here; expected one of ",
        ),
        ({"entropy_key": "x"}, "snapshot: entropy_key: expected str matching regex '^[0-9a-f]{64}$'"),
        ({"jobs": []}, "snapshot: promotions[0].jobs: expected its jobs in order of arrival, got "),
        (
            {"unknown": 1},
            "snapshot: object contains unknown field unknown; restore a snapshot as it was saved",
        ),
    ],
)
def test_other_data_than_a_snapshot_is_refused_and_changes_nothing(
    change: dict[str, Any], detail: str
) -> None:
    client = api_client()
    before = client.get("/__ep_mock/snapshot").content
    response = client.put("/__ep_mock/snapshot", json={**SEEDED, **change})
    assert (response.status_code, response.json()["errors"][0]["detail"][: len(detail)]) == (400, detail)
    assert client.get("/__ep_mock/snapshot").content == before


def edited(snapshot: Any, path: str, value: Any) -> Any:
    """The snapshot with another value at a path such as `jobs.-1.status`."""
    document = node = copy.deepcopy(snapshot)
    *steps, last = [int(step) if step.lstrip("-").isdecimal() else step for step in path.split(".")]
    for step in steps:
        node = node[step]
    node[last] = value
    return document


def refusal(snapshot: object) -> str:
    """The error for a refused snapshot; the store is unchanged."""
    client = api_client()
    before = client.get("/__ep_mock/snapshot").content
    response = client.put("/__ep_mock/snapshot", json=snapshot)
    assert (response.status_code, client.get("/__ep_mock/snapshot").content) == (400, before), response.text
    detail: str = response.json()["errors"][0]["detail"]
    return detail


CONTRADICTIONS: Final[list[tuple[ClockMode, str, Any, str]]] = [
    ("manual", "clock.now", -1, "expected nanoseconds from 0 to 250000000000000000000, got -1"),
    ("manual", "clock.scale", 0, "expected a number above 0 and at most 1000000, got 0.0"),
    ("manual", "batches.0.created_at", 10**30, "expected nanoseconds of a time that has passed, "),
    ("manual", "promotions.0.id", "A", "expected str matching regex "),
    ("manual", "promotions.0.fields.enabled", None, ""),
    (
        "manual",
        "promotions.0.fields.port",
        1,
        "snapshot: promotions[0].fields: expected no other names than name, description, ",
    ),
    ("manual", "promotions.0.start", 10**25, "expected a time before its end"),
    ("manual", "promotions.0.codes.0.batch", 99, "expected the index of one of the "),
    (
        "manual",
        "promotions.0.codes.0.keys",
        ["a", "a"],
        "snapshot: promotions[0].codes[0]: expected each code once, ",
    ),
    ("manual", "jobs.0.id", "5e880df4-b0f4-4860-97bd-685526de838a\n", "expected str matching regex "),
    ("manual", "jobs.1.number", 1, "expected a number above 1, that of the job before, got 1"),
    ("manual", "jobs.0.parameters.number_of_codes", None, ""),
    ("manual", "jobs.0.parameters.code_length", "8", "expected a number, got "),
    ("manual", "jobs.0.status", "pending", "expected the last status of the history, completed, got "),
    (
        "manual",
        "jobs.0.history.1.1",
        "cancelling",
        "snapshot: jobs[0].history[1]: expected a status that can follow pending, got ",
    ),
    ("manual", "jobs.0.history.1.0", 1, "snapshot: jobs[0].history[1]: expected a time not before "),
    ("manual", "jobs.0.error", "x", "expected none, because it is completed, got "),
    ("manual", "jobs.0.result.generated", 4, "expected at most number_of_codes, 3, got 4"),
    ("manual", "jobs_created", 3, "expected the number of the newest job, 15, got 3"),
    ("manual", "worker.queue", [], "expected the pending jobs in order of arrival, "),
    ("manual", "worker.task", None, "expected the one job that is processing or cancelling, "),
    ("manual", "worker.pickup_due", 10**19, "expected none, because the worker is busy, paused or has "),
    ("manual", "worker.task.units", 7, "expected the number of codes that the job makes, 100, got 7"),
    ("manual", "worker.task.per_unit", 10**19, "expected int <= "),
    ("manual", "worker.task.started", 5, "snapshot: worker.task: expected work that ends at "),
    ("manual", "worker.task.growth.drawn", 3, "expected at least the number of codes made, "),
    ("manual", "worker.exports", {"0" * 8 + "-0000-4000-8000-" + "0" * 12: []}, "snapshot: worker.exports."),
    ("manual", "usages.0.code_key", "x", "expected the key of its code, "),
    ("manual", "plans.0.left", 9, "expected at most its times, 3, got 9"),
    (
        "manual",
        "plans_made",
        1,
        "snapshot: plans[1].id: expected ascending ids up to plan-1, the latest plan made, ",
    ),
    (
        "manual",
        "plans.0.plan.stuck",
        "pending",
        "snapshot: plans[0].plan: stuck: a job that is stuck in pending cannot fail as well",
    ),
    ("manual", "transitions.-1.1", "x", "snapshot: transitions["),
    ("manual", "transitions_total", 0, "expected the number of entries in the histories of all "),
    (
        "manual",
        "sequence",
        1,
        "snapshot: jobs[0].history[1]: expected a sequence above 1 and at most 1, the latest of the store, got ",
    ),
    (
        "manual",
        "sequence",
        None,
        "snapshot: jobs[0].history[0]: expected no sequence, because the store has none, got ",
    ),
    ("manual", "jobs.0.history.0.3", 0, "snapshot: transitions["),
    (
        "poll",
        "worker.task.shrinkage.done",
        50,
        "snapshot: worker.task.units: expected the number of keys plus done, 80, got 50",
    ),
    ("poll", "worker.task.action", "complete", "expected one of finish_cancel, lose_race, because it is "),
    ("real", "worker.task.error", None, "expected a text, because it ends with fail, got null"),
]
"""The clock's mode in the snapshot, a path, a value that contradicts the rest, and how the refusal begins."""


@pytest.mark.parametrize(("mode", "path", "value", "detail"), CONTRADICTIONS)
def test_a_snapshot_that_contradicts_itself_is_refused_with_the_location(
    mode: ClockMode, path: str, value: Any, detail: str
) -> None:
    location = re.sub(r"\.(\d+)", r"[\1]", path)
    expected = detail if detail.startswith("snapshot: ") else f"snapshot: {location}: {detail}"
    assert refusal(edited(rich_snapshot(mode), path, value)).startswith(expected)


def test_a_refusal_says_what_to_do() -> None:
    assert refusal(edited(SEEDED, "jobs_created", 0)).endswith("; restore a snapshot as it was saved")


def test_two_unfinished_jobs_of_one_promotion_are_refused() -> None:
    snapshot = copy.deepcopy(SEEDED)
    waiting = next(job for job in snapshot["jobs"] if job["status"] == "pending")
    number = snapshot["jobs_created"] = snapshot["jobs_created"] + 1
    twin = {**waiting, "id": "11111111-1111-4111-8111-111111111111", "number": number}
    snapshot["jobs"].append(twin)
    snapshot["worker"]["queue"].append(twin["id"])
    next(each for each in snapshot["promotions"] if each["id"] == twin["promotion_id"])["jobs"].append(
        twin["id"]
    )
    assert f"because job {twin['id']} of the same promotion is newer" in refusal(snapshot)


def test_a_cancelling_job_and_a_newer_one_of_its_promotion_are_restored() -> None:
    snapshot = rich_snapshot("poll")
    assert restored(snapshot).get("/__ep_mock/snapshot").json() == snapshot


def test_the_count_of_polls_is_saved() -> None:
    client = api_client(clock="manual", stuck_polls=3)
    job = add_job(client, code_generate(1))
    path = f"/v2/promotions/{job['promotion_id']}/jobs"
    assert [client.get(path).status_code for _ in range(2)] == [200, 200]
    other = restored(client.get("/__ep_mock/snapshot").json())
    assert [other.get(path).status_code for _ in range(2)] == [200, 503]


def test_an_existing_id_is_not_given_again() -> None:
    # With the counter set back the store draws the same ids again.
    client = restored({**SEEDED, "entropy_drawn": 0})
    ids = [
        client.created(f"/v2/{family.collection}", {"data": new_promotion(family)})["id"]
        for family in FAMILIES
        for _ in range(9)
    ]
    known = {each["id"] for kind in ("promotions", "jobs", "usages") for each in SEEDED[kind]}
    assert known.isdisjoint(ids)
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("mode", CLOCK_MODES)
@given(drawn=st.data())
def test_an_edited_snapshot_is_refused_or_does_no_harm(mode: ClockMode, drawn: st.DataObject) -> None:
    try_snapshot(drawn.draw(EDITS[mode]))
