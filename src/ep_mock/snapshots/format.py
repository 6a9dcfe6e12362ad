"""The format of snapshots, version 1: a whole store as plain data. Times are nanoseconds since the epoch.

Fields are named as in the records of `simulation` and `domain`, so that `of` can copy them; `rename` lists
the JSON keys that differ. The types refuse values that are wrong by themselves, `snapshots.check` those that
contradict each other. Codes refer to their batch by its index in `batches`, jobs and promotions to each
other by id. Not saved: the journal, faults, and the keys that sign tokens and URLs.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

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
"""Number of events; no store comes near the end."""
Uses = Annotated[int, Meta(ge=0)]
"""Number of uses of a code; the API sets no limit to it."""
Quantity = Annotated[int, Meta(ge=0, le=100_000_000)]
"""Number of codes, up to the greatest limit that can be set."""
Duration = Annotated[int, Meta(ge=0, le=LONGEST_STEP)]
Instant = int
"""Nanoseconds; msgspec can't check bounds beyond 64 bits."""
Identity = Annotated[str, Meta(pattern="^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\\Z")]
PlanId = Annotated[str, Meta(pattern="^plan-[1-9][0-9]{0,14}\\Z")]
Text = Annotated[str, Meta(min_length=1)]


class _Snapshot(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """Plain data, strictly read."""

    @classmethod
    def of(cls, record: object, **different: Any) -> Self:
        """The snapshot of a record, with the fields of the record.

        Args:
            different: fields that the record doesn't have, or has in another form.
        """
        for name in cls.__struct_fields__:
            if name not in different:
                different[name] = getattr(record, name)
        return cls(**different)


class BatchSnapshot(_Snapshot, kw_only=True):
    """See `domain.codes.Batch`."""

    prefix: str = ""
    key_prefix: str = ""
    upper_case: bool = False
    consume_unit: str | None = None
    max_uses: Uses | None = None
    created_at: Instant
    created_by: str


class CodeSnapshot(_Snapshot, kw_only=True):
    """See `domain.codes.Code`."""

    code: Text
    batch: Count
    consume_unit: str | None = None
    uses: Uses | None = None
    max_uses: Uses | None = None
    user: str | tuple[str, ...] | None = None
    max_uses_per_shopper: dict[str, Any] | None = None
    is_for_new_shopper: bool | None = None


class PlainRun(_Snapshot, kw_only=True, tag="plain"):
    """The keys of consecutive codes that don't differ from their batch."""

    batch: Count
    keys: Annotated[list[Text], Meta(min_length=1)]


class SingleCode(_Snapshot, kw_only=True, tag="code"):
    """One code that differs from its batch."""

    key: Text
    code: CodeSnapshot


CodeRuns = list[PlainRun | SingleCode]


class JobSnapshot(_Snapshot, kw_only=True):
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


class UsageSnapshot(_Snapshot, kw_only=True):
    """See `simulation.usage.Usage`. Usages of deleted promotions are kept, too."""

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


class PromotionSnapshot(_Snapshot, kw_only=True, rename={"previous_versions": "former"}):
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
    previous_versions: list[dict[str, Any]] = []
    usages: list[Identity] = []


class CodeGenerationSnapshot(_Snapshot, kw_only=True):
    """See `simulation.code_generation.CodeGeneration`."""

    source: Identity
    batch: Count
    length: Annotated[int, Meta(ge=SHORTEST, le=LONGEST)]
    given: tuple[str, ...] = ()
    drawn: Count
    made: list[Text]


class CodeDeletionSnapshot(_Snapshot, kw_only=True):
    """See `simulation.code_generation.CodeDeletion`."""

    batch: Count
    keys: list[Text]
    done: Quantity
    deleted: Quantity


class TaskSnapshot(_Snapshot, kw_only=True, rename={"generation": "growth", "deletion": "shrinkage"}):
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
    generation: CodeGenerationSnapshot | None = None
    deletion: CodeDeletionSnapshot | None = None


class WorkerSnapshot(_Snapshot, kw_only=True, rename={"idle_since": "free_since"}):
    """See `simulation.worker.Worker`.

    Attributes:
        exports: the codes of exported files by job id. A text is an id: the file has the codes that the job's
            promotion has now, or those of an earlier export of it.
    """

    queue: list[Identity] = []
    task: TaskSnapshot | None = None
    idle_since: Instant
    pickup_due: Instant | None = None
    paused: bool = False
    exports: dict[Identity, CodeRuns | Identity] = {}


class PlanSnapshot(_Snapshot, kw_only=True):
    """See `simulation.state.ActivePlan`."""

    id: PlanId
    plan: Plan
    left: Annotated[int, Meta(ge=1)]


class ClockSnapshot(_Snapshot, kw_only=True):
    """See `ep_mock.clock.Clock`."""

    mode: ClockMode
    now: Instant
    scale: float


class StoreSnapshot(_Snapshot, kw_only=True, rename={"poll_counts": "looks"}):
    """A whole store."""

    ep_mock_snapshot: Literal[1]
    clock: ClockSnapshot
    settings: dict[str, Any]
    entropy_key: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    entropy_drawn: Count
    batches: list[BatchSnapshot]
    promotions: list[PromotionSnapshot]
    jobs: list[JobSnapshot]
    jobs_created: Count
    usages: list[UsageSnapshot] = []
    plans: list[PlanSnapshot]
    plans_made: Count
    worker: WorkerSnapshot
    transitions: list[JobTransition]
    transitions_total: Count
    sequence: Count | None = None
    """Missing in older snapshots, whose transitions have no numbers: see `snapshots.numbering`."""
    polls: Count = 0
    polled_at: Instant = 0
    """Unused, like `polls`; older snapshots have them."""
    poll_counts: dict[Identity, dict[Text, Count]] = {}
