"""The store's only job worker. It processes pending jobs one at a time, in order of arrival.

It has no thread: it knows when its next event is due, and carries it out when the store settles. While it
deletes the codes of a cancelled job, the next job waits.
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
    """Picks up jobs from the queue and ends them.

    Attributes:
        task: its current work, None while it is idle.
        idle_since: when it last became idle.
        pickup_due: when it picks up the next job, None while it is busy, paused or has no job to pick up.
        paused: whether it picks up no jobs. It continues its current task.
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
        """When the next event is due, None if there is none."""
        return self.task.due if self.task is not None else self.pickup_due

    @property
    def queued(self) -> int:
        """Number of pending jobs."""
        return len(self._waiting) + len(self._stuck)

    def queue(self) -> list[tuple[Job, Promotion]]:
        """The pending jobs with their promotions, in order of arrival."""
        return sorted(self.pickup_order(), key=lambda entry: entry[0].number)

    def pickup_order(self) -> list[tuple[Job, Promotion]]:
        """The pending jobs in the order in which they are picked up; those stuck in the queue come last."""
        return [*self._waiting.values(), *self._stuck.values()]

    def add_to_queue(self, job: Job, promotion: Promotion) -> None:
        """Put a pending job at the end of the queue, but don't schedule its pickup."""
        queue = self._stuck if job.plan.is_stuck_in("pending") else self._waiting
        queue[job.id] = job, promotion

    def enqueue(self, job: Job, promotion: Promotion) -> None:
        """Put a new job at the end of the queue."""
        self.add_to_queue(job, promotion)
        if self.pickup_due is None:
            self.schedule_pickup(job.created_at)

    def enqueue_waiting(self, job: Job, promotion: Promotion, now: int) -> None:
        """Put a job at the end of the queue that was created before `now`.

        If the worker has nothing else to do, it counts as idle since `now`.
        """
        if self.task is None and not self.queued:
            self.idle_since = now
        self.enqueue(job, promotion)

    def resume_job(self, job: Job, promotion: Promotion, now: int, *, generated: int, deleted: int) -> None:
        """Resume a job that is already `processing` or `cancelling`. The worker must be idle.

        Args:
            generated: number of codes the job has made so far; 0 if the job is going to fail.
            deleted: number of these codes that a cancelling job has deleted so far.
        """
        if job.parameters is None and job.status == "processing":
            promotion.capture_export(job.id)
        task, done = start_task(self._state, job, promotion, job.history[1].at), generated
        if task.generation is not None:
            # The codes described as made are made now.
            self._generate(task.generation, promotion, generated, lambda _: now)
        if job.status == "cancelling":
            task, done = cancel_task(self._state, task, now), deleted
            if task.deletion is not None:
                task.deletion.advance_to(deleted)
        # Began as long ago as the finished part takes.
        task.started = now - task.lead - task.per_unit * done if done else now
        self.task = task
        self.schedule_pickup(now)

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
        """Pick up no more jobs until `resume`."""
        self.paused = True
        self.pickup_due = None

    def resume(self, now: int) -> None:
        """Pick up jobs again."""
        self.paused = False
        self.schedule_pickup(now)

    def schedule_pickup(self, now: int) -> None:
        """Set the time at which the next job is picked up, from the timings of now.

        That is a delay after the job was created and the worker became idle, but not in the past.
        """
        self.pickup_due = None
        entry = self._next_entry()
        if entry is not None and self.task is None and not self.paused:
            job, _ = entry
            delay = timings_for(self._state, job).pickup
            self.pickup_due = max(now, max(job.created_at, self.idle_since) + delay)

    def update_codes(self, now: int) -> None:
        """Make or delete the codes due by `now`. Call this before codes are read or changed."""
        task = self.task
        if task is None:
            return
        if task.generation is not None:
            self._generate(task.generation, task.promotion, task.units_at(now), task.unit_done_at)
        if task.deletion is not None:
            task.deletion.advance_to(task.units_at(now))

    def reserved_for(self, promotion: Promotion) -> int:
        """Number of codes that the promotion's running generate job has yet to make, as of `update_codes`."""
        task = self.task
        if task is None or task.promotion is not promotion or task.generation is None:
            return 0
        return task.units - len(task.generation.made)

    def cancel(self, job: Job, now: int) -> None:
        """Cancel a pending or processing job.

        Generation stops at this instant; deleting the codes made so far takes time.
        """
        task = self.task
        if task is None or task.job is not job:
            self._drop(job)
            self._move(job, "cancel", now, "cancelled while pending")
            self.schedule_pickup(now)
            return
        self.update_codes(now)
        self._move(job, "cancel", now, "cancel requested")
        self.task = cancel_task(self._state, task, now)
        if self.task.action == "finish_cancel":
            task.promotion.exports.pop(job.id, None)

    def abandon(self, promotion: Promotion, now: int) -> None:
        """Give up all jobs of a promotion that is being deleted. If one of them was running, become idle."""
        for job in promotion.jobs:
            if job.ended:
                continue
            if self.task is not None and self.task.job is job:
                self.task = None
                self.idle_since = now
            else:
                self._drop(job)
            self._move(job, "abandon", now, "promotion deleted")
        self.schedule_pickup(now)

    def _next_entry(self) -> tuple[Job, Promotion] | None:
        return next(iter(self._waiting.values()), None)

    def _drop(self, job: Job) -> None:
        self._waiting.pop(job.id, None)
        self._stuck.pop(job.id, None)

    def _move(self, job: Job, action: Action, at: int, cause: str, *, task: Task | None = None) -> None:
        error, result = (task.error, task.result()) if task is not None else (None, None)
        job.move(action, at, cause, error=error, result=result)
        self._state.record(job)

    def _pick_up(self, at: int) -> None:
        # This comes first, so that settling ends whatever the queue holds.
        self.pickup_due = None
        entry = self._next_entry()
        if entry is None:
            return
        job, promotion = entry
        self._drop(job)
        self._move(job, "pick_up", at, "taken up by the worker")
        if job.parameters is None:
            promotion.capture_export(job.id)
        self.task = start_task(self._state, job, promotion, at)

    def _generate(
        self, generation: CodeGeneration, promotion: Promotion, count: int, made_at: Callable[[int], int]
    ) -> None:
        generation.advance_to(
            count, made_at, lambda keys, at: self._state.taken_elsewhere(promotion, keys, at)
        )

    def _end(self, task: Task, at: int) -> None:
        self.update_codes(at)
        if task.action == "fail":
            task.promotion.exports.pop(task.job.id, None)
            if task.generation is not None:
                made = task.generation.made
                CodeDeletion(task.promotion.book, task.generation.batch, made).advance_to(len(made))
        self._move(task.job, task.action, at, task.error or _CAUSES[task.action], task=task)
        self.task = None
        self.idle_since = at
        self.schedule_pickup(at)
