"""The verbs of plans: put one in force, withdraw it. What becomes of the jobs is decided where they are
created and worked on.
"""

from __future__ import annotations

from typing import Final

from ep_mock.domain.plans import Plan, check_plan
from ep_mock.errors import UsageError
from ep_mock.simulation.state import ActivePlan, StoreState

MOST_PLANS: Final = 1000
"""How many plans a store has at most."""


def add_plan(state: StoreState, plan: Plan) -> ActivePlan:
    """Put a plan in force; the oldest that matches a job wins.

    Raises:
        UsageError: it contradicts itself, or there are too many.
    """
    check_plan(plan)
    if len(state.plans) >= MOST_PLANS:
        raise UsageError(f"plan: there are {MOST_PLANS} already; withdraw some first")
    state.plans_made += 1
    in_force = ActivePlan(f"plan-{state.plans_made}", plan, plan.times)
    state.plans.append(in_force)
    return in_force


def withdraw_plan(state: StoreState, plan_id: str) -> bool:
    """Withdraw one plan; answers whether it was in force. Jobs that are there already keep theirs."""
    left = [each for each in state.plans if each.id != plan_id]
    found = len(left) < len(state.plans)
    state.plans = left
    return found


def withdraw_all_plans(state: StoreState) -> None:
    """Withdraw all plans. Jobs that are there already keep theirs."""
    state.plans = []
