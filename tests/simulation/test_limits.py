"""How many codes and jobs a promotion may have, and when that is looked at."""

from __future__ import annotations

import pytest

from ep_mock.domain.families import FAMILIES, STANDARD, Family
from ep_mock.errors import ApiError
from ep_mock.operations import codes
from ep_mock.simulation.promotion import Promotion
from ep_mock.simulation.store import Store
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

TOO_MANY_JOBS = {
    "status": "400",
    "title": "Too many jobs",
    "detail": "Only 1 pending or processing job is allowed per promotion.",
}


def too_many_codes(limit: int) -> dict[str, object]:
    return {
        "status": 400,
        "source": "data.parameters.number_of_codes",
        "title": "Too many promotion codes",
        "detail": f"Only {limit} promotion codes are allowed per promotion",
    }


def post_codes(store: Store, promotion: Promotion, *names: str) -> None:
    store.settle()
    codes.create_codes(
        store, promotion, {"type": "promotion_codes", "codes": [{"code": name} for name in names]}
    )


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_a_job_that_passes_the_limit_together_with_other_codes_is_accepted_and_fails_later(
    family: Family,
) -> None:
    store = new_store(codes_limit=10)
    promotion = add_promotion(store, family)
    generate(store, promotion, 5)
    store.advance_until_idle()
    before = codes_of(store, promotion)
    job = generate(store, promotion, 6)
    assert job.status == "pending"
    store.advance_until_idle()
    assert log_of(job) == [(255 * MS, "pending"), (355 * MS, "processing"), (505 * MS, "failed")]
    assert codes_of(store, promotion) == before
    assert list(job.document()) == [
        "type",
        "id",
        family.owner_key,
        "job_type",
        "parameters",
        "status",
        "error",
        "meta",
    ]
    assert job.document()["error"] == "codes limit exceeded"


def test_a_failing_job_makes_no_codes_on_the_way() -> None:
    store = new_store(codes_limit=10, timings="fast,fail=10s")
    promotion = add_promotion(store)
    generate(store, promotion, 10)
    store.advance_until_idle()
    generate(store, promotion, 1)
    store.advance_to_next()
    for seconds in range(11):
        at(store, seconds * 1000 * MS)
        assert len(codes_of(store, promotion)) == 10


def test_a_job_that_just_fits_is_done() -> None:
    store = new_store(codes_limit=10)
    promotion = add_promotion(store)
    for count in (5, 5):
        job = generate(store, promotion, count)
        store.advance_until_idle()
    assert (job.status, job.result, len(promotion.book)) == ("completed", {"generated": 5}, 10)


def test_room_is_looked_at_when_the_job_is_taken_up() -> None:
    store = new_store(codes_limit=10)
    promotion = add_promotion(store)
    generate(store, promotion, 10)
    store.advance_until_idle()
    job = generate(store, promotion, 1)
    delete_code(store, promotion, codes_of(store, promotion)[0])
    store.advance_until_idle()
    assert (job.status, len(promotion.book)) == ("completed", 10)


def test_the_limit_is_the_one_in_force_at_that_moment() -> None:
    store = new_store(codes_limit=10)
    promotion = add_promotion(store)
    generate(store, promotion, 10)
    store.advance_until_idle()
    raised = generate(store, promotion, 5)
    store.state.change_settings(store.settings.with_changes({"codes_limit": 15}))
    store.advance_until_idle()
    lowered = generate(store, promotion, 3)
    store.state.change_settings(store.settings.with_changes({"codes_limit": 3}))
    store.advance_until_idle()
    # Lowering a limit deletes nothing.
    assert (raised.status, lowered.status, len(codes_of(store, promotion))) == ("completed", "failed", 15)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_more_codes_than_the_limit_in_one_job_are_refused_at_once(family: Family) -> None:
    store = new_store(codes_limit=10)
    promotion = add_promotion(store, family)
    for count in (11, 10**9, 10**30):
        with pytest.raises(ApiError) as refused:
            generate(store, promotion, count)
        assert (refused.value.status, refused.value.errors) == (400, (too_many_codes(10),))
    assert (promotion.jobs, store.worker.due, store.state.transitions_total) == ([], None, 0)


def test_a_promotion_can_have_a_limit_of_its_own() -> None:
    store = new_store(codes_limit=10)
    promotion = add_promotion(store, codes_limit=20)
    job = generate(store, promotion, 20)
    store.advance_until_idle()
    assert (job.status, len(promotion.book)) == ("completed", 20)
    with pytest.raises(ApiError, match="Only 20 promotion codes"):
        generate(store, promotion, 21)


def test_an_automatic_promotion_takes_no_generate_job_but_can_be_exported() -> None:
    details = []
    for family in FAMILIES:
        store = new_store()
        promotion = add_promotion(store, family, automatic=True)
        with pytest.raises(ApiError) as refused:
            generate(store, promotion, 10**6)
        details.append((refused.value.status, refused.value.errors))
        assert export(store, promotion).status == "pending"
    assert details == [
        (
            422,
            (
                {
                    "status": "422",
                    "title": "No codes allowed",
                    "detail": "Cannot add codes to an automatic promotion",
                },
            ),
        ),
        (
            422,
            (
                {
                    "status": "422",
                    "title": "No codes allowed",
                    "detail": "Cannot add codes to automatic promotion",
                },
            ),
        ),
    ]


def test_too_many_codes_are_complained_of_before_too_many_jobs() -> None:
    store = new_store(codes_limit=10)
    promotion = add_promotion(store)
    export(store, promotion)
    with pytest.raises(ApiError, match="Too many promotion codes"):
        generate(store, promotion, 11)
    with pytest.raises(ApiError, match="Too many jobs"):
        generate(store, promotion, 10)


def test_a_promotion_has_one_unfinished_job_at_most() -> None:
    store = new_store()
    promotion, other = add_promotion(store), add_promotion(store)
    job = generate(store, promotion, 5)
    statuses = []
    for moment in (0, 100 * MS, 255 * MS - 1):
        at(store, moment)
        with pytest.raises(ApiError) as refused:
            export(store, promotion)
        assert (refused.value.status, refused.value.errors) == (400, (TOO_MANY_JOBS,))
        statuses.append(job.status)
    assert statuses == ["pending", "processing", "processing"]
    assert export(store, other).status == "pending"
    at(store, 255 * MS)
    assert export(store, promotion).status == "pending"
    assert len(promotion.jobs) == 2


def test_a_cancelling_job_blocks_a_new_one_until_it_is_cancelled() -> None:
    store = new_store()
    promotion = add_promotion(store)
    job = generate(store, promotion, 5)
    at(store, 255 * MS - 1)
    cancel(store, promotion, job)
    with pytest.raises(ApiError, match="Too many jobs"):
        generate(store, promotion, 5)
    at(store, 255 * MS - 1 + 150 * MS + 2 * MS)
    assert (job.status, generate(store, promotion, 5).status) == ("cancelled", "pending")


def test_a_switch_lets_a_new_job_come_while_the_former_is_cancelling() -> None:
    store = new_store(cancelling_blocks=False)
    promotion = add_promotion(store)
    job = generate(store, promotion, 5)
    at(store, 254 * MS)
    cancel(store, promotion, job)
    following = generate(store, promotion, 3)
    with pytest.raises(ApiError, match="Too many jobs"):
        generate(store, promotion, 3)
    store.advance_until_idle()
    assert log_of(job)[2:] == [(254 * MS, "cancelling"), (406 * MS, "cancelled")]
    assert log_of(following) == [(254 * MS, "pending"), (506 * MS, "processing"), (659 * MS, "completed")]
    assert len(codes_of(store, promotion)) == 3


def test_a_running_job_reserves_the_room_for_its_codes() -> None:
    store = new_store(codes_limit=10)
    promotion = add_promotion(store, STANDARD)
    generate(store, promotion, 8)
    post_codes(store, promotion, "before")
    at(store, 254 * MS)
    # Four made, four reserved, one by hand: room for one.
    with pytest.raises(ApiError) as refused:
        post_codes(store, promotion, "two", "three")
    assert refused.value.status == 422
    post_codes(store, promotion, "two")
    store.advance_until_idle()
    left = codes_of(store, promotion)
    assert (len(left), left[0], left[5]) == (10, "before", "two")
    assert promotion.jobs[0].result == {"generated": 8}


def test_a_cancel_gives_the_reserved_room_back() -> None:
    store = new_store(codes_limit=10)
    promotion = add_promotion(store)
    job = generate(store, promotion, 10)
    at(store, 254 * MS)
    cancel(store, promotion, job)
    post_codes(store, promotion, *"abcdef")
    store.advance_until_idle()
    assert codes_of(store, promotion) == list("abcdef")
