"""Plans: they change the course of the next matching jobs. The real service does not have them."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from ep_mock.domain.codes import LONGEST_NAME
from ep_mock.domain.families import FamilyName
from ep_mock.domain.lifecycle import JobType, Status
from ep_mock.domain.patterns import Pattern, fits
from ep_mock.errors import UsageError
from ep_mock.timings import parse_timings


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Which jobs a plan is for, and what happens to them.

    Attributes:
        family, promotion_id, job_type, name: conditions on the job; an omitted one matches all. `name` is a
            pattern, in which `*` is any text.
        times: number of jobs that the plan is for.
        timings: the pace of the job, in the form of the setting: `fast,delete=20s`.
        fail: the error with which the job fails.
        stuck: the status in which the job stays until it is cancelled or its promotion deleted. The worker
            skips a job stuck in `pending`; one stuck later keeps it busy.
        after_codes: number of codes that a generate job makes before it fails or is stuck in `processing`;
            the codes of a failed job are removed.
        lose_race: a cancellation comes too late: the codes are deleted, but the job ends `completed`, with
            `deleted` in its result.
        job_id: the id of the job, a UUID.
        codes: the first codes of a generate job, before those that it makes.
    """

    family: FamilyName | None = None
    promotion_id: str | None = None
    job_type: JobType | None = None
    name: Pattern | None = None
    times: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 1
    timings: str | None = None
    fail: Annotated[str, msgspec.Meta(min_length=1)] | None = None
    stuck: Literal["pending", "processing", "cancelling"] | None = None
    after_codes: Annotated[int, msgspec.Meta(ge=0)] | None = None
    lose_race: bool = False
    job_id: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")] | None = None
    codes: tuple[Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_NAME)], ...] = ()

    def matches(self, *, family: str, promotion_id: str, job_type: str, name: str | None) -> bool:
        """Whether the plan is for a new job with these properties."""
        return (
            self.family in (None, family)
            and self.promotion_id in (None, promotion_id)
            and self.job_type in (None, job_type)
            and (self.name is None or fits(self.name, name or ""))
        )

    def is_stuck_in(self, status: Status) -> bool:
        """Whether the job stays in this status."""
        return self.stuck == status


NO_PLAN = Plan()
"""A plan that changes nothing."""


def check_plan(plan: Plan) -> None:
    """Check that the properties of a plan fit together.

    Raises:
        UsageError: they contradict each other or have no effect; the message begins with the property.
    """
    if plan.timings is not None:
        parse_timings(plan.timings)
    if plan.fail is not None and plan.stuck in ("pending", "processing"):
        raise UsageError(f"stuck: a job that is stuck in {plan.stuck} cannot fail as well")
    if plan.after_codes is not None and plan.fail is None and plan.stuck != "processing":
        raise UsageError("after_codes: is only valid with fail or with stuck: processing")
    if plan.job_id is not None and plan.times != 1:
        raise UsageError("job_id: is only valid for one job; leave out times")
    if plan.job_id is not None and plan.job_id.endswith("\n"):  # the `$` of the pattern accepts one
        raise UsageError("job_id: expected a UUID without a line break")
    if len(set(plan.codes)) < len(plan.codes):
        raise UsageError("codes: each code can be given once")
    if not (plan.timings or plan.fail or plan.stuck or plan.lose_race or plan.job_id or plan.codes):
        raise UsageError("plan: has no effect; set one of timings, fail, stuck, lose_race, job_id, codes")
