"""The life cycle of a job."""

from __future__ import annotations

from itertools import product
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ep_mock.domain.lifecycle import (
    CANCELLABLE,
    FINAL,
    STATUSES,
    TRANSITIONS,
    Action,
    IllegalTransitionError,
    Status,
    Transition,
    next_status,
)

ACTIONS: tuple[Action, ...] = get_args(Action)


def test_the_life_cycle_is_the_published_one() -> None:
    published = {
        ("pending", "processing"),
        ("pending", "cancelled"),
        ("processing", "completed"),
        ("processing", "failed"),
        ("processing", "cancelling"),
        ("cancelling", "cancelled"),
        ("cancelling", "completed"),
    }
    visible = {
        (status, following) for (status, action), following in TRANSITIONS.items() if action != "abandon"
    }
    assert visible == published
    assert {status: next_status(status, "abandon") for status in STATUSES if status not in FINAL} == {
        "pending": "cancelled",
        "processing": "cancelled",
        "cancelling": "cancelled",
    }


def test_two_statuses_can_be_cancelled_and_three_are_final() -> None:
    assert {"pending", "processing"} == CANCELLABLE
    assert {"completed", "failed", "cancelled"} == FINAL


@pytest.mark.parametrize(("status", "action"), sorted(set(product(STATUSES, ACTIONS)) - set(TRANSITIONS)))
def test_any_other_step_is_refused_with_the_history(status: Status, action: Action) -> None:
    history = [Transition(5, "pending", "created"), Transition(9, status, "a reason")]
    with pytest.raises(IllegalTransitionError) as refused:
        next_status(status, action, history)
    assert (
        str(refused.value)
        == f"a job that is {status} cannot {action}; its history: pending at 5 (created), {status} at 9 (a reason)"
    )
    with pytest.raises(IllegalTransitionError, match="its history: none"):
        next_status(status, action)


@given(st.lists(st.sampled_from(ACTIONS), max_size=20))
def test_every_walk_ends_after_three_steps_at_most(actions: list[Action]) -> None:
    status: Status = "pending"
    walk = [status]
    for action in actions:
        if (status, action) in TRANSITIONS:
            status = next_status(status, action)
            walk.append(status)
    assert len(walk) == len(set(walk)) <= 4
    assert all(step not in FINAL for step in walk[:-1])
