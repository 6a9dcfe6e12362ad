"""Jobs: create, read, cancel, wait."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote, urlencode

import msgspec

from ep_mock.control_messages import HistoryEntry, Job, JobHistory, Jobs
from ep_mock.domain.display import printable
from ep_mock.domain.families import FamilyName
from ep_mock.domain.lifecycle import STATUSES, Status
from ep_mock.handle.arguments import check_seconds, check_word
from ep_mock.handle.errors import RefusedError, WaitError, why_wait_failed
from ep_mock.handle.references import (
    FAMILY_NAMES,
    AnyJob,
    AnyPromotion,
    PromotionReference,
    job_id_of,
    promotion_path,
    promotion_reference,
)
from ep_mock.handle.store_client import StoreClient

WAIT_SECONDS: Final = 10.0
WAIT_FAILED: Final = 409

_NO_LIMIT: Final = 1_000_000_000


class JobsHandle:
    """The jobs of a store, including those of deleted promotions."""

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
        """Create a job that generates codes, through the API."""
        reference = promotion_reference("jobs.generate", promotion, family)
        parameters = {"number_of_codes": number_of_codes, **parameters}
        return self._create(reference, name, {"job_type": "code_generate", "parameters": parameters})

    def export(
        self, promotion: AnyPromotion, *, family: FamilyName | None = None, name: str | None = None
    ) -> Job:
        """Create a job that exports codes, through the API."""
        reference = promotion_reference("jobs.export", promotion, family)
        return self._create(reference, name, {"job_type": "code_export"})

    def cancel(self, job: AnyJob) -> Job:
        """Cancel a job through the API, and return it with its new status."""
        self._client.api("POST", f"{self._path('jobs.cancel', job)}/cancel")
        return self.get(job)

    def file(self, job: AnyJob) -> bytes:
        """Return the CSV file of a completed export."""
        href: str = self._client.api("GET", f"{self._path('jobs.file', job)}/file")["href"]
        return self._client.fetch("/" + href.split("/", 3)[3])

    def list(
        self,
        *,
        status: Status | None = None,
        family: FamilyName | None = None,
        promotion: AnyPromotion | None = None,
    ) -> list[Job]:
        """List jobs of the store, newest first."""
        query: dict[str, Any] = {"limit": _NO_LIMIT}
        if status is not None:
            check_word("jobs.list: status", status, STATUSES)
            query["status"] = status
        if family is not None:
            check_word("jobs.list: family", family, FAMILY_NAMES)
            query["family"] = family
        if promotion is not None:
            query["promotion_id"] = promotion_reference("jobs.list", promotion).id
        return self._client.read(Jobs, "GET", f"/jobs?{urlencode(query)}").jobs

    def get(self, job: AnyJob) -> Job:
        """Return the current state of a job."""
        return self._history("jobs.get", job).job

    def history(self, job: AnyJob) -> JobHistory:
        """Return a job with all statuses it has had, with time and cause."""
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
        """Wait until a job has a status. A poll clock moves during the wait.

        Args:
            job: The job to wait for (default: the newest one, of the promotion or of the store).
            status: The status, or several of which one is enough (default: until the job has ended).
            promotion: Wait for the newest job of this promotion.
            timeout: Maximum wait in real seconds, up to 600.
            others_advance: On a manual clock, wait for other code to move the clock. Otherwise a wait
                that cannot succeed fails at once.

        Raises:
            WaitError: the job ended in another status, nothing more will happen, or the time is up. The
                message shows the job's history.
        """
        __tracebackhide__ = True
        check_seconds("wait_for_job: timeout", timeout)
        body: dict[str, Any] = {"timeout": timeout, "others_advance": others_advance}
        if job is not None:
            body["job_id"] = job_id_of("wait_for_job", job)
        if promotion is not None:
            body["promotion_id"] = promotion_reference("wait_for_job", promotion).id
        if status is not None:
            body["status"] = list(status) if isinstance(status, list | tuple | set | frozenset) else [status]
            for each in body["status"]:
                check_word("wait_for_job: status", each, STATUSES)
        try:
            return self._client.read(JobHistory, "POST", "/jobs/wait", body, server_timeout=timeout).job
        except RefusedError as error:
            if error.status != WAIT_FAILED:
                raise
            message = _failure(error.errors[0])
        raise WaitError(message)

    def _create(self, reference: PromotionReference, name: str | None, fields: dict[str, Any]) -> Job:
        job = {"type": "promotion_job", **({} if name is None else {"name": name}), **fields}
        created = reference.call(self._client, "POST", "/jobs", {"data": job})
        return self.get(created["data"]["id"])

    def _history(self, verb: str, job: AnyJob) -> JobHistory:
        return self._client.read(JobHistory, "GET", f"/jobs/{quote(job_id_of(verb, job), safe='')}/history")

    def _path(self, verb: str, job: AnyJob) -> str:
        """The path of a job in the API."""
        known = job if isinstance(job, Job) else self._history(verb, job).job
        return f"{promotion_path(known.promotion_id, known.family)}/jobs/{known.id}"


def _failure(error: dict[str, Any]) -> str:
    history = msgspec.convert(error.get("meta", {}).get("history", []), list[HistoryEntry])
    lines = [f"  {entry.at}  {entry.status:<10}  {entry.cause}" for entry in history]
    return "\n".join(map(printable, [why_wait_failed(error), *lines]))
