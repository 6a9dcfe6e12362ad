"""A promotion and its codes when its end passes by the store's clock, and when it gets a later end."""

from __future__ import annotations

import pytest

from ep_mock.domain.families import FAMILIES, Family
from ep_mock.errors import ApiError
from tests.simulation.stores import (
    MS,
    START,
    add_codes,
    add_promotion,
    at,
    codes_of,
    delete_code,
    generate,
    new_store,
    refusal,
    update,
    use,
)

SECOND = 1000 * MS
ENDS = "2024-12-03T23:31:36Z"
TO_THE_END = 37_319_577
"""Nanoseconds from the start of the store to `ENDS`."""

each_family = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)


@each_family
def test_codes_are_good_until_the_end_and_not_at_it(family: Family) -> None:
    store = new_store()
    promotion = add_promotion(store, family, end=ENDS)
    add_codes(store, promotion, "a")
    at(store, TO_THE_END - 1)
    use(store, promotion, "a")
    at(store, TO_THE_END)
    error = refusal(store, lambda: use(store, promotion, "a"))
    assert (error.status, error.errors[0]["detail"]) == (422, "the promotion is not running")
    assert codes_of(store, promotion) == ["a"]


@each_family
def test_codes_are_not_good_before_the_start(family: Family) -> None:
    store = new_store()
    promotion = add_promotion(store, family, start=ENDS)
    add_codes(store, promotion, "a")
    at(store, TO_THE_END - 1)
    assert refusal(store, lambda: use(store, promotion, "a")).status == 422
    at(store, TO_THE_END)
    use(store, promotion, "a")


@each_family
def test_a_later_end_after_the_end_deletes_the_codes(family: Family) -> None:
    store = new_store()
    promotion = add_promotion(store, family, end=ENDS)
    add_codes(store, promotion, "a", "b")
    at(store, TO_THE_END - 1)
    update(store, promotion, end="2024-12-03T23:31:37Z")
    assert codes_of(store, promotion) == ["a", "b"]
    at(store, TO_THE_END + SECOND)
    update(store, promotion, end="2024-12-03T23:31:36.5Z", name="an end that is over as well")
    assert codes_of(store, promotion) == ["a", "b"]
    update(store, promotion, end="2025-01-01")
    assert codes_of(store, promotion) == []
    add_codes(store, promotion, "a")
    use(store, promotion, "a")


@each_family
def test_more_than_so_many_codes_forbid_a_later_end(family: Family) -> None:
    store = new_store(reenable_codes_limit=3)
    promotion = add_promotion(store, family, end=ENDS)
    add_codes(store, promotion, *"abcd")
    at(store, TO_THE_END)
    error = refusal(store, lambda: update(store, promotion, end="2025-01-01"))
    assert (error.status, error.errors) == (422, (dict(family.reactivation_refused),))
    update(store, promotion, name="other changes are fine")
    delete_code(store, promotion, "d")
    update(store, promotion, end="2025-01-01")
    assert codes_of(store, promotion) == []


@pytest.mark.parametrize(("count", "fits"), [(1000, True), (1001, False)])
def test_the_published_number_is_a_thousand(count: int, fits: bool) -> None:
    store = new_store(codes_limit=1001, timings="instant")
    promotion = add_promotion(store, start="2024-12-01", end=ENDS)
    generate(store, promotion, count)
    at(store, TO_THE_END)
    if fits:
        update(store, promotion, end="2025-01-01")
        assert codes_of(store, promotion) == []
    else:
        with pytest.raises(ApiError, match="422 Unprocessable Entity"):
            update(store, promotion, end="2025-01-01")


@each_family
def test_a_job_goes_on_over_the_end_and_its_codes_are_deleted_with_the_others(family: Family) -> None:
    store = new_store()
    promotion = add_promotion(store, family, end=ENDS)
    job = generate(store, promotion, 10)
    at(store, 255 * MS)
    assert len(codes_of(store, promotion)) == 5
    update(store, promotion, end="2025-01-01")
    assert codes_of(store, promotion) == []
    store.advance_until_idle()
    assert (job.status, job.result, len(codes_of(store, promotion))) == ("completed", {"generated": 10}, 5)
    assert store.now == START + 260 * MS


@each_family
def test_codes_that_a_job_has_made_by_now_count_though_nobody_has_looked_at_them(family: Family) -> None:
    store = new_store(reenable_codes_limit=5)
    promotion = add_promotion(store, family, end=ENDS)
    job = generate(store, promotion, 600)
    at(store, 500 * MS)
    assert (job.status, promotion.expired(store.now)) == ("processing", True)
    assert refusal(store, lambda: update(store, promotion, end="2030-01-01")).status == 422
