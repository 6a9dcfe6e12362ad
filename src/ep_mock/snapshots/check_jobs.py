"""The rules for the jobs in a snapshot."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from ep_mock.domain.codes import DEFAULT_LENGTH
from ep_mock.domain.families import family_named
from ep_mock.domain.lifecycle import FINAL, TRANSITIONS, Status
from ep_mock.domain.location import Check, Location
from ep_mock.domain.plans import NO_PLAN, Plan, check_plan
from ep_mock.errors import ApiError, UsageError
from ep_mock.snapshots import format as form
from ep_mock.snapshots.rules import ROOT, Fields

_STEPS: Final = frozenset((before, after) for (before, _), after in TRANSITIONS.items())


def check_jobs(saved: form.StoreSnapshot, check: Check) -> None:
    """
    Raises:
        UsageError: a job breaks a rule. The message names the location.
    """
    number, families = 0, {promotion.id: promotion.family for promotion in saved.promotions}
    for index, job in enumerate(saved.jobs):
        fields = Fields(ROOT.child("jobs", index), job)
        fields.expect("number", number < job.number, f"a number above {number}, that of the job before")
        number = job.number
        _check_request(fields, job, check)
        _check_history(fields, job, saved.clock.now)
        _check_outcome(fields, job)
        family = families.get(job.promotion_id)
        fields.expect("family", family in (None, job.family), f"the family of its promotion, {family}")
        if job.status not in FINAL:
            expected = f"an existing promotion, because the job is {job.status}"
            fields.expect("promotion_id", family is not None, expected)
        check_plan_of(fields.at("plan"), job.plan)
    expected = f"the number of the newest job, {number}"
    Fields(ROOT, saved).expect("jobs_created", saved.jobs_created == number, expected)
    _check_unfinished_jobs(saved)


def _check_request(fields: Fields, job: form.JobSnapshot, check: Check) -> None:
    """A request could have created the job."""
    family, parameters = family_named(job.family), job.parameters
    generates = job.job_type == "code_generate"
    expected = f"{'parameters' if generates else 'none'}, because it is a {job.job_type} job"
    fields.expect("parameters", (parameters is not None) == generates, expected)
    request = {"type": "promotion_job", "job_type": job.job_type, "name": job.name, "parameters": parameters}
    try:
        check(family, "create_job", {name: value for name, value in request.items() if value is not None})
    except ApiError as error:
        raise fields.location.api_error(error) from None
    names = family.parameter_order
    for name in parameters or ():
        fields.at("parameters").expect(name in names, f"no other names than {', '.join(names)}", name)
    length = (parameters or {}).get("code_length", DEFAULT_LENGTH)
    fields.at("parameters", "code_length").expect(type(length) is int, "a number", length)
    keys = ("result", "generate_result") if family.result_key_varies else ("result",)
    fields.expect("result_key", job.result_key in keys, f"one of {', '.join(keys)}")


def _check_history(fields: Fields, job: form.JobSnapshot, now: int) -> None:
    """The history follows the life cycle, never goes back in time, and ends with the job's status."""
    history, first, last = job.history, job.history[0], job.history[-1]
    fields.expect_past("created_at", now)
    created = (first.at, first.status) == (job.created_at, "pending")
    fields.at("history", 0).expect(created, "pending since created_at", [first.at, first.status])
    for index, (before, after) in enumerate(pairwise(history), 1):
        legal, entry = (before.status, after.status) in _STEPS, fields.at("history", index)
        entry.expect(legal, f"a status that can follow {before.status}", after.status)
        entry.expect(
            before.at <= after.at, f"a time not before {before.at}, that of the entry before", after.at
        )
    fields.at("history", len(history) - 1).expect(last.at <= now, f"a time up to now, {now}", last.at)
    fields.expect("status", job.status == last.status, f"the last status of the history, {last.status}")
    fields.expect("updated_at", job.updated_at == last.at, f"the last time of the history, {last.at}")


def _check_outcome(fields: Fields, job: form.JobSnapshot) -> None:
    """Error and result belong to the status."""
    failed, generates, result = job.status == "failed", job.parameters is not None, job.result
    expected = f"{'a text' if failed else 'none'}, because it is {job.status}"
    fields.expect("error", (job.error is not None) == failed, expected)
    needed = generates and job.status == "completed"
    fields.expect("result", result is not None or not needed, "a result, because the job has completed")
    if result is None:
        return
    stopped = job.status == "cancelled" and job.history[-2].status == "cancelling"
    allowed = needed or (generates and stopped)
    fields.expect("result", allowed, f"none, because it is a {job.status} {job.job_type} job")
    names = {"generated"} <= result.keys() <= {"generated", "deleted"}
    fields.at("result").expect(names, "generated and, optionally, deleted", list(result))
    generated, deleted, requested = result["generated"], result.get("deleted", 0), requested_codes(job)
    expected = f"at most number_of_codes, {requested}"
    fields.at("result", "generated").expect(generated <= requested, expected, generated)
    fields.at("result", "deleted").expect(deleted <= generated, f"at most generated, {generated}", deleted)


def _check_unfinished_jobs(saved: form.StoreSnapshot) -> None:
    """Only the newest job of a promotion is pending or processing.

    A cancelling job is followed only by cancelled ones and at most one pending one.
    """
    newest: dict[str, form.JobSnapshot] = {}
    later: dict[str, Status] = {}
    for index, job in reversed([*enumerate(saved.jobs)]):
        fields, after = Fields(ROOT.child("jobs", index), job), newest.setdefault(job.promotion_id, job)
        reason = f"a final status, because job {after.id} of the same promotion is newer"
        if job.status in ("pending", "processing"):
            fields.expect("status", job is after, reason)
        elif job.status == "cancelling":
            status = later.get(job.promotion_id)
            reason = f"a final status, because a newer job of the same promotion is {status}"
            fields.expect("status", status is None, reason)
        if job.status not in ("pending", "cancelled"):
            later[job.promotion_id] = job.status


def check_plan_of(location: Location, plan: Plan) -> None:
    """The plan is one that could be made, or none."""
    if plan != NO_PLAN:
        try:
            check_plan(plan)
        except UsageError as error:
            raise location.error(str(error)) from None


def requested_codes(job: form.JobSnapshot) -> int:
    """The number of codes that a job was asked for."""
    return 0 if job.parameters is None else int(job.parameters["number_of_codes"])
