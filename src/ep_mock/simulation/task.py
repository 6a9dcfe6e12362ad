"""One unit of the worker's work: created when a job is picked up, replaced when the job is cancelled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from ep_mock.domain.codes import DEFAULT_LENGTH, Batch, joined_prefix
from ep_mock.domain.lifecycle import Action
from ep_mock.simulation.code_generation import CodeDeletion, CodeGeneration
from ep_mock.simulation.job import Job
from ep_mock.simulation.promotion import Promotion
from ep_mock.simulation.state import StoreState
from ep_mock.timings import Timings, parse_timings

LIMIT_EXCEEDED = "codes limit exceeded"


class Task(msgspec.Struct, kw_only=True, eq=False):
    """One unit of work.

    Attributes:
        lead, per_unit, units: it takes `lead` nanoseconds, then `per_unit` for each of the `units` codes that
            it makes, exports or deletes.
        action: the step of the life cycle that ends the job; `error` goes with `fail`.
        stuck: it never ends by itself.
        generation, deletion: the codes that it makes or deletes; None where it does neither.
        generated: number of codes that a cancelled job had made.
    """

    job: Job
    promotion: Promotion
    started: int
    lead: int
    per_unit: int = 0
    units: int = 0
    action: Action = "complete"
    error: str | None = None
    stuck: bool = False
    generation: CodeGeneration | None = None
    deletion: CodeDeletion | None = None
    generated: int = 0

    @property
    def due(self) -> int | None:
        """When it ends, None when it is stuck."""
        return None if self.stuck else self.started + self.lead + self.per_unit * self.units

    @property
    def halfway_at(self) -> int | None:
        """When half of the codes are made or deleted, None if that cannot be seen."""
        if self.units < 2 or not self.per_unit or not (self.generation or self.deletion):
            return None
        return self.unit_done_at(self.units // 2)

    def units_at(self, now: int) -> int:
        """Number of codes that are done at `now`."""
        since = now - self.started - self.lead
        if since < 0:
            return 0
        return min(self.units, since // self.per_unit) if self.per_unit else self.units

    def unit_done_at(self, number: int) -> int:
        """When the code with this number, counted from 1, is made, exported or deleted."""
        return self.started + self.lead + self.per_unit * number

    def result(self) -> dict[str, int] | None:
        """The result of the job at the end, None if the job failed or was an export."""
        if self.job.parameters is None or self.action == "fail":
            return None
        if self.action == "complete":
            return {"generated": self.units}
        return {"generated": self.generated, "deleted": self.deletion.deleted if self.deletion else 0}


def timings_for(state: StoreState, job: Job) -> Timings:
    """The timings of a job: its plan's, otherwise those of the store."""
    return state.timings if job.plan.timings is None else parse_timings(job.plan.timings)


def new_code_generation(
    state: StoreState,
    promotion: Promotion,
    source: str,
    parameters: Mapping[str, Any],
    at: int,
    given: tuple[str, ...] = (),
) -> CodeGeneration:
    """The codes of a generate job with these parameters; none is made yet."""
    prefix = joined_prefix(parameters.get("code_prefix"))
    batch = Batch(
        prefix=prefix,
        key_prefix=promotion.book.key(prefix),
        upper_case=state.settings.code_case == "upper",
        consume_unit=parameters.get("consume_unit", promotion.family.consume_units[0]),
        max_uses=parameters.get("max_uses_per_code"),
        created_at=at,
        created_by=state.settings.author,
    )
    length = parameters.get("code_length", DEFAULT_LENGTH)
    return CodeGeneration(promotion.book, state.entropy, source, batch, length, given=given)


def start_task(state: StoreState, job: Job, promotion: Promotion, at: int) -> Task:
    """The work on a job that is picked up at `at`."""
    plan, timings = job.plan, timings_for(state, job)
    stuck = plan.is_stuck_in("processing")
    task = Task(job=job, promotion=promotion, started=at, lead=timings.fail, stuck=stuck)
    if plan.fail is not None:
        task.action, task.error = "fail", plan.fail
    if job.parameters is None:
        if plan.fail is None:
            task.lead, task.per_unit = timings.export, timings.export_per_code
            task.units = len(promotion.book)
        return task
    count: int = job.parameters["number_of_codes"]
    if len(promotion.book) + count > state.codes_quota(promotion).limit:
        task.action, task.error = "fail", LIMIT_EXCEEDED
        return task
    units = count if plan.fail is None and not stuck else min(plan.after_codes or 0, count)
    if units:
        task.lead, task.per_unit, task.units = timings.generate, timings.generate_per_code, units
        task.generation = new_code_generation(state, promotion, job.id, job.parameters, at, plan.codes)
    return task


def cancel_task(state: StoreState, task: Task, at: int) -> Task:
    """The work that remains when `task` is cancelled at `at`: the deletion of its codes.

    The codes must be up to date at `at`.
    """
    job, promotion, timings = task.job, task.promotion, timings_for(state, task.job)
    cancelled = Task(
        job=job,
        promotion=promotion,
        started=at,
        lead=timings.delete,
        per_unit=timings.delete_per_code,
        action="lose_race" if job.plan.lose_race else "finish_cancel",
        stuck=job.plan.is_stuck_in("cancelling"),
    )
    if task.generation is not None:
        made = task.generation.made
        cancelled.deletion = CodeDeletion(promotion.book, task.generation.batch, made)
        cancelled.units, cancelled.generated = len(cancelled.deletion), len(made)
    return cancelled
