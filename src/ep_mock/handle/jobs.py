"""Jobs: creating them, looking at them, waiting for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote, urlencode

import msgspec

from ep_mock.control_messages import HistoryEntry, Job, JobHistory
from ep_mock.domain.display import printable
from ep_mock.domain.families import FamilyName
from ep_mock.domain.lifecycle import STATUSES, Status
from ep_mock.handle.arguments import check_seconds, check_word
from ep_mock.handle.errors import RefusedError, WaitError, why_in_vain
from ep_mock.handle.places import (
    FAMILY_NAMES,
    AnyJob,
    AnyPromotion,
    Location,
    call_promotion,
    job_id_of,
    path_of,
    place_of,
)
from ep_mock.handle.store_client import StoreClient

WAIT_SECONDS: Final = 10.0
WAIT_ENDED: Final = 409

_ALL: Final = 1_000_000_000


class _Jobs(msgspec.Struct):
    jobs: list[Job]


class _Ended(msgspec.Struct):
    title: str
    detail: str
    history: list[HistoryEntry] = []


class JobsHandle:
    """The jobs of a store, those of deleted promotions included."""

    def __init__(self, client: StoreClient) -> None:
        self._client = client

    def generate(
        self,
        promotion: AnyPromotion,
        number_of_codes: int,
        *,
        family: FamilyName | None = None,
        name: str | None = None,
        **parameters: Any,
    ) -> Job:
        """Create a job that makes codes, through the API."""
        body: dict[str, Any] = {
            "job_type": "code_generate",
            "parameters": {"number_of_codes": number_of_codes, **parameters},
        }
        return self._create(place_of("jobs.generate", promotion, family), name, body)

    def export(
        self, promotion: AnyPromotion, *, family: FamilyName | None = None, name: str | None = None
    ) -> Job:
        """Create a job that exports codes, through the API."""
        return self._create(place_of("jobs.export", promotion, family), name, {"job_type": "code_export"})

    def cancel(self, job: AnyJob) -> Job:
        """Cancel a job, through the API; answers how it stands then."""
        self._client.api("POST", f"{self._path('jobs.cancel', job)}/cancel")
        return self.get(job)

    def file(self, job: AnyJob) -> bytes:
        """The CSV of a completed export."""
        href: str = self._client.api("GET", f"{self._path('jobs.file', job)}/file")["href"]
        return self._client.fetch("/" + href.split("/", 3)[3])

    def list(
        self,
        *,
        status: Status | None = None,
        family: FamilyName | None = None,
        promotion: AnyPromotion | None = None,
    ) -> list[Job]:
        """All jobs of the store, newest first."""
        asked: dict[str, Any] = {"status": status, "family": family, "limit": _ALL}
        if status is not None:
            check_word("jobs.list: status", status, STATUSES)
        if family is not None:
            check_word("jobs.list: family", family, FAMILY_NAMES)
        if promotion is not None:
            asked["promotion_id"] = place_of("jobs.list", promotion).id
        query = urlencode({key: value for key, value in asked.items() if value is not None})
        return self._client.read(_Jobs, "GET", f"/jobs?{query}").jobs

    def get(self, job: AnyJob) -> Job:
        """A job as it stands now."""
        return self._history("jobs.get", job).job

    def history(self, job: AnyJob) -> JobHistory:
        """A job and every status it has had, with time and cause."""
        return self._history("jobs.history", job)

    def wait(
        self,
        job: AnyJob | None = None,
        status: Status | Sequence[Status] | None = None,
        *,
        promotion: AnyPromotion | None = None,
        timeout: float = WAIT_SECONDS,
        others_advance: bool = False,
    ) -> Job:
        """Wait until a job has a status, or one of several; until it has ended when none is given.

        Without a job it is the newest one, of the promotion or of the store. A poll clock is moved by the
        wait. On a manual clock a wait that can never end fails at once, unless `others_advance` says that
        somebody else moves the clock. `timeout` counts real seconds, at most 600.

        Raises:
            WaitError: it has ended otherwise, nothing will happen any more, or the time is up; with the job's
                history.
        """
        __tracebackhide__ = True
        check_seconds("wait_for_job: timeout", timeout)
        wanted: dict[str, Any] = {"timeout": timeout, "others_advance": others_advance}
        if job is not None:
            wanted["job_id"] = job_id_of("wait_for_job", job)
        if promotion is not None:
            wanted["promotion_id"] = place_of("wait_for_job", promotion).id
        if status is not None:
            statuses = list(status) if isinstance(status, list | tuple | set | frozenset) else [status]
            for each in statuses:
                check_word("wait_for_job: status", each, STATUSES)
            wanted["status"] = statuses
        try:
            return self._client.read(JobHistory, "POST", "/jobs/wait", wanted, patience=timeout).job
        except RefusedError as error:
            if error.status != WAIT_ENDED:
                raise
            explained = _explained(error)
        raise WaitError(explained)

    def _create(self, place: Location, name: str | None, body: dict[str, Any]) -> Job:
        document = {"type": "promotion_job", **({} if name is None else {"name": name}), **body}
        created = call_promotion(self._client, "POST", place, "/jobs", {"data": document})
        return self.get(created["data"]["id"])

    def _history(self, verb: str, job: AnyJob) -> JobHistory:
        return self._client.read(JobHistory, "GET", f"/jobs/{quote(job_id_of(verb, job), safe='')}/history")

    def _path(self, verb: str, job: AnyJob) -> str:
        """Where the API has a job."""
        known = job if isinstance(job, Job) else self._history(verb, job).job
        return f"{path_of(known.promotion_id, known.family)}/jobs/{known.id}"


def history_lines(history: Sequence[HistoryEntry]) -> list[str]:
    """A job's history, a status in each line."""
    return [f"{entry.at}  {entry.status:<10}  {entry.cause}" for entry in history]


def _explained(error: RefusedError) -> str:
    item = error.errors[0]
    ended = msgspec.convert({**item, "history": item.get("meta", {}).get("history", [])}, _Ended)
    lines = [why_in_vain(ended.title, ended.detail), *(f"  {line}" for line in history_lines(ended.history))]
    return "\n".join(map(printable, lines))
