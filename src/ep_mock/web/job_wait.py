"""Waiting until a job has a status: what counts, when it is in vain, and how the answer says so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ep_mock.domain import problems
from ep_mock.domain.dates import format_nanos
from ep_mock.domain.lifecycle import FINAL, STATUSES
from ep_mock.errors import ApiError
from ep_mock.simulation.job import Job
from ep_mock.simulation.standstill import next_event, what_it_waits_for
from ep_mock.simulation.store import Store
from ep_mock.web.answers import Answer, json_answer
from ep_mock.web.job_records import history_record, job_record, job_with_history

_OTHER_WAYS: Final[Mapping[str, str]] = {
    "still": ', or wait with "others_advance": true if somebody else will',
    "stuck": ", or wait for another status",
}


class JobWait:
    """One wait, as the body of the call wants it. The store must be settled and locked whenever a method is called.

    It comes true as well when the job has had a wanted status since the wait began: two changes can happen between two looks.
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
            self._job = store.content.jobs.get(wanted["job_id"])
            if self._job is None:
                raise problems.job_not_found()
        elif self._newest() is None and self._promotion_id is not None and not self._promotion_exists():
            raise problems.promotion_not_found()

    def look(self) -> Answer | None:
        """The answer, if it is clear by now.

        Raises:
            ApiError: 409, the wait is in vain.
        """
        job = self._pinned()
        if job is None:
            self._refuse_if_in_vain("Nothing will happen", f"there is no job yet; {self.waited_for()}")
            return None
        self._move_time(job)
        if self._has_come(job):
            return json_answer(200, job_with_history(job))
        if job.ended:
            because = f": {job.error}" if job.error else ""
            raise self.refusal("Ended otherwise", f"{self.waited_for()}, but job {job.id} is {job.status}{because}")
        self._refuse_if_in_vain("Nothing will happen" if next_event(self._store) is None else "Time stands still", self._why(job))
        return None

    def _refuse_if_in_vain(self, title: str, detail: str) -> None:
        if not self._store.clock.running and not self._others:
            raise self.refusal(title, detail)

    def next_look(self) -> float | None:
        """When the worker does something next."""
        due = next_event(self._store)
        return None if due is None else self._store.clock.seconds_until(due)

    def _pinned(self) -> Job | None:
        """The job that is waited for: once there is one, a newer one does not take its place."""
        if self._job is None:
            self._job = self._newest()
        if self._job is not None and not self._seen:
            self._seen = len(self._job.history)
        return self._job

    def _newest(self) -> Job | None:
        jobs = reversed(self._store.content.jobs.values())
        return next((job for job in jobs if self._promotion_id in (None, job.promotion_id)), None)

    def _promotion_exists(self) -> bool:
        return any(self._promotion_id in family for family in self._store.content.promotions.values())

    def _has_come(self, job: Job) -> bool:
        return any(entry.status in self._statuses for entry in job.history[self._seen - 1 :])

    def _move_time(self, job: Job) -> None:
        """On a poll clock: poll until the job is as wanted, or nothing happens any more."""
        store = self._store
        if store.clock.mode != "poll":
            return
        promotion = store.content.promotions[job.family.name].get(job.promotion_id)
        moved = True
        while moved and promotion is not None and not job.ended and not self._has_come(job):
            moved = store.end_poll(promotion)

    def stands(self) -> str:
        """What is waited for, and how far it has come."""
        job = self._pinned()
        return f"there is no job yet; {self.waited_for()}" if job is None else self._why(job)

    def waited_for(self) -> str:
        """What is waited for, in words."""
        which = "" if self._promotion_id is None else f" of promotion {self._promotion_id}"
        return f"waited for {' or '.join(self._statuses)}{which}"

    def _why(self, job: Job) -> str:
        """Where the job stands, why, and what to do about it."""
        reason = what_it_waits_for(self._store, job)
        stands = f"{self.waited_for()}, but job {job.id} is {job.status} since {format_nanos(job.updated_at)}"
        return f"{stands}; {reason.text}{_OTHER_WAYS.get(reason.kind, '')}"

    def refusal(self, title: str, detail: str) -> ApiError:
        """409 with the job and its history."""
        meta: dict[str, Any] = {"wanted": self._statuses, "now": format_nanos(self._store.now)}
        if self._job is not None:
            meta |= {"job": job_record(self._job), "history": history_record(self._job)}
        return ApiError(409, [{"status": 409, "title": title, "detail": detail, "meta": meta}])
