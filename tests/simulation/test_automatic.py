"""Automatic promotions: the code of their own, no others, and how many there may be."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from ep_mock.domain.families import FAMILIES, RULE, STANDARD, Family
from ep_mock.simulation.promotion import Promotion
from ep_mock.simulation.store import Store
from tests.simulation.stores import (
    add_codes,
    add_promotion,
    at,
    code_documents,
    codes_of,
    delete_code,
    delete_promotion,
    generate,
    new_store,
    refusal,
    update,
)

DAY = 86_400 * 10**9
CREATING = {
    "status": "400",
    "title": "Too many automatic rule promotions",
    "detail": "Only 2 active automatic rule promotions are allowed per store",
}
UPDATING = {**CREATING, "detail": "Only 2 active and future automatic rule promotions are allowed per store"}


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_an_automatic_promotion_takes_no_codes(family: Family) -> None:
    store = new_store()
    promotion = add_promotion(store, family, automatic=True)
    refused: dict[str, Any] = {
        "status": "422",
        "title": "No codes allowed",
        "detail": family.automatic_refused,
    }
    for attempt in (lambda: add_codes(store, promotion, "a"), lambda: generate(store, promotion, 1)):
        error = refusal(store, attempt)
        assert (error.status, error.errors) == (422, (refused,))


def test_a_standard_one_has_a_code_made_by_the_service() -> None:
    store = new_store()
    promotion = add_promotion(store, STANDARD, automatic=True)
    assert [msgspec.json.decode(code) for code in code_documents(store, promotion)] == [
        {
            "code": f"auto_{promotion.id}",
            "created_by": "ep-mock@example.com",
            "meta": {"timestamps": {"created_at": "2024-12-03T23:31:35.962Z"}},
        }
    ]


def test_a_rule_one_has_none() -> None:
    store = new_store()
    assert codes_of(store, add_promotion(store, RULE, automatic=True)) == []


def test_its_own_code_comes_and_goes_with_being_automatic() -> None:
    store = new_store()
    promotion = add_promotion(store)
    own = f"auto_{promotion.id}"
    add_codes(store, promotion, "by-hand")
    update(store, promotion, automatic=True)
    assert codes_of(store, promotion) == ["by-hand", own]
    update(store, promotion, name="another")
    assert codes_of(store, promotion) == ["by-hand", own]
    update(store, promotion, automatic=False)
    assert codes_of(store, promotion) == ["by-hand"]
    add_codes(store, promotion, "more")


def test_an_expired_automatic_promotion_that_runs_again_gets_its_own_code_again() -> None:
    store = new_store()
    promotion = add_promotion(store, automatic=True, end="2024-12-04")
    at(store, DAY)
    update(store, promotion, end="2026-01-01")
    assert codes_of(store, promotion) == [f"auto_{promotion.id}"]


def test_a_code_by_hand_that_looks_like_an_own_one_is_left_alone() -> None:
    store = new_store()
    promotion = add_promotion(store)
    add_codes(store, promotion, f"auto_{promotion.id}")
    update(store, promotion, name="another")
    assert codes_of(store, promotion) == [f"auto_{promotion.id}"]
    delete_code(store, promotion, f"auto_{promotion.id}")


def with_two_automatic(**fields: Any) -> tuple[Store, list[Promotion]]:
    store = new_store(automatic_limit=2)
    return store, [add_promotion(store, RULE, automatic=True, **fields) for _ in range(2)]


@pytest.mark.parametrize("fields", [{}, {"start": "2030-01-01"}], ids=["running", "future"])
def test_a_store_takes_so_many_automatic_rule_promotions_that_run_or_will_run(fields: dict[str, Any]) -> None:
    store, (first, _) = with_two_automatic(**fields)
    error = refusal(store, lambda: add_promotion(store, RULE, automatic=True))
    assert (error.status, error.errors) == (400, (CREATING,))
    add_promotion(store, STANDARD, automatic=True)
    update(store, first, name="still automatic")
    delete_promotion(store, first)
    add_promotion(store, RULE, automatic=True)


def test_the_published_number_is_fifty() -> None:
    store = new_store()
    for _ in range(50):
        add_promotion(store, RULE, automatic=True)
    error = refusal(store, lambda: add_promotion(store, RULE, automatic=True))
    assert error.errors[0]["detail"] == "Only 50 active automatic rule promotions are allowed per store"


@pytest.mark.parametrize(
    "fields",
    [{"enabled": False}, {"automatic": False}, {"end": "2024-12-01"}],
    ids=["disabled", "not automatic", "over"],
)
def test_others_do_not_count_until_they_do(fields: dict[str, Any]) -> None:
    store, (first, second) = with_two_automatic()
    promotion = add_promotion(store, RULE, **{"automatic": True, **fields})
    change = {key: {"enabled": True, "automatic": True, "end": "2100-01-01"}[key] for key in fields}
    error = refusal(store, lambda: update(store, promotion, **change))
    assert (error.status, error.errors) == (400, (UPDATING,))
    update(store, promotion, name="otherwise it can be changed")
    update(store, first, enabled=False)
    update(store, promotion, **change)
    assert refusal(store, lambda: update(store, first, enabled=True)).errors == (UPDATING,)
    update(store, second, automatic=False)
    update(store, first, enabled=True)


def test_one_that_expires_makes_room() -> None:
    store, _ = with_two_automatic(end="2024-12-04")
    assert refusal(store, lambda: add_promotion(store, RULE, automatic=True)).status == 400
    at(store, DAY)
    add_promotion(store, RULE, automatic=True)


def free(automatic: bool, share: int = 100, **items: bool) -> dict[str, Any]:
    action = {"strategy": "item_discount", "args": ["percent", share], "limitations": {"items": items}}
    return {
        "automatic": automatic,
        "rule_set": {
            "rules": {"strategy": "cart_total", "operator": "gte", "args": [1]},
            "actions": [action],
        },
    }


@pytest.mark.parametrize(
    ("fields", "fits"),
    [
        (free(True, auto_add=True), True),
        (free(True, 99, auto_add=True), False),
        (free(False, auto_add=True), False),
        (free(False, 99, auto_add=False), True),
        (free(False, 99, show_suggestions=True), True),
    ],
)
def test_items_are_added_by_themselves_only_when_free_and_automatic(
    fields: dict[str, Any], fits: bool
) -> None:
    store = new_store()
    former = add_promotion(store, RULE)
    if fits:
        add_promotion(store, RULE, **fields)
        update(store, former, **fields)
        return
    for attempt in (lambda: add_promotion(store, RULE, **fields), lambda: update(store, former, **fields)):
        error = refusal(store, attempt)
        assert (error.status, error.errors[0]["source"]) == (
            400,
            "data.rule_set.actions.0.limitations.items.auto_add",
        )


def test_a_promotion_that_adds_items_cannot_stop_being_automatic() -> None:
    store = new_store()
    promotion = add_promotion(store, RULE, **free(True, auto_add=True))
    assert refusal(store, lambda: update(store, promotion, automatic=False)).status == 400
