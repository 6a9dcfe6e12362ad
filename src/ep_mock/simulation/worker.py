"""The store's single job worker: takes pending jobs in order of arrival, one at a time.

It owns no thread: it only knows when its next event is due, and carries it out when the store settles. While
it deletes the codes of a cancelled job the next job waits.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from ep_mock.domain.lifecycle import Action
from ep_mock.simulation.code_generation import CodeDeletion, CodeGeneration
from ep_mock.simulation.job import Job
from ep_mock.simulation.promotion import Promotion
from ep_mock.simulation.state import StoreState
from ep_mock.simulation.task import Task, cancel_task, start_task, timings_for

_CAUSES: dict[Action, str] = {
    "complete": "done",
    "finish_cancel": "codes deleted",
    "lose_race": "the cancellation came too late",
}


class Worker:
    """Takes jobs from the queue and ends them.

    Attributes:
        task: what it is doing, None when it is free.
        idle_since: when it last became free.
        pickup_due: when it takes up the next job, None while it is busy, paused or has nothing to take up.
        paused: whether it takes up no job; what it has in its hands goes on.
    """

    def __init__(self, state: StoreState) -> None:
        self._state = state
        self.idle_since = 0
        self.pickup_due: int | None = None
        self._waiting: OrderedDict[str, tuple[Job, Promotion]] = OrderedDict()
        self._stuck: OrderedDict[str, tuple[Job, Promotion]] = OrderedDict()
        self.task: Task | None = None
        self.paused = False

    @property
    def due(self) -> int | None:
        """When the next event happens, None when nothing is to come."""
        return self.task.due if self.task is not None else self.pickup_due

    @property
    def queued(self) -> int:
        """Number of pending jobs."""
        return len(self._waiting) + len(self._stuck)

    def queue(self) -> list[tuple[Job, Promotion]]:
        """The pending jobs with their promotions, in order of arrival."""
        return (
            sorted(self.pickup_order(), key=lambda entry: entry[0].number)
            if self._stuck
            else self.pickup_order()
        )

    def pickup_order(self) -> list[tuple[Job, Promotion]]:
        """The pending jobs in the order in which they will be taken up; those stuck in the queue come
        last.
        """
        return [*self._waiting.values(), *self._stuck.values()]

    def add_to_queue(self, job: Job, promotion: Promotion) -> None:
        """Let a pending job wait behind all others, without any plan to take it up."""
        line = self._stuck if job.plan.is_stuck_in("pending") else self._waiting
        line[job.id] = job, promotion

    def enqueue(self, job: Job, promotion: Promotion) -> None:
        """Take a new job into the queue."""
        self.add_to_queue(job, promotion)
        if self.pickup_due is None:
            self._schedule_pickup(job.created_at)

    def enqueue_waiting(self, job: Job, promotion: Promotion, now: int) -> None:
        """Take a job into the queue that has been waiting since some time before `now`, when the worker turns
        to its work.
        """
        if self.task is None and not self.queued:
            self.idle_since = now
        self.enqueue(job, promotion)

    def resume_job(self, job: Job, promotion: Promotion, now: int, *, generated: int, deleted: int) -> None:
        """Go on, with free hands, with a job that is `processing` or `cancelling` already.

        Args:
            generated: how many codes it has made by now, which is none if it is going to fail.
            deleted: how many of them a cancelling one has deleted by now.
        """
        if job.parameters is None and job.status == "processing":
            promotion.capture_export(job.id)
        task = start_task(self._state, job, promotion, job.history[1].at)
        if task.generation is not None:
            # What a description says is there comes into being now.
            self._grow(task.generation, promotion, generated, lambda _: now)
        done = generated
        if job.status == "cancelling":
            task, done = cancel_task(self._state, task, now), deleted
            if task.deletion is not None:
                task.deletion.advance_to(deleted)
        if done:
            # As if it had begun just so long ago as what is done takes.
            task.started = now - task.lead - task.per_unit * done
        else:
            task.started = now
        self.task = task
        self._schedule_pickup(now)

    def run_due_event(self) -> None:
        """Carry out the next event at its own time, if there is one."""
        due = self.due
        if due is None:
            return
        if self.task is not None:
            self._end(self.task, due)
        else:
            self._pick_up(due)

    def pause(self) -> None:
        """Take up no more jobs until `resume`."""
        self.paused = True
        self.pickup_due = None

    def resume(self, now: int) -> None:
        """Take up jobs again."""
        self.paused = False
        self._schedule_pickup(now)

    def reschedule(self, now: int) -> None:
        """Take up the next job as soon as the pace of now says, which may have changed, but not in the
        past.
        """
        self._schedule_pickup(now)

    def update_codes(self, now: int) -> None:
        """Make or delete the codes that have come or gone by `now`; to be called before anybody looks at
        codes or changes them.
        """
        task = self.task
        if task is None:
            return
        if task.generation is not None:
            self._grow(task.generation, task.promotion, task.units_at(now), task.made_at)
        if task.deletion is not None:
            task.deletion.advance_to(task.units_at(now))

    def reserved_for(self, promotion: Promotion) -> int:
        """How many codes the running generate job of this promotion has yet to make, as of the last
        `update_codes`.
        """
        task = self.task
        if task is None or task.promotion is not promotion or task.generation is None:
            return 0
        return task.units - len(task.generation.made)

    def cancel(self, job: Job, now: int) -> None:
        """Cancel a pending or processing job. Generation stops at this instant; what was made is deleted in
        time.
        """
        task = self.task
        if task is None or task.job is not job:
            self._drop(job)
            self._move(job, "cancel", now, "cancelled while pending")
            self._schedule_pickup(now)
            return
        self.update_codes(now)
        self._move(job, "cancel", now, "cancel requested")
        self.task = cancel_task(self._state, task, now)
        if self.task.action == "finish_cancel":
            task.promotion.exports.pop(job.id, None)

    def abandon(self, promotion: Promotion, now: int) -> None:
        """Give up all jobs of a promotion that is being deleted; the worker is free again, and their files
        are gone.
        """
        for job in promotion.jobs:
            if job.ended:
                continue
            if self.task is not None and self.task.job is job:
                self.task = None
                self.idle_since = now
            else:
                self._drop(job)
            self._move(job, "abandon", now, "promotion deleted")
        self._schedule_pickup(now)

    def _schedule_pickup(self, now: int) -> None:
        """The first job in line is taken up a delay after it came and the worker was free, but not in the
        past.
        """
        self.pickup_due = None
        if self.task is not None or self.paused:
            return
        first = self._first()
        if first is not None:
            job, delay = first[0], timings_for(self._state, first[0]).pickup
            self.pickup_due = max(now, max(job.created_at, self.idle_since) + delay)

    def _first(self) -> tuple[Job, Promotion] | None:
        """The first in line that is not stuck there."""
        return next(iter(self._waiting.values()), None)

    def _drop(self, job: Job) -> None:
        self._waiting.pop(job.id, None)
        self._stuck.pop(job.id, None)

    def _move(self, job: Job, action: Action, at: int, cause: str, *, task: Task | None = None) -> None:
        error, result = (task.error, task.result()) if task is not None else (None, None)
        job.move(action, at, cause, error=error, result=result)
        self._state.record(job)

    def _pick_up(self, at: int) -> None:
        # First of all, so that carrying out events until none is due ends, whatever the queue holds.
        self.pickup_due = None
        first = self._first()
        if first is None:
            return
        job, promotion = first
        self._drop(job)
        self._move(job, "pick_up", at, "taken up by the worker")
        if job.parameters is None:
            promotion.capture_export(job.id)
        self.task = start_task(self._state, job, promotion, at)

    def _grow(
        self, growth: CodeGeneration, promotion: Promotion, count: int, made_at: Callable[[int], int]
    ) -> None:
        growth.advance_to(count, made_at, lambda keys, at: self._state.taken_elsewhere(promotion, keys, at))

    def _end(self, task: Task, at: int) -> None:
        self.update_codes(at)
        if task.action == "fail":
            task.promotion.exports.pop(task.job.id, None)
            if task.generation is not None:
                CodeDeletion(task.promotion.book, task.generation.batch, task.generation.made).advance_to(
                    len(task.generation.made)
                )
        self._move(task.job, task.action, at, task.error or _CAUSES[task.action], task=task)
        self.task = None
        self.idle_since = at
        self._schedule_pickup(at)
