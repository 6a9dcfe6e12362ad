"""What a snapshot looks like: the whole of a store as plain data, version 1. Times are nanoseconds since the epoch.

Codes refer to their batch by its place in `batches`, jobs and promotions to each other by id. Not saved: the journal, faults, and the
keys that sign tokens and URLs.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from ep_mock.clock import ClockMode
from ep_mock.domain.codes import LONGEST, SHORTEST
from ep_mock.domain.families import FamilyName
from ep_mock.domain.lifecycle import Action, JobType, Status, Transition
from ep_mock.domain.plans import Plan
from ep_mock.simulation.content import JobTransition

VERSION: Literal[1] = 1

Count = Annotated[int, Meta(ge=0)]
Instant = int
"""Nanoseconds; bounds beyond 64 bits are not for msgspec to check."""


class _State(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """Plain data, strictly read."""


class BatchState(_State, kw_only=True):
    """See `domain.codes.Batch`."""

    prefix: str = ""
    key_prefix: str = ""
    upper_case: bool = False
    consume_unit: str | None = None
    max_uses: Count | None = None
    created_at: Instant
    created_by: str


class CodeState(_State, kw_only=True):
    """See `domain.codes.Code`."""

    code: str
    batch: Count
    consume_unit: str | None = None
    uses: Count | None = None
    max_uses: Count | None = None
    user: str | tuple[str, ...] | None = None
    max_uses_per_shopper: dict[str, Any] | None = None
    is_for_new_shopper: bool | None = None


class PlainRun(_State, kw_only=True, tag="plain"):
    """Codes one after the other that differ in nothing from their batch, by their keys."""

    batch: Count
    keys: list[str]


class SingleCode(_State, kw_only=True, tag="code"):
    """One code in which something differs."""

    key: str
    code: CodeState


CodeRuns = list[PlainRun | SingleCode]


class JobState(_State, kw_only=True):
    """See `simulation.job.Job`."""

    id: str
    number: Count
    family: FamilyName
    promotion_id: str
    job_type: JobType
    name: str | None = None
    parameters: dict[str, Any] | None = None
    status: Status
    created_at: Instant
    updated_at: Instant
    error: str | None = None
    result: dict[str, int] | None = None
    result_key: str
    plan: Plan
    plan_id: str | None = None
    history: list[Transition]


class UsageState(_State, kw_only=True):
    """See `simulation.usage.Usage`. Those of deleted promotions are kept, too."""

    id: str
    family: FamilyName
    code_id: str
    code: str
    code_key: str
    times_used: Count
    used_on: Instant
    updated_at: Instant
    order_id: str | None = None
    customer_id: str | None = None
    customer_email: str | None = None
    account_id: str | None = None
    updated_by: str | None = None
    anonymized: bool = False


class PromotionState(_State, kw_only=True):
    """See `simulation.promotion.Promotion`."""

    id: str
    family: FamilyName
    fields: dict[str, Any]
    start: Instant
    end: Instant
    created_at: Instant
    updated_at: Instant
    author: str
    updated_by: str
    codes_limit: Count | None = None
    codes: CodeRuns = []
    jobs: list[str] = []
    former: list[dict[str, Any]] = []
    usages: list[str] = []


class GrowthState(_State, kw_only=True):
    """See `simulation.growth.Growth`."""

    source: str
    batch: Count
    length: Annotated[int, Meta(ge=SHORTEST, le=LONGEST)]
    given: tuple[str, ...] = ()
    drawn: Count
    made: list[str]


class ShrinkageState(_State, kw_only=True):
    """See `simulation.growth.Shrinkage`."""

    batch: Count
    keys: list[str]
    done: Count
    deleted: Count


class TaskState(_State, kw_only=True):
    """See `simulation.task.Task`."""

    job: str
    started: Instant
    lead: Count
    per_unit: Count
    units: Count
    action: Action
    error: str | None = None
    stuck: bool = False
    generated: Count = 0
    growth: GrowthState | None = None
    shrinkage: ShrinkageState | None = None


class WorkerState(_State, kw_only=True):
    """See `simulation.worker.Worker`.

    Attributes:
        exports: the codes of exported files by job id; a text is the id of what has the very same codes: the job's promotion, or another
            export of it that comes first.
    """

    queue: list[str] = []
    task: TaskState | None = None
    free_since: Instant
    pickup_due: int | None = None
    paused: bool = False
    exports: dict[str, CodeRuns | str] = {}


class PlanState(_State, kw_only=True):
    """A plan in force."""

    id: str
    plan: Plan
    left: Annotated[int, Meta(ge=1)]


class ClockState(_State, kw_only=True):
    """The clock as it was."""

    mode: ClockMode
    now: Instant
    scale: float


class StoreState(_State, kw_only=True):
    """A whole store."""

    ep_mock_snapshot: Literal[1]
    clock: ClockState
    settings: dict[str, Any]
    entropy_key: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    entropy_drawn: Count
    batches: list[BatchState]
    promotions: list[PromotionState]
    jobs: list[JobState]
    jobs_created: Count
    usages: list[UsageState] = []
    plans: list[PlanState]
    plans_made: Count
    worker: WorkerState
    transitions: list[JobTransition]
    transitions_total: Count
    polls: Count = 0
    polled_at: Instant = 0
    """No longer used, and `polls` neither: older snapshots have them."""
    looks: dict[str, dict[str, Count]] = {}
