"""The single worker: when a job is taken up, and in which order."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ep_mock.domain.families import FAMILIES, RULE, STANDARD, Family
from ep_mock.domain.plans import Plan
from ep_mock.errors import UsageError
from ep_mock.operations import jobs
from ep_mock.simulation.state import JobTransition
from tests.bodies import code_export
from tests.simulation.stores import MS, START, add_promotion, at, cancel, export, generate, log_of, new_store
from tests.store_dump import dump

FAST_FIVE = [(0, "pending"), (100 * MS, "processing"), (255 * MS, "completed")]


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_a_generate_job_passes_its_statuses_at_their_times(family: Family) -> None:
    store = new_store()
    promotion = add_promotion(store, family)
    job = generate(store, promotion, 5)
    transitions = store.advance_until_idle()
    assert log_of(job) == FAST_FIVE
    assert (job.error, job.result, job.updated_at) == (None, {"generated": 5}, START + 255 * MS)
    shared: dict[str, Any] = {
        "job_id": job.id,
        "promotion_id": promotion.id,
        "family": family.name,
        "job_type": "code_generate",
    }
    assert transitions == [
        JobTransition(
            at=START + 100 * MS, status="processing", cause="taken up by the worker", sequence=2, **shared
        ),
        JobTransition(at=START + 255 * MS, status="completed", cause="done", sequence=3, **shared),
    ]


def test_a_profile_sets_the_pace() -> None:
    store = new_store(timings="documented")
    promotion = add_promotion(store)
    job = generate(store, promotion, 1000)
    store.advance_until_idle()
    # 1,000 codes in 7.7 s, as published.
    assert log_of(job) == [(0, "pending"), (1000 * MS, "processing"), (7700 * MS, "completed")]


def test_with_instant_timings_the_answer_is_pending_and_the_next_verb_sees_the_end() -> None:
    store = new_store(timings="instant")
    promotion = add_promotion(store)
    first = generate(store, promotion, 5)
    assert log_of(first) == [(0, "pending")]
    second = generate(store, promotion, 3)
    store.settle()
    assert log_of(first) == log_of(second) == [(0, "pending"), (0, "processing"), (0, "completed")]
    assert len(promotion.book) == 8


def test_jobs_of_all_promotions_of_both_families_wait_in_one_line() -> None:
    store = new_store()
    promotions = [add_promotion(store, family) for family in (STANDARD, RULE, STANDARD)]
    jobs = []
    for number, promotion in enumerate(promotions):
        at(store, number * MS)
        jobs.append(generate(store, promotion, 5))
    store.advance_until_idle()
    assert [log_of(job) for job in jobs] == [
        [(0, "pending"), (100 * MS, "processing"), (255 * MS, "completed")],
        [(1 * MS, "pending"), (355 * MS, "processing"), (510 * MS, "completed")],
        [(2 * MS, "pending"), (610 * MS, "processing"), (765 * MS, "completed")],
    ]


def test_jobs_created_at_the_same_instant_are_taken_up_in_order_of_creation() -> None:
    store = new_store()
    promotions = [add_promotion(store) for _ in range(3)]
    jobs = [export(store, promotion) for promotion in reversed(promotions)]
    store.advance_until_idle()
    assert [log_of(job)[1] for job in jobs] == [
        (100 * MS, "processing"),
        (350 * MS, "processing"),
        (600 * MS, "processing"),
    ]


@pytest.mark.parametrize(
    ("created", "taken_up"),
    [(254 * MS, 355 * MS), (255 * MS, 355 * MS), (256 * MS, 356 * MS), (900 * MS, 1000 * MS)],
    ids=["while the worker is busy", "when it becomes free", "after that", "long after"],
)
def test_a_job_is_taken_up_a_delay_after_it_came_and_the_worker_was_free(created: int, taken_up: int) -> None:
    store = new_store()
    busy, waiting = add_promotion(store), add_promotion(store)
    generate(store, busy, 5)
    at(store, created)
    job = generate(store, waiting, 5)
    store.advance_until_idle()
    assert log_of(job) == [(created, "pending"), (taken_up, "processing"), (taken_up + 155 * MS, "completed")]


def test_the_job_behind_a_cancelled_pending_one_is_not_taken_up_before_its_own_delay() -> None:
    store = new_store()
    first, second = add_promotion(store), add_promotion(store)
    doomed = generate(store, first, 5)
    at(store, 50 * MS)
    job = generate(store, second, 5)
    at(store, 60 * MS)
    cancel(store, first, doomed)
    store.advance_until_idle()
    assert log_of(doomed) == [(0, "pending"), (60 * MS, "cancelled")]
    assert log_of(job)[:2] == [(50 * MS, "pending"), (150 * MS, "processing")]


def test_a_cancelled_pending_job_further_back_changes_nothing_for_the_others() -> None:
    store = new_store()
    promotions = [add_promotion(store) for _ in range(3)]
    jobs = [generate(store, promotion, 5) for promotion in promotions]
    at(store, 200 * MS)
    cancel(store, promotions[1], jobs[1])
    store.advance_until_idle()
    assert [log_of(job) for job in jobs] == [
        FAST_FIVE,
        [(0, "pending"), (200 * MS, "cancelled")],
        [(0, "pending"), (355 * MS, "processing"), (510 * MS, "completed")],
    ]


def test_advancing_to_the_next_event_stops_at_each_change() -> None:
    store = new_store()
    promotion = add_promotion(store)
    job = generate(store, promotion, 5)
    seen = [[(entry.at - START, entry.status) for entry in store.advance_to_next()] for _ in range(3)]
    assert seen == [[(100 * MS, "processing")], [(255 * MS, "completed")], []]
    assert store.now == START + 255 * MS
    assert log_of(job) == FAST_FIVE


def test_a_great_leap_runs_every_event_at_its_own_time() -> None:
    store = new_store()
    promotions = [add_promotion(store) for _ in range(3)]
    jobs = [generate(store, promotion, 5) for promotion in promotions]
    at(store, 10**15)
    assert [log_of(job)[-1] for job in jobs] == [
        (255 * MS, "completed"),
        (510 * MS, "completed"),
        (765 * MS, "completed"),
    ]


def test_settling_ends_also_where_there_is_nothing_to_take_up() -> None:
    store = new_store()
    store.worker.pickup_due = store.now
    store.worker.run_due_event()
    assert store.worker.due is None


@given(
    st.lists(st.integers(0, 400 * MS), min_size=1, max_size=12),
    st.lists(st.integers(0, 30), min_size=12, max_size=12),
)
def test_the_line_follows_one_law(gaps: list[int], counts: list[int]) -> None:
    """Each job: pick-up = max(created, worker free) + delay, in order of arrival."""
    store = new_store(codes_limit=100)
    promotions = [add_promotion(store, family) for family in FAMILIES for _ in range(6)]
    free, now, expected, jobs = 0, 0, [], []
    for gap, count, promotion in zip(gaps, counts, promotions, strict=False):
        now += gap
        at(store, now)
        jobs.append(generate(store, promotion, count) if count else export(store, promotion))
        picked = max(now, free) + 100 * MS
        free = picked + 150 * MS + count * MS
        expected.append([(now, "pending"), (picked, "processing"), (free, "completed")])
    store.advance_until_idle()
    assert [log_of(job) for job in jobs] == expected
    assert store.now == START + max(now, free)


@pytest.mark.parametrize("paused", [True, False])
def test_a_step_that_is_refused_changes_nothing(paused: bool) -> None:
    store = new_store(clock_start="9891-01-01")
    if paused:
        store.worker.pause()
    jobs.create_job(
        store,
        add_promotion(store, end="9999-01-01"),
        code_export(),
        Plan(timings="instant,pickup=864000000s"),
    )
    before = dump(store)
    with pytest.raises(UsageError, match="expected a time before the year 9892"):
        store.step_worker()
    assert (dump(store), store.worker.paused) == (before, paused)


def test_a_pickup_with_nothing_to_take_up_is_over_at_once() -> None:
    # No verb leads here; yet whoever lets time pass must come to an end.
    store = new_store()
    store.worker.pickup_due = store.now
    store.settle()
    assert (store.worker.due, store.advance_until_idle()) == (None, [])
