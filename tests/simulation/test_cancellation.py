"""Cancelling a job, in each status and at each instant that matters."""

from __future__ import annotations

import pytest

from ep_mock.domain.families import FAMILIES, RULE, STANDARD, Family
from ep_mock.errors import ApiError
from ep_mock.operations import jobs
from tests.simulation.stores import (
    MS,
    add_promotion,
    at,
    cancel,
    codes_of,
    delete_code,
    export,
    generate,
    log_of,
    new_store,
)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_a_cancel_in_the_middle_stops_at_once_and_deletes_the_newest_codes_first(family: Family) -> None:
    store = new_store()
    promotion = add_promotion(store, family)
    job = generate(store, promotion, 10)
    at(store, 253 * MS + 999_999)
    made = codes_of(store, promotion)
    cancel(store, promotion, job)
    assert (len(made), job.status, job.result) == (3, "cancelling", None)
    # 150 ms to begin, then half a millisecond a code.
    begin = 403 * MS + 999_999
    seen = []
    for moment in (
        begin,
        begin + 499_999,
        begin + 500_000,
        begin + 1_000_000,
        begin + 1_499_999,
        begin + 1_500_000,
    ):
        at(store, moment)
        seen.append((codes_of(store, promotion), job.status))
    assert seen == [
        (made, "cancelling"),
        (made, "cancelling"),
        (made[:2], "cancelling"),
        (made[:1], "cancelling"),
        (made[:1], "cancelling"),
        ([], "cancelled"),
    ]
    assert log_of(job) == [
        (0, "pending"),
        (100 * MS, "processing"),
        (253 * MS + 999_999, "cancelling"),
        (begin + 1_500_000, "cancelled"),
    ]
    assert (job.error, job.result) == (None, {"generated": 3, "deleted": 3})


def test_a_pending_job_is_cancelled_at_once_and_has_no_result() -> None:
    store = new_store()
    promotion = add_promotion(store)
    job = generate(store, promotion, 10)
    at(store, 100 * MS - 1)
    cancel(store, promotion, job)
    assert log_of(job) == [(0, "pending"), (100 * MS - 1, "cancelled")]
    assert (job.result, job.error, store.worker.due) == (None, None, None)
    store.advance_until_idle()
    assert codes_of(store, promotion) == []


def test_at_the_instant_of_pick_up_a_cancel_finds_the_job_processing() -> None:
    store = new_store()
    promotion = add_promotion(store)
    job = generate(store, promotion, 10)
    at(store, 100 * MS)
    cancel(store, promotion, job)
    store.advance_until_idle()
    assert log_of(job) == [
        (0, "pending"),
        (100 * MS, "processing"),
        (100 * MS, "cancelling"),
        (250 * MS, "cancelled"),
    ]
    assert job.result == {"generated": 0, "deleted": 0}


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_at_the_instant_of_completion_a_cancel_finds_the_job_completed(family: Family) -> None:
    store = new_store()
    promotion = add_promotion(store, family)
    job = generate(store, promotion, 10)
    at(store, 260 * MS)
    with pytest.raises(ApiError) as refused:
        cancel(store, promotion, job)
    detail = {
        "standard": "Only pending or processing jobs can be cancelled",
        "rule": "Only pending or processing jobs can be cancelled.",
    }
    expected = {"status": "422", "title": "Unprocessable Entity", "detail": detail[family.name]}
    assert (refused.value.status, refused.value.errors) == (422, (expected,))
    assert log_of(job) == [(0, "pending"), (100 * MS, "processing"), (260 * MS, "completed")]
    assert (job.result, len(codes_of(store, promotion))) == ({"generated": 10}, 10)


def test_one_instant_before_completion_a_cancel_still_stops_the_job() -> None:
    store = new_store()
    promotion = add_promotion(store)
    job = generate(store, promotion, 10)
    at(store, 260 * MS - 1)
    cancel(store, promotion, job)
    store.advance_until_idle()
    assert job.result == {"generated": 9, "deleted": 9}
    assert log_of(job)[-1] == (260 * MS - 1 + 150 * MS + 4_500_000, "cancelled")


@pytest.mark.parametrize("ending", ["completed", "failed", "cancelled", "cancelling"])
def test_a_job_in_any_other_status_cannot_be_cancelled_and_stays_as_it_is(ending: str) -> None:
    store = new_store(codes_limit=10)
    promotion = add_promotion(store, RULE)
    if ending == "failed":
        generate(store, promotion, 5)
        store.advance_until_idle()
    job = generate(store, promotion, 10)
    if ending == "cancelled":
        cancel(store, promotion, job)
    if ending == "cancelling":
        store.advance_to_next()
        cancel(store, promotion, job)
    else:
        store.advance_until_idle()
    assert job.status == ending
    before = list(job.history)
    with pytest.raises(ApiError, match="Only pending or processing jobs can be cancelled"):
        cancel(store, promotion, job)
    assert job.history == before


def test_a_job_that_is_not_there_cannot_be_cancelled() -> None:
    store = new_store()
    promotion, other = add_promotion(store), add_promotion(store)
    foreign = generate(store, other, 1)
    for job_id in (foreign.id, "", "no-job"):
        with pytest.raises(ApiError) as refused:
            jobs.cancel_job(store, promotion, job_id)
        assert refused.value.errors == ({"detail": "job not found", "status": 404, "title": "Not Found"},)
    assert foreign.status == "pending"


def test_the_next_job_waits_until_the_codes_are_deleted() -> None:
    store = new_store()
    first, second = add_promotion(store, STANDARD), add_promotion(store, RULE)
    doomed, waiting = generate(store, first, 100), generate(store, second, 5)
    at(store, 300 * MS)
    cancel(store, first, doomed)
    store.advance_until_idle()
    # 50 codes were made; deleting them takes 150 + 25 ms, and the pick-up 100 ms more.
    assert log_of(doomed)[2:] == [(300 * MS, "cancelling"), (475 * MS, "cancelled")]
    assert log_of(waiting) == [(0, "pending"), (575 * MS, "processing"), (730 * MS, "completed")]


def test_codes_of_other_jobs_survive_a_cancel() -> None:
    store = new_store()
    promotion = add_promotion(store)
    generate(store, promotion, 5)
    store.advance_until_idle()
    former = codes_of(store, promotion)
    job = generate(store, promotion, 5)
    at(store, 255 * MS + 254 * MS)
    assert len(codes_of(store, promotion)) == 9
    cancel(store, promotion, job)
    store.advance_until_idle()
    assert codes_of(store, promotion) == former
    assert job.result == {"generated": 4, "deleted": 4}


def test_codes_that_somebody_deleted_before_the_cancel_are_generated_but_not_deleted_and_cost_no_time() -> (
    None
):
    store = new_store()
    promotion = add_promotion(store, RULE)
    job = generate(store, promotion, 10)
    at(store, 254 * MS)
    made = codes_of(store, promotion)
    delete_code(store, promotion, made[1])
    cancel(store, promotion, job)
    store.advance_until_idle()
    assert job.result == {"generated": 4, "deleted": 3}
    assert log_of(job)[-1] == (254 * MS + 150 * MS + 1_500_000, "cancelled")


def test_codes_that_somebody_deletes_during_the_cancellation_are_not_counted_but_keep_their_turn() -> None:
    store = new_store()
    promotion = add_promotion(store)
    job = generate(store, promotion, 10)
    at(store, 254 * MS)
    made = codes_of(store, promotion)
    cancel(store, promotion, job)
    at(store, 404 * MS + 500_000)
    delete_code(store, promotion, made[2])
    seen = []
    for moment in (404 * MS + 500_000, 405 * MS, 405 * MS + 500_000, 406 * MS):
        at(store, moment)
        seen.append(codes_of(store, promotion))
    assert seen == [made[:2], made[:2], made[:1], []]
    assert (job.result, log_of(job)[-1]) == ({"generated": 4, "deleted": 3}, (406 * MS, "cancelled"))


def test_cancelling_a_failing_job_ends_with_nothing_generated_and_nothing_deleted() -> None:
    store = new_store(codes_limit=10)
    promotion = add_promotion(store)
    generate(store, promotion, 5)
    store.advance_until_idle()
    job = generate(store, promotion, 6)
    at(store, 400 * MS)
    assert job.status == "processing"
    cancel(store, promotion, job)
    store.advance_until_idle()
    assert log_of(job) == [
        (255 * MS, "pending"),
        (355 * MS, "processing"),
        (400 * MS, "cancelling"),
        (550 * MS, "cancelled"),
    ]
    assert (job.error, job.result, len(codes_of(store, promotion))) == (
        None,
        {"generated": 0, "deleted": 0},
        5,
    )


def test_cancelling_an_export_takes_the_base_time_and_gives_no_result() -> None:
    store = new_store()
    promotion = add_promotion(store)
    generate(store, promotion, 100)
    store.advance_until_idle()
    job = export(store, promotion)
    at(store, 500 * MS)
    cancel(store, promotion, job)
    store.advance_until_idle()
    assert log_of(job) == [
        (350 * MS, "pending"),
        (450 * MS, "processing"),
        (500 * MS, "cancelling"),
        (650 * MS, "cancelled"),
    ]
    assert (job.result, len(codes_of(store, promotion))) == (None, 100)
    assert job.document() == {
        "type": "promotion_job",
        "id": job.id,
        "promotion_id": promotion.id,
        "job_type": "code_export",
        "status": "cancelled",
        "meta": {
            "timestamps": {"created_at": "2024-12-03T23:31:36.312Z", "updated_at": "2024-12-03T23:31:36.612Z"}
        },
    }


def test_with_instant_timings_a_job_is_over_before_anybody_can_cancel_it() -> None:
    store = new_store(timings="instant")
    promotion = add_promotion(store)
    job = generate(store, promotion, 5)
    with pytest.raises(ApiError, match="Only pending or processing"):
        cancel(store, promotion, job)
    assert job.result == {"generated": 5}
