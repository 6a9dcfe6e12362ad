"""What must hold of the jobs in a snapshot."""

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

_STEPS: Final = frozenset((before, after) for (before, _), after in TRANSITIONS.items())


class JobsCheck:
    """The rules of jobs, held against one snapshot."""

    def __init__(self, root: Location, state: form.StoreSnapshot, check: Check) -> None:
        self._root = root
        self._state = state
        self._check = check
        self._now = state.clock.now
        self._families = {promotion.id: promotion.family for promotion in state.promotions}

    def run(self) -> None:
        """
        Raises:
            UsageError: a rule is broken. The message names the place.
        """
        number = 0
        for index, job in enumerate(self._state.jobs):
            place = self._root.at("jobs", index)
            place.at("number").expect(
                number < job.number,
                f"a number above {number}, that of the job before",
                job.number,
            )
            number = job.number
            self._job(place, job)
        made = self._root.at("jobs_created")
        made.expect(
            self._state.jobs_created == number,
            f"the number of the newest job, {number}",
            self._state.jobs_created,
        )
        self._unfinished_jobs_of_promotions()

    def _job(self, place: Location, job: form.JobState) -> None:
        self._request(place, job)
        self._history(place, job)
        self._outcome(place, job)
        family = self._families.get(job.promotion_id)
        place.at("family").expect(
            family in (None, job.family),
            f"that of its promotion, {family}",
            job.family,
        )
        if job.status not in FINAL:
            place.at("promotion_id").expect(
                family is not None,
                f"a promotion that is there, for the job is {job.status}",
                job.promotion_id,
            )
        check_plan_of(place.at("plan"), job.plan)

    def _request(self, place: Location, job: form.JobState) -> None:
        """The job could have been asked for."""
        family, parameters = family_named(job.family), job.parameters
        generates = job.job_type == "code_generate"
        expected = "parameters" if generates else "none"
        place.at("parameters").expect(
            (parameters is not None) == generates,
            f"{expected}, for it is a {job.job_type} job",
            parameters,
        )
        request = {
            "type": "promotion_job",
            "job_type": job.job_type,
            "name": job.name,
            "parameters": parameters,
        }
        sent = {name: value for name, value in request.items() if value is not None}
        try:
            self._check(family, "create_job", sent)
        except ApiError as error:
            raise place.refused(error) from None
        for name in parameters or ():
            known = ", ".join(family.parameter_order)
            place.at("parameters").expect(
                name in family.parameter_order,
                f"no other names than {known}",
                name,
            )
        length = (parameters or {}).get("code_length", DEFAULT_LENGTH)
        place.at("parameters", "code_length").expect(type(length) is int, "a number", length)
        keys = ("result", "generate_result") if family.result_key_varies else ("result",)
        place.at("result_key").expect(job.result_key in keys, f"one of {', '.join(keys)}", job.result_key)

    def _history(self, place: Location, job: form.JobState) -> None:
        """The history takes steps of the life cycle, never back in time, and ends where the job is."""
        history, at = job.history, place.at("history")
        first, last = history[0], history[-1]
        place.at("created_at").past_nanos(job.created_at, self._now)
        at.at(0).expect(
            (first.at, first.status) == (job.created_at, "pending"),
            "pending since created_at",
            [first.at, first.status],
        )
        for index, (before, after) in enumerate(pairwise(history), 1):
            legal = (before.status, after.status) in _STEPS
            at.at(index).expect(legal, f"a status that can follow {before.status}", after.status)
            at.at(index).expect(
                before.at <= after.at,
                f"a time not before {before.at}, that of the entry before",
                after.at,
            )
        at.at(len(history) - 1).expect(
            last.at <= self._now,
            f"a time that has passed at {self._now}",
            last.at,
        )
        place.at("status").expect(
            job.status == last.status,
            f"the last status of the history, {last.status}",
            job.status,
        )
        place.at("updated_at").expect(
            job.updated_at == last.at,
            f"the last time of the history, {last.at}",
            job.updated_at,
        )

    def _outcome(self, place: Location, job: form.JobState) -> None:
        """Error and result are those of a job that ended so."""
        failed, result = job.status == "failed", job.result
        place.at("error").expect(
            (job.error is not None) == failed,
            f"{'a text' if failed else 'none'}, for it is {job.status}",
            job.error,
        )
        needed = job.status == "completed" and job.parameters is not None
        at = place.at("result")
        at.expect(result is not None or not needed, "a result, for the job has completed", result)
        if result is None:
            return
        stopped = job.status == "cancelled" and job.history[-2].status == "cancelling"
        allowed = needed or (job.parameters is not None and stopped)
        at.expect(allowed, f"none, for it is a {job.status} {job.job_type} job", result)
        names = set(result) in ({"generated"}, {"generated", "deleted"})
        at.expect(names, "generated, and deleted where something was", list(result))
        at.at("generated").expect(
            result["generated"] <= wanted_codes(job),
            f"at most number_of_codes, {wanted_codes(job)}",
            result["generated"],
        )
        deleted = result.get("deleted", 0)
        at.at("deleted").expect(
            deleted <= result["generated"],
            f"at most generated, {result['generated']}",
            deleted,
        )

    def _unfinished_jobs_of_promotions(self) -> None:
        """Only the newest job of a promotion is pending or processing.

        After one that is cancelling come cancelled ones, and at most one that is pending.
        """
        newest: dict[str, form.JobState] = {}
        later: dict[str, Status] = {}
        for index in reversed(range(len(self._state.jobs))):
            job = self._state.jobs[index]
            after = newest.setdefault(job.promotion_id, job)
            at = self._root.at("jobs", index, "status")
            if job.status in ("pending", "processing"):
                at.expect(
                    job is after,
                    f"a final status, for job {after.id} of the same promotion is newer",
                    job.status,
                )
            elif job.status == "cancelling":
                behind = later.get(job.promotion_id)
                at.expect(
                    behind is None,
                    f"a final status, for a newer job of the same promotion is {behind}",
                    job.status,
                )
            if job.status not in ("pending", "cancelled"):
                later[job.promotion_id] = job.status


def check_plan_of(place: Location, plan: Plan) -> None:
    """A plan is one that could be made, or none."""
    if plan != NO_PLAN:
        try:
            check_plan(plan)
        except UsageError as error:
            raise place.wrong(str(error)) from None


def wanted_codes(job: form.JobState) -> int:
    """How many codes a job was asked for."""
    return 0 if job.parameters is None else int(job.parameters["number_of_codes"])
