"""Waiting until a job has a status: what counts, when it is in vain, and how the answer says so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from ep_mock.domain import problems
from ep_mock.domain.dates import format_nanos
from ep_mock.domain.families import FAMILIES
from ep_mock.domain.lifecycle import FINAL, STATUSES
from ep_mock.domain.plans import NO_PLAN
from ep_mock.errors import ApiError
from ep_mock.operations.polls import futile_polls
from ep_mock.operations.waiting_reason import waiting_reason
from ep_mock.simulation.job import Job
from ep_mock.simulation.state import StoreState
from ep_mock.simulation.store import Store
from ep_mock.web.control.parameters import chosen, whole_number
from ep_mock.web.long_poll import WAIT_SECONDS, wait_or_poll
from ep_mock.web.request import Request
from ep_mock.web.response import Response, json_response

_SHOWN, _MOST_SHOWN = 1000, 1_000_000_000


class ControlJobs:
    """The handlers under `/__ep_mock/jobs`, named as their operations are."""

    def list_all_jobs(self, request: Request) -> Response:
        """GET /jobs, newest first. This is no poll."""
        query = request.query
        statuses, families = (
            chosen(query, "status", STATUSES),
            chosen(query, "family", [family.name for family in FAMILIES]),
        )
        limit, promotion_id = (
            whole_number(query, "limit", _SHOWN, most=_MOST_SHOWN),
            query.get("promotion_id"),
        )
        found = [
            job
            for job in reversed(request.store.state.jobs.values())
            if (not statuses or job.status in statuses)
            and (not families or job.family.name in families)
            and promotion_id in (None, job.promotion_id)
        ]
        return json_response(
            200, {"jobs": [_listed(job, request.store.state) for job in found[:limit]], "total": len(found)}
        )

    def get_job_history(self, request: Request) -> Response:
        """GET /jobs/{job_id}/history."""
        job = request.store.state.jobs.get(request.parameters[0])
        if job is None:
            raise problems.job_not_found()
        record = job_with_history(job)
        if not job.ended:
            record["waits_for"] = waiting_reason(request.store, job).text
            if polls := futile_polls(request.store, job.promotion_id):
                record["polls"] = polls
        return json_response(200, record)

    def wait_for_job(self, request: Request) -> Response:
        """POST /jobs/wait."""
        body = request.validated_body()
        return wait_or_poll(JobWait(request.store, body), body.get("timeout", WAIT_SECONDS))


def _listed(job: Job, content: StoreState) -> dict[str, Any]:
    """A job with the name of its promotion, unless that has been deleted."""
    promotion = content.promotions[job.family].get(job.promotion_id)
    record = job_record(job)
    return record if promotion is None else {**record, "promotion_name": promotion.fields["name"]}


_OTHER_WAYS: Final[Mapping[str, str]] = {
    "still": ', or wait with "others_advance": true if somebody else will',
    "stuck": ", or wait for another status",
}


class JobWait:
    """One wait, as the body of the call wants it. The store must be settled and locked whenever a method is
    called.

    It comes true as well when the job has had a wanted status since the wait began: two changes can happen
        between two looks.
    """

    def __init__(self, store: Store, wanted: Mapping[str, Any]) -> None:
        """
        Raises:
            ApiError: 400 both a job and a promotion are named, 404 there is no such job or promotion.
        """
        if "job_id" in wanted and "promotion_id" in wanted:
            raise problems.bad_request("say job_id or promotion_id, not both", "promotion_id")
        statuses = wanted.get("status", [status for status in STATUSES if status in FINAL])
        self._statuses: list[str] = [statuses] if isinstance(statuses, str) else statuses
        self._others: bool = wanted.get("others_advance", False)
        self._store = store
        self._promotion_id: str | None = wanted.get("promotion_id")
        self._seen = 0
        self._job: Job | None = None
        if "job_id" in wanted:
            self._job = store.state.jobs.get(wanted["job_id"])
            if self._job is None:
                raise problems.job_not_found()
        elif self._newest() is None and self._promotion_id is not None and not self._promotion_exists():
            raise problems.promotion_not_found()

    def look(self) -> Response | None:
        """The answer, if it is clear by now.

        Raises:
            ApiError: 409, the wait is in vain.
        """
        job = self._pinned()
        if job is None:
            self._refuse_if_in_vain("Nothing will happen", f"there is no job yet; {self.description()}")
            return None
        self._move_time(job)
        if self._has_come(job):
            return json_response(200, job_with_history(job))
        if job.ended:
            because = f": {job.error}" if job.error else ""
            raise self.refusal(
                "Ended otherwise", f"{self.description()}, but job {job.id} is {job.status}{because}"
            )
        self._refuse_if_in_vain(
            "Nothing will happen" if self._store.next_event is None else "Time stands still", self._why(job)
        )
        return None

    def _refuse_if_in_vain(self, title: str, detail: str) -> None:
        if not self._store.clock.running and not self._others:
            raise self.refusal(title, detail)

    def next_look(self) -> float | None:
        """When the worker does something next."""
        due = self._store.next_event
        return None if due is None else self._store.clock.seconds_until(due)

    def _pinned(self) -> Job | None:
        """The job that is waited for: once there is one, a newer one does not take its place."""
        if self._job is None:
            self._job = self._newest()
        if self._job is not None and not self._seen:
            self._seen = len(self._job.history)
        return self._job

    def _newest(self) -> Job | None:
        jobs = reversed(self._store.state.jobs.values())
        return next((job for job in jobs if self._promotion_id in (None, job.promotion_id)), None)

    def _promotion_exists(self) -> bool:
        return any(self._promotion_id in family for family in self._store.state.promotions.values())

    def _has_come(self, job: Job) -> bool:
        return any(entry.status in self._statuses for entry in job.history[self._seen - 1 :])

    def _move_time(self, job: Job) -> None:
        """On a poll clock: poll until the job is as wanted, or nothing happens any more."""
        store = self._store
        if store.clock.mode != "poll":
            return
        promotion = store.state.promotions[job.family].get(job.promotion_id)
        moved = True
        while moved and promotion is not None and not job.ended and not self._has_come(job):
            moved = store.advance_poll_clock(promotion)

    def progress(self) -> str:
        """What is waited for, and how far it has come."""
        job = self._pinned()
        return f"there is no job yet; {self.description()}" if job is None else self._why(job)

    def description(self) -> str:
        """What is waited for, in words."""
        which = "" if self._promotion_id is None else f" of promotion {self._promotion_id}"
        return f"waited for {' or '.join(self._statuses)}{which}"

    def _why(self, job: Job) -> str:
        """Where the job stands, why, and what to do about it."""
        reason = waiting_reason(self._store, job)
        so_far = f"{self.description()}, but job {job.id} is {job.status}"
        return (
            f"{so_far} since {format_nanos(job.updated_at)}; {reason.text}{_OTHER_WAYS.get(reason.kind, '')}"
        )

    def refusal(self, title: str, detail: str) -> ApiError:
        """409 with the job and its history."""
        meta: dict[str, Any] = {"wanted": self._statuses, "now": format_nanos(self._store.now)}
        if self._job is not None:
            meta |= {"job": job_record(self._job), "history": history_record(self._job)}
        return ApiError(409, [{"status": 409, "title": title, "detail": detail, "meta": meta}])


def job_record(job: Job) -> dict[str, Any]:
    """`{id, number, promotion_id, family, job_type[, name][, parameters], status[, error][, result],
    created_at, updated_at[, plan]}`.
    """
    record = {
        "id": job.id,
        "number": job.number,
        "promotion_id": job.promotion_id,
        "family": job.family.name,
        "job_type": job.job_type,
        "name": job.name,
        "parameters": job.parameters,
        "status": job.status,
        "error": job.error,
        "result": job.result,
        "created_at": format_nanos(job.created_at),
        "updated_at": format_nanos(job.updated_at),
        "plan": None if job.plan == NO_PLAN else msgspec.to_builtins(job.plan),
    }
    return {name: value for name, value in record.items() if value is not None}


def history_record(job: Job) -> list[dict[str, Any]]:
    """Each status with its time, cause and place among all events of the store, the oldest first."""
    return [
        {
            "at": format_nanos(entry.at),
            "status": entry.status,
            "cause": entry.cause,
            "sequence": entry.sequence,
        }
        for entry in job.history
    ]


def job_with_history(job: Job) -> dict[str, Any]:
    """`{job, history}`."""
    return {"job": job_record(job), "history": history_record(job)}
