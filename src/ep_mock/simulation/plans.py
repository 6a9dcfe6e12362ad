"""The plans of a store for its next jobs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from ep_mock.domain.plans import Plan, check_plan
from ep_mock.errors import UsageError

MOST_PLANS: Final = 1000
"""Maximum number of active plans of a store."""


class ActivePlan(msgspec.Struct, eq=False):
    """A plan, and the number of jobs left that it applies to."""

    id: str
    plan: Plan
    left: int


class ActivePlans:
    """The active plans, oldest first. A job keeps its plan when the plan is withdrawn.

    Attributes:
        created: number of plans ever added; it gives the ids `plan-1`, `plan-2` and so on.
    """

    __slots__ = ("_plans", "created")

    def __init__(self, plans: Iterable[ActivePlan] = (), created: int = 0) -> None:
        self._plans = list(plans)
        self.created = created

    def __iter__(self) -> Iterator[ActivePlan]:
        return iter(self._plans)

    def __len__(self) -> int:
        return len(self._plans)

    def add(self, plan: Plan) -> ActivePlan:
        """Activate a plan.

        Raises:
            UsageError: it contradicts itself, or there are too many.
        """
        check_plan(plan)
        if len(self._plans) >= MOST_PLANS:
            raise UsageError(f"plan: there are {MOST_PLANS} already; withdraw some first")
        self.created += 1
        active = ActivePlan(f"plan-{self.created}", plan, plan.times)
        self._plans.append(active)
        return active

    def take(self, *, family: str, promotion_id: str, job_type: str, name: str | None) -> ActivePlan | None:
        """Use the oldest plan that matches a new job, for one of the jobs that it has left."""
        for position, active in enumerate(self._plans):
            if active.plan.matches(family=family, promotion_id=promotion_id, job_type=job_type, name=name):
                active.left -= 1
                if not active.left:
                    del self._plans[position]
                return active
        return None

    def withdraw(self, plan_id: str) -> bool:
        """Withdraw one plan; False if there is none with this id."""
        found = [position for position, active in enumerate(self._plans) if active.id == plan_id]
        for position in found:
            del self._plans[position]
        return bool(found)

    def withdraw_all(self) -> None:
        """Withdraw all plans."""
        self._plans.clear()
