"""What deleting a promotion does to its job and to the line of jobs."""

from __future__ import annotations

import pytest

from ep_mock.domain.families import FAMILIES, RULE, STANDARD, Family
from ep_mock.errors import ApiError
from tests.simulation.stores import (
    MS,
    START,
    add_promotion,
    at,
    cancel,
    delete_promotion,
    generate,
    log_of,
    new_store,
)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_deleting_the_promotion_of_the_current_job_frees_the_worker_at_once(family: Family) -> None:
    store = new_store()
    doomed, other = add_promotion(store, family), add_promotion(store)
    lost, next_in_line = generate(store, doomed, 500), generate(store, other, 5)
    at(store, 300 * MS)
    delete_promotion(store, doomed)
    store.advance_until_idle()
    assert log_of(lost) == [(0, "pending"), (100 * MS, "processing"), (300 * MS, "cancelled")]
    assert lost.result is None
    assert log_of(next_in_line) == [(0, "pending"), (400 * MS, "processing"), (555 * MS, "completed")]


def test_deleting_it_during_a_cancellation_frees_the_worker_too() -> None:
    store = new_store()
    doomed, other = add_promotion(store, RULE), add_promotion(store)
    lost = generate(store, doomed, 500)
    at(store, 300 * MS)
    cancel(store, doomed, lost)
    at(store, 310 * MS)
    delete_promotion(store, doomed)
    at(store, 350 * MS)
    job = generate(store, other, 5)
    store.advance_until_idle()
    assert log_of(lost)[2:] == [(300 * MS, "cancelling"), (310 * MS, "cancelled")]
    assert log_of(job) == [(350 * MS, "pending"), (450 * MS, "processing"), (605 * MS, "completed")]


def test_a_pending_job_of_a_deleted_promotion_leaves_the_line() -> None:
    store = new_store()
    promotions = [add_promotion(store) for _ in range(3)]
    jobs = [generate(store, promotion, 5) for promotion in promotions]
    at(store, 200 * MS)
    delete_promotion(store, promotions[1])
    store.advance_until_idle()
    assert [log_of(job)[1:] for job in jobs] == [
        [(100 * MS, "processing"), (255 * MS, "completed")],
        [(200 * MS, "cancelled")],
        [(355 * MS, "processing"), (510 * MS, "completed")],
    ]


def test_the_store_remembers_what_became_of_the_job() -> None:
    store = new_store()
    promotion = add_promotion(store, RULE)
    job = generate(store, promotion, 5)
    delete_promotion(store, promotion)
    remembered = [
        (entry.at - START, entry.job_id, entry.status, entry.cause) for entry in store.state.transitions
    ]
    assert remembered == [(0, job.id, "pending", "created"), (0, job.id, "cancelled", "promotion deleted")]
    assert store.worker.due is None


def test_a_deleted_promotion_is_not_found_in_either_family() -> None:
    store = new_store()
    standard, rule = add_promotion(store, STANDARD), add_promotion(store, RULE)
    delete_promotion(store, standard)
    for family, promotion_id in ((STANDARD, standard.id), (RULE, standard.id), (STANDARD, rule.id)):
        with pytest.raises(ApiError, match="promotion not found"):
            store.promotion(family, promotion_id)
    assert store.promotion(RULE, rule.id) is rule


def test_ended_jobs_of_a_deleted_promotion_keep_their_history() -> None:
    store = new_store()
    promotion = add_promotion(store)
    job = generate(store, promotion, 5)
    store.advance_until_idle()
    delete_promotion(store, promotion)
    assert log_of(job) == [(0, "pending"), (100 * MS, "processing"), (255 * MS, "completed")]
