"""The priority of Rule promotions: unique among those that run or will run."""

from __future__ import annotations

from typing import Any

import pytest

from ep_mock.domain.families import RULE, STANDARD
from tests.simulation.stores import add_promotion, at, delete_promotion, new_store, refusal, update

DAY = 86_400 * 10**9
TAKEN = (
    422,
    (
        {
            "title": "Duplicate Priority",
            "status": "422",
            "detail": "Priority already in use in another running or scheduled promotion",
        },
    ),
)
OUT = {
    "disabled": ({"enabled": False}, {"enabled": True}),
    "over": ({"end": "2024-12-01"}, {"end": "2100-01-01"}),
}


@pytest.mark.parametrize("fields", [{}, {"start": "2030-01-01"}], ids=["running", "scheduled"])
def test_a_priority_is_taken_by_a_promotion_that_runs_or_will_run(fields: dict[str, Any]) -> None:
    store = new_store()
    first = add_promotion(store, RULE, priority=7, **fields)
    second = add_promotion(store, RULE, priority=8)
    for attempt in (
        lambda: add_promotion(store, RULE, priority=7),
        lambda: update(store, second, priority=7),
    ):
        error = refusal(store, attempt)
        assert (error.status, error.errors) == TAKEN
    update(store, first, priority=7, name="its own is not taken")
    delete_promotion(store, first)
    update(store, second, priority=7)


def test_promotions_without_a_priority_do_not_meet_and_zero_is_one() -> None:
    store = new_store()
    for _ in range(2):
        add_promotion(store, RULE)
    add_promotion(store, RULE, priority=0)
    assert refusal(store, lambda: add_promotion(store, RULE, priority=0)).status == 422


@pytest.mark.parametrize(("out", "back"), OUT.values(), ids=OUT.keys())
def test_one_that_neither_runs_nor_will_run_takes_none_and_meets_none_until_it_does(
    out: dict[str, Any], back: dict[str, Any]
) -> None:
    store = new_store()
    idle = add_promotion(store, RULE, priority=7, **out)
    running = add_promotion(store, RULE, priority=7)
    update(store, idle, name="another")
    error = refusal(store, lambda: update(store, idle, **back))
    assert (error.status, error.errors) == TAKEN
    update(store, idle, **back, priority=6)
    assert refusal(store, lambda: update(store, running, priority=6)).status == 422


def test_a_priority_is_free_once_its_promotion_has_expired() -> None:
    store = new_store()
    add_promotion(store, RULE, priority=7, end="2024-12-04")
    assert refusal(store, lambda: add_promotion(store, RULE, priority=7)).status == 422
    at(store, DAY)
    add_promotion(store, RULE, priority=7)


def test_standard_promotions_have_no_priority() -> None:
    store = new_store()
    for _ in range(2):
        assert "priority" not in add_promotion(store, STANDARD, priority=7).document()
