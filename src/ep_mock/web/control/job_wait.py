"""A wait until a job has a status: when it succeeds, when it cannot, and what the answer then says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ep_mock.control_messages import JobHistory
from ep_mock.domain import problems
from ep_mock.domain.dates import format_nanos
from ep_mock.domain.lifecycle import FINAL, STATUSES
from ep_mock.errors import ApiError
from ep_mock.operations.waiting_reason import waiting_reason
from ep_mock.simulation.job import Job
from ep_mock.simulation.store import Store
from ep_mock.web.control.views import history_view, job_view
from ep_mock.web.response import Response, json_response

_OTHER_WAYS: Final[Mapping[str, str]] = {
    "still": ', or wait with "others_advance": true if another client will',
    "stuck": ", or wait for another status",
}


class JobWait:
    """One wait for a job. The store is settled and locked whenever a method is called.

    It also succeeds when the job has had a requested status since the wait began: a job can change twice
    between two looks.
    """

    def __init__(self, store: Store, requested: Mapping[str, Any]) -> None:
        """`requested` is the body of the call.

        Raises:
            ApiError: 400 both a job and a promotion are named, 404 there is no such job or promotion.
        """
        if "job_id" in requested and "promotion_id" in requested:
            raise problems.bad_request("give job_id or promotion_id, not both", "promotion_id")
        statuses = requested.get("status", [status for status in STATUSES if status in FINAL])
        self._statuses: list[str] = [statuses] if isinstance(statuses, str) else statuses
        self._others_advance: bool = requested.get("others_advance", False)
        self._store = store
        self._promotion_id: str | None = requested.get("promotion_id")
        self._seen = 0
        self._job: Job | None = None
        if "job_id" in requested:
            self._job = store.state.jobs.get(requested["job_id"])
            if self._job is None:
                raise problems.job_not_found()
        elif self._newest() is None and self._promotion_id is not None and not self._promotion_exists():
            raise problems.promotion_not_found()

    def look(self) -> Response | None:
        """The answer, if the job has come to a requested status by now.

        Raises:
            ApiError: 409, the wait cannot succeed.
        """
        job = self._pinned()
        if job is None:
            self._refuse_if_stopped("Nothing will happen", self.progress())
            return None
        self._move_time(job)
        if self._has_come(job):
            return json_response(200, JobHistory(job_view(job), history_view(job)))
        if job.ended:
            because = f": {job.error}" if job.error else ""
            raise self.refusal(
                "Ended otherwise", f"{self.description()}, but job {job.id} is {job.status}{because}"
            )
        title = "Nothing will happen" if self._store.next_event is None else "Time stands still"
        self._refuse_if_stopped(title, self.progress())
        return None

    def next_look(self) -> float | None:
        """Seconds until the worker's next event."""
        due = self._store.next_event
        return None if due is None else self._store.clock.seconds_until(due)

    def description(self) -> str:
        """What is waited for."""
        which = "" if self._promotion_id is None else f" of promotion {self._promotion_id}"
        return f"waited for {' or '.join(self._statuses)}{which}"

    def progress(self) -> str:
        """The same, with the present status of the job, the reason, and what to do about it."""
        job = self._pinned()
        if job is None:
            return f"there is no job yet; {self.description()}"
        reason = waiting_reason(self._store, job)
        since = format_nanos(job.updated_at)
        return (
            f"{self.description()}, but job {job.id} is {job.status} since {since}; "
            f"{reason.text}{_OTHER_WAYS.get(reason.kind, '')}"
        )

    def refusal(self, title: str, detail: str) -> ApiError:
        """409 with the job and its history."""
        meta: dict[str, Any] = {"wanted": self._statuses, "now": format_nanos(self._store.now)}
        if self._job is not None:
            meta |= {"job": job_view(self._job), "history": history_view(self._job)}
        return ApiError(409, [{"status": 409, "title": title, "detail": detail, "meta": meta}])

    def _refuse_if_stopped(self, title: str, detail: str) -> None:
        if not self._store.clock.running and not self._others_advance:
            raise self.refusal(title, detail)

    def _pinned(self) -> Job | None:
        """The job that is waited for. Once there is one, a newer one does not replace it."""
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
        """On a poll clock: poll until the job has a requested status, or nothing more happens."""
        store = self._store
        if store.clock.mode != "poll":
            return
        promotion = store.state.promotions[job.family].get(job.promotion_id)
        moved = True
        while moved and promotion is not None and not job.ended and not self._has_come(job):
            moved = store.advance_poll_clock(promotion)
