"""What must hold of the worker in a snapshot, and of the work in its hands.

The jobs have been checked before.
"""

from __future__ import annotations

from typing import Final

from ep_mock.domain.codes import DEFAULT_LENGTH, joined_prefix
from ep_mock.domain.families import family_named
from ep_mock.domain.lifecycle import Action, Status
from ep_mock.domain.location import Location, shown
from ep_mock.simulation.code_book import key_of
from ep_mock.simulation.promotion import EXPORTS_KEPT
from ep_mock.snapshots import format as form
from ep_mock.snapshots.check_codes import check_batch, check_keys, check_runs
from ep_mock.snapshots.check_jobs import wanted_codes
from ep_mock.timings import LONGEST

_IN_HAND: Final[dict[Status, tuple[Action, ...]]] = {
    "processing": ("complete", "fail"),
    "cancelling": ("finish_cancel", "lose_race"),
}


class WorkerCheck:
    """The rules of the worker, held against one snapshot."""

    def __init__(self, place: Location, state: form.StoreSnapshot) -> None:
        self._place = place
        self._state = state
        self._now = state.clock.now
        self._jobs = {job.id: job for job in state.jobs}
        self._promotions = {promotion.id for promotion in state.promotions}

    def run(self) -> None:
        """
        Raises:
            UsageError: a rule is broken. The message names the place.
        """
        place, worker = self._place, self._state.worker
        waiting = [job.id for job in self._state.jobs if job.status == "pending"]
        place.at("queue").expect(
            worker.queue == waiting,
            f"the pending jobs in order of arrival, {shown(waiting)}",
            worker.queue,
        )
        in_hand = [job.id for job in self._state.jobs if job.status in _IN_HAND]
        held = [] if worker.task is None else [worker.task.job]
        place.at("task").expect(
            held == in_hand,
            f"the one job that is processing or cancelling, {shown(in_hand)}",
            held,
        )
        place.at("free_since").past_nanos(worker.free_since, self._now)
        self._pickup(place.at("pickup_due"), worker)
        self._exports(place.at("exports"), worker)
        if worker.task is not None:
            self._task(place.at("task"), worker.task, self._jobs[worker.task.job])

    def _exports(self, place: Location, worker: form.WorkerState) -> None:
        """Files belong to exports; one of the same codes as another names that one, or the promotion."""
        kept: dict[str, list[str]] = {}
        for job_id, runs in worker.exports.items():
            at, job = place.at(job_id), self._jobs.get(job_id)
            owned = job is not None and _keeps_file(job) and job.promotion_id in self._promotions
            at.expect(owned, "the id of an export job that has a file", job_id)
            promotion_id, family = self._jobs[job_id].promotion_id, family_named(self._jobs[job_id].family)
            others = kept.setdefault(promotion_id, [])
            if isinstance(runs, str):
                known = [promotion_id, *others[-EXPORTS_KEPT:]]
                at.expect(
                    runs in known, "the id of its promotion, or of an export of it that comes before", runs
                )
            else:
                check_runs(at, runs, self._state.batches, family)
            others.append(job_id)

    def _pickup(self, place: Location, worker: form.WorkerState) -> None:
        """The worker is about to take up a job if it is free and there is one that it may take up."""
        takes = any(not self._jobs[job_id].plan.is_stuck_in("pending") for job_id in worker.queue)
        takes = takes and worker.task is None and not worker.paused
        due = worker.pickup_due
        place.expect(
            (due is not None) == takes,
            "a time" if takes else "none, for the worker is busy, paused or has nothing to take up",
            due,
        )
        if due is not None:
            place.expect(
                self._now <= due <= self._now + LONGEST,
                f"a time from {self._now} on, at most {LONGEST} later",
                due,
            )

    def _task(self, place: Location, task: form.TaskState, job: form.JobState) -> None:
        plan, status = job.plan, job.status
        place.at("action").expect(
            task.action in _IN_HAND[status],
            f"one of {', '.join(_IN_HAND[status])}, for it is {status}",
            task.action,
        )
        place.at("stuck").expect(
            task.stuck == plan.is_stuck_in(status),
            "what the plan of its job says",
            task.stuck,
        )
        fails = task.action == "fail"
        place.at("error").expect(
            (task.error is not None) == fails,
            f"{'a text' if fails else 'none'}, for it ends with {task.action}",
            task.error,
        )
        place.at("started").expect(
            task.started <= self._now,
            f"a time that has passed at {self._now}",
            task.started,
        )
        if status == "processing":
            self._processing(place, task, job)
        else:
            self._cancelling(place, task, job)
        due = task.started + task.lead + task.per_unit * task.units
        place.expect(task.stuck or due >= self._now, f"work that ends at {self._now} or later", due)

    def _processing(self, place: Location, task: form.TaskState, job: form.JobState) -> None:
        plan, wanted, growth = job.plan, wanted_codes(job), task.growth
        place.at("shrinkage").expect(
            task.shrinkage is None,
            "none, for the job is processing",
            task.shrinkage,
        )
        place.at("generated").expect(task.generated == 0, "0, for the job is processing", task.generated)
        place.at("action").expect(
            plan.fail is None or task.action == "fail",
            "fail, for the plan of its job says so",
            task.action,
        )
        if job.parameters is None:
            place.at("growth").expect(growth is None, "none, for it is an export", growth)
            return
        if growth is None:
            place.at("units").expect(task.units == 0, "0, for it makes no codes", task.units)
            place.at("growth").expect(task.stuck or task.action == "fail", "the codes that it makes", growth)
            return
        makes = wanted if plan.fail is None and not task.stuck else min(plan.after_codes or 0, wanted)
        place.at("units").expect(
            0 < task.units == makes,
            f"as many codes as the job makes, {makes}",
            task.units,
        )
        self._growth(place.at("growth"), growth, task, job)

    def _growth(
        self,
        place: Location,
        growth: form.GrowthState,
        task: form.TaskState,
        job: form.JobState,
    ) -> None:
        family, parameters = family_named(job.family), job.parameters or {}
        place.at("source").expect(growth.source == job.id, f"the id of its job, {job.id}", growth.source)
        place.at("given").expect(
            growth.given == job.plan.codes,
            "the codes that the plan of its job gives",
            list(growth.given),
        )
        length = parameters.get("code_length", DEFAULT_LENGTH)
        place.at("length").expect(
            growth.length == length,
            f"the code_length of its job, {length}",
            growth.length,
        )
        batch = check_batch(place.at("batch"), growth.batch, self._state.batches)
        prefix = joined_prefix(parameters.get("code_prefix"))
        key = key_of(family, prefix)
        fits = (batch.prefix, batch.key_prefix) == (prefix, key)
        place.at("batch").expect(fits, f"a batch with the prefix of its job, {shown(prefix)}", batch.prefix)
        made = place.at("made")
        made.expect(
            len(growth.made) <= task.units,
            f"at most {task.units} codes, the units of the task",
            len(growth.made),
        )
        made.expect(len(set(growth.made)) == len(growth.made), "each code once", len(growth.made))
        check_keys(made, growth.made, family)
        place.at("drawn").expect(
            growth.drawn >= len(growth.made),
            f"at least as many as were made, {len(growth.made)}",
            growth.drawn,
        )

    def _cancelling(self, place: Location, task: form.TaskState, job: form.JobState) -> None:
        action = "lose_race" if job.plan.lose_race else "finish_cancel"
        place.at("action").expect(
            task.action == action,
            f"{action}, as the plan of its job says",
            task.action,
        )
        place.at("growth").expect(task.growth is None, "none, for the job is cancelling", task.growth)
        at, left = place.at("shrinkage"), task.shrinkage
        if left is None:
            place.at("units").expect(
                task.units == task.generated == 0,
                "0, for it deletes no codes",
                task.units,
            )
            return
        at.expect(job.parameters is not None, "none, for it is an export", left)
        check_batch(at.at("batch"), left.batch, self._state.batches)
        at.at("keys").expect(len(set(left.keys)) == len(left.keys), "each code once", len(left.keys))
        check_keys(at.at("keys"), left.keys, family_named(job.family))
        at.at("deleted").expect(left.deleted <= left.done, f"at most what is done, {left.done}", left.deleted)
        place.at("units").expect(
            task.units == len(left.keys) + left.done,
            "what is left to delete and what is done",
            task.units,
        )
        most = wanted_codes(job)
        place.at("generated").expect(
            task.units <= task.generated <= most,
            f"a number from {task.units} to {most}",
            task.generated,
        )


def _keeps_file(job: form.JobState) -> bool:
    """Whether a job is an export that has found codes and may yet complete, or has."""
    return job.job_type == "code_export" and (
        job.status in ("processing", "completed") or (job.status == "cancelling" and job.plan.lose_race)
    )
