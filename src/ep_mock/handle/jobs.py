"""Jobs: creating them, looking at them, waiting for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlencode

import msgspec

from ep_mock.domain.families import FamilyName, family_named
from ep_mock.domain.lifecycle import Status
from ep_mock.handle.client import StoreClient
from ep_mock.handle.errors import RefusedError, WaitError, why_in_vain
from ep_mock.handle.promotions import Promotion, id_of, path_of
from ep_mock.handle.records import HistoryEntry, Job, JobHistory

WAIT_SECONDS: Final = 10.0
WAIT_ENDED: Final = 409


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
        promotion: Promotion | str,
        number_of_codes: int,
        *,
        family: FamilyName = "standard",
        name: str | None = None,
        **parameters: Any,
    ) -> Job:
        """Create a job that makes codes, through the API; `family` counts where the promotion is given by its id."""
        body: dict[str, Any] = {"job_type": "code_generate", "parameters": {"number_of_codes": number_of_codes, **parameters}}
        return self._create(path_of(promotion, family), name, body)

    def export(self, promotion: Promotion | str, *, family: FamilyName = "standard", name: str | None = None) -> Job:
        """Create a job that exports codes, through the API."""
        return self._create(path_of(promotion, family), name, {"job_type": "code_export"})

    def cancel(self, job: Job) -> Job:
        """Cancel a job, through the API; answers how it stands then."""
        self._client.api("POST", f"{_path(job)}/cancel")
        return self.get(job)

    def file(self, job: Job) -> bytes:
        """The CSV of a completed export."""
        href: str = self._client.api("GET", f"{_path(job)}/file")["href"]
        return self._client.fetch("/" + href.split("/", 3)[3])

    def list(
        self, *, status: Status | None = None, family: FamilyName | None = None, promotion: Promotion | str | None = None
    ) -> list[Job]:
        """All jobs of the store, newest first."""
        asked = {"status": status, "family": family, "promotion_id": None if promotion is None else id_of(promotion)}
        query = urlencode({key: value for key, value in asked.items() if value is not None})
        return self._client.read(_Jobs, "GET", f"/jobs?{query}" if query else "/jobs").jobs

    def get(self, job: Job | str) -> Job:
        """A job as it stands now."""
        return self.history(job).job

    def history(self, job: Job | str) -> JobHistory:
        """A job and every status it has had, with time and cause."""
        return self._client.read(JobHistory, "GET", f"/jobs/{_id_of(job)}/history")

    def wait(
        self,
        job: Job | str | None = None,
        status: Status | Sequence[Status] | None = None,
        *,
        promotion: Promotion | str | None = None,
        timeout: float = WAIT_SECONDS,
        others_advance: bool = False,
    ) -> Job:
        """Wait until a job has a status, or one of several; until it has ended when none is given.

        Without a job it is the newest one, of the promotion or of the store. A poll clock is moved by the wait. On a manual clock a wait
        that can never end fails at once, unless `others_advance` says that somebody else moves the clock. `timeout` counts real seconds, at
        most 600.

        Raises:
            WaitError: it has ended otherwise, nothing will happen any more, or the time is up; with the job's history.
        """
        __tracebackhide__ = True
        wanted: dict[str, Any] = {"timeout": timeout, "others_advance": others_advance}
        if job is not None:
            wanted["job_id"] = _id_of(job)
        if promotion is not None:
            wanted["promotion_id"] = id_of(promotion)
        if status is not None:
            wanted["status"] = status if isinstance(status, str) else list(status)
        try:
            return self._client.read(JobHistory, "POST", "/jobs/wait", wanted, patience=timeout).job
        except RefusedError as error:
            if error.status != WAIT_ENDED:
                raise
            explained = _explained(error)
        raise WaitError(explained)

    def _create(self, promotion_path: str, name: str | None, body: dict[str, Any]) -> Job:
        document = {"type": "promotion_job", **({} if name is None else {"name": name}), **body}
        created = self._client.api("POST", f"{promotion_path}/jobs", {"data": document})
        return self.get(created["data"]["id"])


def history_lines(history: Sequence[HistoryEntry]) -> list[str]:
    """A job's history, a status in each line."""
    return [f"{entry.at}  {entry.status:<10}  {entry.cause}" for entry in history]


def _id_of(job: Job | str) -> str:
    return job.id if isinstance(job, Job) else job


def _path(job: Job) -> str:
    return f"/v2/{family_named(job.family).collection}/{job.promotion_id}/jobs/{job.id}"


def _explained(error: RefusedError) -> str:
    item = error.errors[0]
    ended = msgspec.convert({**item, "history": item.get("meta", {}).get("history", [])}, _Ended)
    return "\n".join([why_in_vain(ended.title, ended.detail), *(f"  {line}" for line in history_lines(ended.history))])
