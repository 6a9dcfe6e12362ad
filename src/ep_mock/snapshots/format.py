"""What a snapshot looks like: the whole of a store as plain data, version 1. Times are nanoseconds since the
epoch.

The types refuse what a value cannot be by itself; what the values must be to each other is the matter of
`snapshot_check`. Codes refer to their batch by its place in `batches`, jobs and promotions to each other by
id. Not saved: the journal, faults, and the keys that sign tokens and URLs.
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
from ep_mock.simulation.state import JobTransition
from ep_mock.timings import LONGEST as LONGEST_STEP

VERSION: Literal[1] = 1

Count = Annotated[int, Meta(ge=0, le=10**15)]
"""How often something was done: no store comes near the end of these."""
Uses = Annotated[int, Meta(ge=0)]
"""How often codes can be used; the API sets no limit to it."""
Quantity = Annotated[int, Meta(ge=0, le=100_000_000)]
"""How many codes: no more than the greatest limit that can be set."""
Duration = Annotated[int, Meta(ge=0, le=LONGEST_STEP)]
Instant = int
"""Nanoseconds; bounds beyond 64 bits are not for msgspec to check."""
Identity = Annotated[str, Meta(pattern="^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\\Z")]
PlanId = Annotated[str, Meta(pattern="^plan-[1-9][0-9]{0,14}\\Z")]
Text = Annotated[str, Meta(min_length=1)]


class _State(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """Plain data, strictly read."""


class BatchState(_State, kw_only=True):
    """See `domain.codes.Batch`."""

    prefix: str = ""
    key_prefix: str = ""
    upper_case: bool = False
    consume_unit: str | None = None
    max_uses: Uses | None = None
    created_at: Instant
    created_by: str


class CodeState(_State, kw_only=True):
    """See `domain.codes.Code`."""

    code: Text
    batch: Count
    consume_unit: str | None = None
    uses: Uses | None = None
    max_uses: Uses | None = None
    user: str | tuple[str, ...] | None = None
    max_uses_per_shopper: dict[str, Any] | None = None
    is_for_new_shopper: bool | None = None


class PlainRun(_State, kw_only=True, tag="plain"):
    """Codes one after the other that differ in nothing from their batch, by their keys."""

    batch: Count
    keys: Annotated[list[Text], Meta(min_length=1)]


class SingleCode(_State, kw_only=True, tag="code"):
    """One code in which something differs."""

    key: Text
    code: CodeState


CodeRuns = list[PlainRun | SingleCode]


class JobState(_State, kw_only=True):
    """See `simulation.job.Job`."""

    id: Identity
    number: Annotated[int, Meta(ge=1)]
    family: FamilyName
    promotion_id: Identity
    job_type: JobType
    name: str | None = None
    parameters: dict[str, Any] | None = None
    status: Status
    created_at: Instant
    updated_at: Instant
    error: Text | None = None
    result: dict[str, Quantity] | None = None
    result_key: str
    plan: Plan
    plan_id: PlanId | None = None
    history: Annotated[list[Transition], Meta(min_length=1)]


class UsageState(_State, kw_only=True):
    """See `simulation.usage.Usage`. Those of deleted promotions are kept, too."""

    id: Identity
    family: FamilyName
    code_id: Identity
    code: Text
    code_key: Text
    times_used: Uses
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

    id: Identity
    family: FamilyName
    fields: dict[str, Any]
    start: Instant
    end: Instant
    created_at: Instant
    updated_at: Instant
    author: str
    updated_by: str
    codes_limit: Quantity | None = None
    codes: CodeRuns = []
    jobs: list[Identity] = []
    former: list[dict[str, Any]] = []
    usages: list[Identity] = []


class GrowthState(_State, kw_only=True):
    """See `simulation.growth.CodeGeneration`."""

    source: Identity
    batch: Count
    length: Annotated[int, Meta(ge=SHORTEST, le=LONGEST)]
    given: tuple[str, ...] = ()
    drawn: Count
    made: list[Text]


class ShrinkageState(_State, kw_only=True):
    """See `simulation.growth.CodeDeletion`."""

    batch: Count
    keys: list[Text]
    done: Quantity
    deleted: Quantity


class TaskState(_State, kw_only=True):
    """See `simulation.task.Task`."""

    job: Identity
    started: Instant
    lead: Duration
    per_unit: Duration
    units: Quantity
    action: Action
    error: Text | None = None
    stuck: bool = False
    generated: Quantity = 0
    growth: GrowthState | None = None
    shrinkage: ShrinkageState | None = None


class WorkerState(_State, kw_only=True):
    """See `simulation.worker.Worker`.

    Attributes:
        exports: the codes of exported files by job id; a text is the id of what has the very same codes: the
            job's promotion, or another export of it that comes first.
    """

    queue: list[Identity] = []
    task: TaskState | None = None
    free_since: Instant
    pickup_due: Instant | None = None
    paused: bool = False
    exports: dict[Identity, CodeRuns | Identity] = {}


class PlanState(_State, kw_only=True):
    """A plan in force."""

    id: PlanId
    plan: Plan
    left: Annotated[int, Meta(ge=1)]


class ClockState(_State, kw_only=True):
    """The clock as it was."""

    mode: ClockMode
    now: Instant
    scale: float


class StoreSnapshot(_State, kw_only=True):
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
    sequence: Count | None = None
    """Older snapshots have none, and their transitions no numbers: see `snapshot_numbering`."""
    polls: Count = 0
    polled_at: Instant = 0
    """No longer used, and `polls` neither: older snapshots have them."""
    looks: dict[Identity, dict[Text, Count]] = {}
