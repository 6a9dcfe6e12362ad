"""What must hold of the jobs in a snapshot, and of the worker that is busy with them."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from ep_mock.domain.codes import DEFAULT_LENGTH, joined_prefix
from ep_mock.domain.families import family_named
from ep_mock.domain.lifecycle import FINAL, TRANSITIONS, Action, Status
from ep_mock.domain.plans import ORDINARY, Plan, check_plan
from ep_mock.errors import ApiError, UsageError
from ep_mock.simulation import snapshot_format as form
from ep_mock.simulation.codebook import key_of
from ep_mock.simulation.fixture_place import Check, Place, shown
from ep_mock.simulation.snapshot_check_codes import check_batch, check_keys, check_runs
from ep_mock.timings import LONGEST

_STEPS: Final = frozenset((before, after) for (before, _), after in TRANSITIONS.items())
_IN_HAND: Final[dict[Status, tuple[Action, ...]]] = {
    "processing": ("complete", "fail"),
    "cancelling": ("finish_cancel", "lose_race"),
}


class JobsCheck:
    """The rules of jobs and worker, held against one snapshot."""

    def __init__(self, root: Place, state: form.StoreState, check: Check) -> None:
        self._root = root
        self._state = state
        self._check = check
        self._now = state.clock.now
        self._jobs = {job.id: job for job in state.jobs}
        self._families = {promotion.id: promotion.family for promotion in state.promotions}

    def run(self) -> None:
        """
        Raises:
            UsageError: a rule is broken. The message names the place.
        """
        number = 0
        for index, job in enumerate(self._state.jobs):
            place = self._root.at("jobs", index)
            place.at("number").expect(number < job.number, f"a number above {number}, that of the job before", job.number)
            number = job.number
            self._job(place, job)
        made = self._root.at("jobs_created")
        made.expect(self._state.jobs_created == number, f"the number of the newest job, {number}", self._state.jobs_created)
        self._unfinished_jobs_of_promotions()
        self._worker(self._root.at("worker"), self._state.worker)

    def _job(self, place: Place, job: form.JobState) -> None:
        self._request(place, job)
        self._history(place, job)
        self._outcome(place, job)
        family = self._families.get(job.promotion_id)
        place.at("family").expect(family in (None, job.family), f"that of its promotion, {family}", job.family)
        if job.status not in FINAL:
            place.at("promotion_id").expect(family is not None, f"a promotion that is there, for the job is {job.status}", job.promotion_id)
        check_plan_of(place.at("plan"), job.plan)

    def _request(self, place: Place, job: form.JobState) -> None:
        """The job could have been asked for."""
        family, parameters = family_named(job.family), job.parameters
        generates = job.job_type == "code_generate"
        expected = "parameters" if generates else "none"
        place.at("parameters").expect((parameters is not None) == generates, f"{expected}, for it is a {job.job_type} job", parameters)
        request = {"type": "promotion_job", "job_type": job.job_type, "name": job.name, "parameters": parameters}
        try:
            self._check(family, "create_job", {name: value for name, value in request.items() if value is not None})
        except ApiError as error:
            raise place.refused(error) from None
        for name in parameters or ():
            known = ", ".join(family.parameter_order)
            place.at("parameters").expect(name in family.parameter_order, f"no other names than {known}", name)
        length = (parameters or {}).get("code_length", DEFAULT_LENGTH)
        place.at("parameters", "code_length").expect(type(length) is int, "a number", length)
        keys = ("result", "generate_result") if family.result_key_varies else ("result",)
        place.at("result_key").expect(job.result_key in keys, f"one of {', '.join(keys)}", job.result_key)

    def _history(self, place: Place, job: form.JobState) -> None:
        """The history takes steps of the life cycle, never back in time, and ends where the job is."""
        history, at = job.history, place.at("history")
        first, last = history[0], history[-1]
        place.at("created_at").past_nanos(job.created_at, self._now)
        at.at(0).expect((first.at, first.status) == (job.created_at, "pending"), "pending since created_at", [first.at, first.status])
        for index, (before, after) in enumerate(pairwise(history), 1):
            legal = (before.status, after.status) in _STEPS
            at.at(index).expect(legal, f"a status that can follow {before.status}", after.status)
            at.at(index).expect(before.at <= after.at, f"a time not before {before.at}, that of the entry before", after.at)
        at.at(len(history) - 1).expect(last.at <= self._now, f"a time that has passed at {self._now}", last.at)
        place.at("status").expect(job.status == last.status, f"the last status of the history, {last.status}", job.status)
        place.at("updated_at").expect(job.updated_at == last.at, f"the last time of the history, {last.at}", job.updated_at)

    def _outcome(self, place: Place, job: form.JobState) -> None:
        """Error and result are those of a job that ended so."""
        failed, result = job.status == "failed", job.result
        place.at("error").expect((job.error is not None) == failed, f"{'a text' if failed else 'none'}, for it is {job.status}", job.error)
        needed = job.status == "completed" and job.parameters is not None
        at = place.at("result")
        at.expect(result is not None or not needed, "a result, for the job has completed", result)
        if result is None:
            return
        allowed = needed or (job.parameters is not None and job.status == "cancelled" and job.history[-2].status == "cancelling")
        at.expect(allowed, f"none, for it is a {job.status} {job.job_type} job", result)
        names = set(result) in ({"generated"}, {"generated", "deleted"})
        at.expect(names, "generated, and deleted where something was", list(result))
        at.at("generated").expect(result["generated"] <= _wanted(job), f"at most number_of_codes, {_wanted(job)}", result["generated"])
        deleted = result.get("deleted", 0)
        at.at("deleted").expect(deleted <= result["generated"], f"at most generated, {result['generated']}", deleted)

    def _unfinished_jobs_of_promotions(self) -> None:
        """Only the newest job of a promotion is pending or processing; one that is cancelling is followed by none but cancelled ones."""
        newest: dict[str, form.JobState] = {}
        later: dict[str, Status] = {}
        for index in reversed(range(len(self._state.jobs))):
            job = self._state.jobs[index]
            after = newest.setdefault(job.promotion_id, job)
            at = self._root.at("jobs", index, "status")
            if job.status in ("pending", "processing"):
                at.expect(job is after, f"a final status, for job {after.id} of the same promotion is newer", job.status)
            elif job.status == "cancelling":
                behind = later.get(job.promotion_id)
                at.expect(behind is None, f"a final status, for a newer job of the same promotion is {behind}", job.status)
            if job.status not in ("pending", "cancelled"):
                later[job.promotion_id] = job.status

    def _worker(self, place: Place, worker: form.WorkerState) -> None:
        waiting = [job.id for job in self._state.jobs if job.status == "pending"]
        place.at("queue").expect(worker.queue == waiting, f"the pending jobs in order of arrival, {shown(waiting)}", worker.queue)
        in_hand = [job.id for job in self._state.jobs if job.status in _IN_HAND]
        held = [] if worker.task is None else [worker.task.job]
        place.at("task").expect(held == in_hand, f"the one job that is processing or cancelling, {shown(in_hand)}", held)
        place.at("free_since").past_nanos(worker.free_since, self._now)
        self._pickup(place.at("pickup_due"), worker)
        for job_id, runs in worker.exports.items():
            at, job = place.at("exports", job_id), self._jobs.get(job_id)
            at.expect(
                job is not None and _keeps_file(job) and job.promotion_id in self._families,
                "the id of an export job that has a file",
                job_id,
            )
            check_runs(at, runs, self._state.batches, family_named(self._jobs[job_id].family))
        if worker.task is not None:
            self._task(place.at("task"), worker.task, self._jobs[worker.task.job])

    def _pickup(self, place: Place, worker: form.WorkerState) -> None:
        """The worker is about to take up a job if it is free and there is one that it may take up."""
        takes = any(not self._jobs[job_id].plan.is_stuck_in("pending") for job_id in worker.queue)
        takes = takes and worker.task is None and not worker.paused
        due = worker.pickup_due
        place.expect(
            (due is not None) == takes, "a time" if takes else "none, for the worker is busy, paused or has nothing to take up", due
        )
        if due is not None:
            place.expect(self._now <= due <= self._now + LONGEST, f"a time from {self._now} on, at most {LONGEST} later", due)

    def _task(self, place: Place, task: form.TaskState, job: form.JobState) -> None:
        plan, status = job.plan, job.status
        place.at("action").expect(task.action in _IN_HAND[status], f"one of {', '.join(_IN_HAND[status])}, for it is {status}", task.action)
        place.at("stuck").expect(task.stuck == plan.is_stuck_in(status), "what the plan of its job says", task.stuck)
        fails = task.action == "fail"
        place.at("error").expect(
            (task.error is not None) == fails, f"{'a text' if fails else 'none'}, for it ends with {task.action}", task.error
        )
        place.at("started").expect(task.started <= self._now, f"a time that has passed at {self._now}", task.started)
        if status == "processing":
            self._processing(place, task, job)
        else:
            self._cancelling(place, task, job)
        due = task.started + task.lead + task.per_unit * task.units
        place.expect(task.stuck or due >= self._now, f"work that ends at {self._now} or later", due)

    def _processing(self, place: Place, task: form.TaskState, job: form.JobState) -> None:
        plan, wanted, growth = job.plan, _wanted(job), task.growth
        place.at("shrinkage").expect(task.shrinkage is None, "none, for the job is processing", task.shrinkage)
        place.at("generated").expect(task.generated == 0, "0, for the job is processing", task.generated)
        place.at("action").expect(plan.fail is None or task.action == "fail", "fail, for the plan of its job says so", task.action)
        if job.parameters is None:
            place.at("growth").expect(growth is None, "none, for it is an export", growth)
            return
        if growth is None:
            place.at("units").expect(task.units == 0, "0, for it makes no codes", task.units)
            place.at("growth").expect(task.stuck or task.action == "fail", "the codes that it makes", growth)
            return
        makes = wanted if plan.fail is None and not task.stuck else min(plan.after_codes or 0, wanted)
        place.at("units").expect(0 < task.units == makes, f"as many codes as the job makes, {makes}", task.units)
        self._growth(place.at("growth"), growth, task, job)

    def _growth(self, place: Place, growth: form.GrowthState, task: form.TaskState, job: form.JobState) -> None:
        family, parameters = family_named(job.family), job.parameters or {}
        place.at("source").expect(growth.source == job.id, f"the id of its job, {job.id}", growth.source)
        place.at("given").expect(growth.given == job.plan.codes, "the codes that the plan of its job gives", list(growth.given))
        length = parameters.get("code_length", DEFAULT_LENGTH)
        place.at("length").expect(growth.length == length, f"the code_length of its job, {length}", growth.length)
        batch = check_batch(place.at("batch"), growth.batch, self._state.batches)
        prefix = joined_prefix(parameters.get("code_prefix"))
        key = key_of(family, prefix)
        fits = (batch.prefix, batch.key_prefix) == (prefix, key)
        place.at("batch").expect(fits, f"a batch with the prefix of its job, {shown(prefix)}", batch.prefix)
        made = place.at("made")
        made.expect(len(growth.made) <= task.units, f"at most {task.units} codes, the units of the task", len(growth.made))
        made.expect(len(set(growth.made)) == len(growth.made), "each code once", len(growth.made))
        check_keys(made, growth.made, family)
        place.at("drawn").expect(growth.drawn >= len(growth.made), f"at least as many as were made, {len(growth.made)}", growth.drawn)

    def _cancelling(self, place: Place, task: form.TaskState, job: form.JobState) -> None:
        action = "lose_race" if job.plan.lose_race else "finish_cancel"
        place.at("action").expect(task.action == action, f"{action}, as the plan of its job says", task.action)
        place.at("growth").expect(task.growth is None, "none, for the job is cancelling", task.growth)
        at, left = place.at("shrinkage"), task.shrinkage
        if left is None:
            place.at("units").expect(task.units == task.generated == 0, "0, for it deletes no codes", task.units)
            return
        at.expect(job.parameters is not None, "none, for it is an export", left)
        check_batch(at.at("batch"), left.batch, self._state.batches)
        at.at("keys").expect(len(set(left.keys)) == len(left.keys), "each code once", len(left.keys))
        check_keys(at.at("keys"), left.keys, family_named(job.family))
        at.at("deleted").expect(left.deleted <= left.done, f"at most what is done, {left.done}", left.deleted)
        place.at("units").expect(task.units == len(left.keys) + left.done, "what is left to delete and what is done", task.units)
        most = _wanted(job)
        place.at("generated").expect(task.units <= task.generated <= most, f"a number from {task.units} to {most}", task.generated)


def check_plan_of(place: Place, plan: Plan) -> None:
    """A plan is one that could be made, or none."""
    if plan != ORDINARY:
        try:
            check_plan(plan)
        except UsageError as error:
            raise place.wrong(str(error)) from None


def _wanted(job: form.JobState) -> int:
    """How many codes a job was asked for."""
    return 0 if job.parameters is None else int(job.parameters["number_of_codes"])


def _keeps_file(job: form.JobState) -> bool:
    """Whether a job is an export that has found codes and may yet complete, or has."""
    return job.job_type == "code_export" and (
        job.status in ("processing", "completed") or (job.status == "cancelling" and job.plan.lose_race)
    )
