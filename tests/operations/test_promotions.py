"""Promotions over their life: created, changed, remembered, deleted. Their bodies are tested in tests/api."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from ep_mock.domain.families import FAMILIES, RULE, STANDARD, Family
from ep_mock.domain.paging import Page
from ep_mock.domain.plans import Plan
from ep_mock.errors import ApiError
from ep_mock.operations import promotions
from ep_mock.simulation.promotion import Promotion
from ep_mock.simulation.store import Store
from tests.bodies import new_promotion
from tests.simulation.stores import (
    EVERYTHING,
    MS,
    SECOND,
    add_codes,
    add_promotion,
    at,
    delete_promotion,
    generate,
    new_store,
    refusal,
    update,
)

each_family = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)


def shown(promotion: Promotion) -> dict[str, Any]:
    document: dict[str, Any] = msgspec.json.decode(promotion.listed())
    return document


def listed(store: Store, family: Family, page: Page = EVERYTHING) -> tuple[list[str], int]:
    found = promotions.list_promotions(store, family, page, None)
    return [msgspec.json.decode(each)["name"] for each in found.items], found.total


@each_family
def test_promotions_are_listed_newest_first_each_family_by_itself(family: Family) -> None:
    store = new_store()
    for name in "abc":
        add_promotion(store, family, name=name)
    assert listed(store, family) == (["c", "b", "a"], 3)
    assert listed(store, family, Page(1, 1)) == (["b"], 3)
    assert listed(store, family, Page(3, 25)) == ([], 3)
    assert [listed(store, other)[1] for other in FAMILIES if other is not family] == [0]


@each_family
def test_a_store_takes_so_many_promotions_of_a_family_and_no_more(family: Family) -> None:
    store = new_store(promotions_limit=2)
    first, _ = add_promotion(store, family), add_promotion(store, family)
    refused = refusal(store, lambda: add_promotion(store, family))
    detail = "Only 2 promotions are allowed per store"
    assert (refused.status, refused.errors) == (
        422,
        ({"status": "422", "title": "Unprocessable Entity", "detail": detail},),
    )
    for other in FAMILIES:
        if other is not family:
            add_promotion(store, other)
    delete_promotion(store, first)
    add_promotion(store, family)


def test_the_published_quota_is_a_thousand_promotions() -> None:
    store = new_store()
    for _ in range(1000):
        add_promotion(store)
    assert refusal(store, lambda: add_promotion(store)).status == 422


@each_family
@pytest.mark.parametrize(
    ("start", "end", "fits"),
    [
        ("2025-01-01", "2025-01-02", True),
        ("2025-01-01T00:00:00Z", "2025-01-01T00:00:00.000000001Z", True),
        ("2025-01-01", "2025-01-01 00:00", False),
        ("2025-01-01T01:00:00+01:00", "2025-01-01", False),
        ("2025-01-02", "2025-01-01", False),
    ],
)
def test_a_promotion_starts_before_it_ends(family: Family, start: str, end: str, fits: bool) -> None:
    store = new_store()
    promotion = add_promotion(store, family)
    refused = ({"status": "422", "title": "Unprocessable Entity", "detail": "start must be before end"},)
    if fits:
        add_promotion(store, family, start=start, end=end)
        update(store, promotion, start=start, end=end)
        return
    assert refusal(store, lambda: add_promotion(store, family, start=start, end=end)).errors == refused
    assert refusal(store, lambda: update(store, promotion, start=start, end=end)).errors == refused


@each_family
def test_a_change_of_one_end_is_held_against_the_other(family: Family) -> None:
    store = new_store()
    promotion = add_promotion(store, family, start="2025-01-01", end="2026-01-01")
    assert refusal(store, lambda: update(store, promotion, start="2026-01-01")).status == 422
    assert refusal(store, lambda: update(store, promotion, end="2025-01-01")).status == 422
    update(store, promotion, start="2025-12-31T23:59:59Z")
    assert (shown(promotion)["start"], shown(promotion)["end"]) == (
        "2025-12-31T23:59:59Z",
        "2026-01-01T00:00:00Z",
    )


@each_family
def test_a_change_keeps_what_it_does_not_name(family: Family) -> None:
    store = new_store()
    promotion = add_promotion(store, family, name="before", description="a text")
    add_codes(store, promotion, "kept")
    before = shown(promotion)
    at(store, 5 * SECOND)
    store.change_settings({"author": "someone@else.test"})
    update(store, promotion, name="after", unknown="ignored")
    assert shown(promotion) == {
        **before,
        "name": "after",
        "updated_by": "someone@else.test",
        "meta": {"timestamps": {**before["meta"]["timestamps"], "updated_at": "2024-12-03T23:31:40.962Z"}},
    }
    assert "kept" in promotion.book


def test_a_rule_promotion_says_what_nobody_said_of_stacking() -> None:
    store = new_store()
    plain = add_promotion(store, RULE)
    odd = add_promotion(store, RULE, stackable=False, override_stacking=True)
    assert [(shown(each)["stackable"], shown(each)["override_stacking"]) for each in (plain, odd)] == [
        (True, False),
        (False, True),
    ]


def test_each_change_of_a_standard_promotion_is_one_more_version() -> None:
    store = new_store()
    promotion = add_promotion(store, STANDARD, name="v1")
    for number in (2, 3):
        at(store, number * SECOND)
        update(store, promotion, name=f"v{number}")
    everything = [msgspec.json.decode(each) for each in promotions.list_history(promotion, EVERYTHING).items]
    assert [(version["name"], version["current"], version["parent_id"]) for version in everything] == [
        ("v3", True, promotion.id),
        ("v2", False, promotion.id),
        ("v1", False, promotion.id),
    ]
    assert everything[0] == shown(promotion)
    assert len({version["id"] for version in everything}) == 3
    assert [version["meta"]["timestamps"]["updated_at"][17:23] for version in everything] == [
        "38.962",
        "37.962",
        "35.962",
    ]
    page = promotions.list_history(promotion, Page(1, 1))
    assert (page.items, page.total) == ([msgspec.json.encode(everything[1])], 3)


def test_a_refused_change_is_no_version() -> None:
    store = new_store()
    promotion = add_promotion(store, STANDARD)
    assert refusal(store, lambda: update(store, promotion, end="1999-01-01")).status == 422
    assert promotions.list_history(promotion, EVERYTHING).total == 1


@each_family
def test_a_promotion_with_many_codes_cannot_be_made_to_last_over_a_year(family: Family) -> None:
    store = new_store(codes_limit=5, long_codes_limit=2)
    many = add_promotion(store, family, start="2024-01-01", end="2024-12-31")
    few = add_promotion(store, family, start="2024-01-01", end="2024-12-31")
    add_codes(store, many, "a", "b", "c")
    add_codes(store, few, "d", "e")
    refused = refusal(store, lambda: update(store, many, end="2024-12-31 00:01"))
    detail = "A promotion with more than 2 codes lasts at most 365 days"
    assert (refused.status, refused.errors) == (
        422,
        ({"status": "422", "title": "Unprocessable Entity", "detail": detail},),
    )
    update(store, many, start="2024-01-02", end="2025-01-01")
    update(store, few, end="2030-01-01")


def test_a_long_promotion_that_has_many_codes_already_can_still_be_changed() -> None:
    store = new_store(codes_limit=5, long_codes_limit=5)
    promotion = add_promotion(store)
    add_codes(store, promotion, "a", "b", "c")
    store.change_settings({"long_codes_limit": 2})
    update(store, promotion, name="another", end="2099-01-01")
    assert refusal(store, lambda: update(store, promotion, end="2100-01-01")).status == 422


@each_family
def test_codes_that_a_job_has_made_by_now_count_in_a_change(family: Family) -> None:
    store = new_store(codes_limit=5, long_codes_limit=2)
    promotion = add_promotion(store, family, start="2024-01-01", end="2024-12-31")
    generate(store, promotion, 3)
    at(store, 252_000_000)
    update(store, promotion, end="2026-01-01")
    update(store, promotion, end="2024-12-31")
    at(store, 253_000_000)
    assert refusal(store, lambda: update(store, promotion, end="2026-01-01")).status == 422


def test_new_promotions_are_whole_documents_of_their_family() -> None:
    store = new_store()
    standard, rule = (shown(add_promotion(store, family)) for family in FAMILIES)
    stamps = {
        "timestamps": {"created_at": "2024-12-03T23:31:35.962Z", "updated_at": "2024-12-03T23:31:35.962Z"}
    }
    both = {"created_by": "ep-mock@example.com", "updated_by": "ep-mock@example.com", "meta": stamps}
    dates = {"start": "2000-01-01T00:00:00Z", "end": "2100-01-01T00:00:00Z"}
    assert standard == {
        **new_promotion(STANDARD),
        "id": standard["id"],
        "parent_id": standard["id"],
        "current": True,
        **dates,
        **both,
    }
    stacking = {"stackable": True, "override_stacking": False}
    assert rule == {
        **new_promotion(RULE),
        "id": rule["id"],
        "store_id": store.state.store_id,
        **stacking,
        **dates,
        **both,
    }


@each_family
def test_a_filter_by_a_code_finds_codes_that_have_come_by_now_although_nobody_has_looked(
    family: Family,
) -> None:
    store = new_store()
    promotion = add_promotion(store, family)
    generate(store, promotion, 3, Plan(codes=("summer",)))
    at(store, 251 * MS)
    assert [msgspec.json.decode(each)["id"] for each in found(store, family, "eq(code,summer)")] == [
        promotion.id
    ]
    delete_promotion(store, promotion)
    assert found(store, family, "eq(code,summer)") == []


def test_promotions_found_by_a_code_are_listed_newest_first_and_meet_the_other_conditions() -> None:
    store = new_store()
    for number in range(12):
        add_codes(
            store,
            add_promotion(store, RULE, name=f"name {number}", enabled=number % 2 == 0),
            "Summer",
            f"code {number}",
        )
    names = [
        msgspec.json.decode(each)["name"] for each in found(store, RULE, "eq(code,sUMMER):eq(enabled,true)")
    ]
    assert names == [f"name {number}" for number in (10, 8, 6, 4, 2, 0)]
    assert (
        found(store, RULE, "eq(code,summer):eq(code,'code 3')")[0]
        == found(store, RULE, "eq(code,'code 3')")[0]
    )
    assert found(store, RULE, "eq(code,'code 3'):eq(code,'code 4')") == []


@each_family
def test_an_update_counts_the_codes_that_have_come_by_now_although_nobody_has_looked(family: Family) -> None:
    store = new_store(reenable_codes_limit=2)
    promotion = add_promotion(store, family, end="2024-12-03T23:31:36Z")
    generate(store, promotion, 5)
    at(store, 252 * MS)
    assert not refusals(store, lambda: update(store, promotion, end="2100-01-01")), (
        "two codes do not hinder it"
    )

    store = new_store(reenable_codes_limit=2)
    promotion = add_promotion(store, family, end="2024-12-03T23:31:36Z")
    generate(store, promotion, 5)
    at(store, 253 * MS)
    assert refusals(store, lambda: update(store, promotion, end="2100-01-01"))


def found(store: Store, family: Family, text: str) -> list[bytes]:
    store.settle()
    return promotions.list_promotions(store, family, EVERYTHING, text).items


def refusals(store: Store, verb: Callable[[], object]) -> list[ApiError]:
    """The refusal of a verb, if it is refused. Nothing is looked at before."""
    try:
        verb()
    except ApiError as error:
        return [error]
    return []
