"""The rules for the worker in a snapshot and for its task. The jobs are checked before."""

from __future__ import annotations

from typing import Final

from ep_mock.domain.codes import DEFAULT_LENGTH, joined_prefix
from ep_mock.domain.families import family_named
from ep_mock.domain.lifecycle import Action, Status
from ep_mock.domain.location import shown
from ep_mock.simulation.code_book import key_of
from ep_mock.simulation.promotion import EXPORTS_KEPT
from ep_mock.snapshots import format as form
from ep_mock.snapshots.check_codes import check_batch, check_keys, check_runs
from ep_mock.snapshots.check_jobs import requested_codes
from ep_mock.snapshots.rules import ROOT, Fields
from ep_mock.timings import LONGEST

_ACTIONS: Final[dict[Status, tuple[Action, ...]]] = {
    "processing": ("complete", "fail"),
    "cancelling": ("finish_cancel", "lose_race"),
}


def check_worker(saved: form.StoreSnapshot) -> None:
    """
    Raises:
        UsageError: the worker breaks a rule. The message names the location.
    """
    worker, jobs = saved.worker, {job.id: job for job in saved.jobs}
    fields = Fields(ROOT.child("worker"), worker)
    waiting = [job.id for job in saved.jobs if job.status == "pending"]
    expected = f"the pending jobs in order of arrival, {shown(waiting)}"
    fields.expect("queue", worker.queue == waiting, expected)
    busy = [job.id for job in saved.jobs if job.status in _ACTIONS]
    held = [] if worker.task is None else [worker.task.job]
    expected = f"the one job that is processing or cancelling, {shown(busy)}"
    fields.at("task").expect(held == busy, expected, held)
    fields.expect_past("idle_since", saved.clock.now)
    _check_pickup(fields, saved, jobs)
    _check_exports(fields, saved, jobs)
    if worker.task is not None:
        _check_task(Fields(fields.at("task"), worker.task), worker.task, jobs[worker.task.job], saved)


def _check_pickup(fields: Fields, saved: form.StoreSnapshot, jobs: dict[str, form.JobSnapshot]) -> None:
    """The worker is about to pick up a job if it is idle and there is one to pick up."""
    worker, now = saved.worker, saved.clock.now
    idle = worker.task is None and not worker.paused
    picks_up = idle and any(not jobs[job_id].plan.is_stuck_in("pending") for job_id in worker.queue)
    due = worker.pickup_due
    expected = "a time" if picks_up else "none, because the worker is busy, paused or has no job to pick up"
    fields.expect("pickup_due", (due is not None) == picks_up, expected)
    expected = f"a time from {now} on, at most {LONGEST} later"
    fields.expect("pickup_due", due is None or now <= due <= now + LONGEST, expected)


def _check_exports(fields: Fields, saved: form.StoreSnapshot, jobs: dict[str, form.JobSnapshot]) -> None:
    """Files belong to export jobs. A file with the codes of another names that one, or the promotion."""
    promotions = {promotion.id for promotion in saved.promotions}
    kept: dict[str, list[str]] = {}
    for job_id, runs in saved.worker.exports.items():
        location, job = fields.at("exports", job_id), jobs.get(job_id)
        has_file = job is not None and _has_file(job) and job.promotion_id in promotions
        location.expect(has_file, "the id of an export job that has a file", job_id)
        job = jobs[job_id]
        others = kept.setdefault(job.promotion_id, [])
        if isinstance(runs, str):
            known = runs == job.promotion_id or runs in others[-EXPORTS_KEPT:]
            location.expect(known, "the id of its promotion, or of an earlier export of it", runs)
        else:
            check_runs(location, runs, saved.batches, family_named(job.family))
        others.append(job_id)


def _has_file(job: form.JobSnapshot) -> bool:
    """Whether a job is an export that has captured codes and has completed, or still can."""
    loses_race = job.status == "cancelling" and job.plan.lose_race
    return job.job_type == "code_export" and (job.status in ("processing", "completed") or loses_race)


def _check_task(
    fields: Fields, task: form.TaskSnapshot, job: form.JobSnapshot, saved: form.StoreSnapshot
) -> None:
    status, now, fails = job.status, saved.clock.now, task.action == "fail"
    expected = f"one of {', '.join(_ACTIONS[status])}, because it is {status}"
    fields.expect("action", task.action in _ACTIONS[status], expected)
    fields.expect("stuck", task.stuck == job.plan.is_stuck_in(status), "the value from the plan of its job")
    expected = f"{'a text' if fails else 'none'}, because it ends with {task.action}"
    fields.expect("error", (task.error is not None) == fails, expected)
    fields.expect("started", task.started <= now, f"a time up to now, {now}")
    (_check_processing if status == "processing" else _check_cancelling)(fields, task, job, saved)
    due = task.started + task.lead + task.per_unit * task.units
    fields.location.expect(task.stuck or due >= now, f"work that ends at {now} or later", due)


def _check_processing(
    fields: Fields, task: form.TaskSnapshot, job: form.JobSnapshot, saved: form.StoreSnapshot
) -> None:
    plan, requested = job.plan, requested_codes(job)
    generation, fails = task.generation, task.action == "fail"
    fields.expect("deletion", task.deletion is None, "none, because the job is processing")
    fields.expect("generated", task.generated == 0, "0, because the job is processing")
    fields.expect("action", plan.fail is None or fails, "fail, as in the plan of its job")
    if job.parameters is None:
        fields.expect("generation", generation is None, "none, because it is an export")
        return
    if generation is None:
        fields.expect("units", task.units == 0, "0, because it makes no codes")
        fields.expect("generation", task.stuck or fails, "the codes that it makes")
        return
    makes = requested if plan.fail is None and not task.stuck else min(plan.after_codes or 0, requested)
    fields.expect("units", 0 < task.units == makes, f"the number of codes that the job makes, {makes}")
    _check_generation(Fields(fields.at("generation"), generation), generation, task.units, job, saved)


def _check_generation(
    fields: Fields,
    generation: form.CodeGenerationSnapshot,
    units: int,
    job: form.JobSnapshot,
    saved: form.StoreSnapshot,
) -> None:
    family, parameters, made = family_named(job.family), job.parameters or {}, generation.made
    fields.expect("source", generation.source == job.id, f"the id of its job, {job.id}")
    fields.expect("given", generation.given == job.plan.codes, "the codes in the plan of its job")
    length = parameters.get("code_length", DEFAULT_LENGTH)
    fields.expect("length", generation.length == length, f"the code_length of its job, {length}")
    batch = check_batch(fields.at("batch"), generation.batch, saved.batches)
    prefix = joined_prefix(parameters.get("code_prefix"))
    fits = (batch.prefix, batch.key_prefix) == (prefix, key_of(family, prefix))
    fields.at("batch").expect(fits, f"a batch with the prefix of its job, {shown(prefix)}", batch.prefix)
    expected = f"at most {units} codes, the units of the task"
    fields.at("made").expect(len(made) <= units, expected, len(made))
    fields.expect("made", len(set(made)) == len(made), "each code once")
    check_keys(fields.at("made"), made, family)
    expected = f"at least the number of codes made, {len(made)}"
    fields.expect("drawn", generation.drawn >= len(made), expected)


def _check_cancelling(
    fields: Fields, task: form.TaskSnapshot, job: form.JobSnapshot, saved: form.StoreSnapshot
) -> None:
    action = "lose_race" if job.plan.lose_race else "finish_cancel"
    fields.expect("action", task.action == action, f"{action}, as in the plan of its job")
    fields.expect("generation", task.generation is None, "none, because the job is cancelling")
    deletion, requested = task.deletion, requested_codes(job)
    if deletion is None:
        fields.expect("units", task.units == task.generated == 0, "0, because it deletes no codes")
        return
    fields.expect("deletion", job.parameters is not None, "none, because it is an export")
    keys, done, units = deletion.keys, deletion.done, len(deletion.keys) + deletion.done
    of_deletion = Fields(fields.at("deletion"), deletion)
    check_batch(of_deletion.at("batch"), deletion.batch, saved.batches)
    of_deletion.expect("keys", len(set(keys)) == len(keys), "each code once")
    check_keys(of_deletion.at("keys"), keys, family_named(job.family))
    of_deletion.expect("deleted", deletion.deleted <= done, f"at most done, {done}")
    fields.expect("units", task.units == units, f"the number of keys plus done, {units}")
    expected = f"a number from {units} to {requested}"
    fields.expect("generated", units <= task.generated <= requested, expected)
