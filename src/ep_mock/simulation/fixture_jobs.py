"""The jobs of a fixture: each is created like any other and then led along the life cycle into its status."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ep_mock.domain.lifecycle import Action, Status
from ep_mock.domain.location import Check, Place
from ep_mock.errors import ApiError
from ep_mock.simulation.fixtures import JobEntry
from ep_mock.simulation.job import Job
from ep_mock.simulation.jobs import new_job
from ep_mock.simulation.promotion import Promotion
from ep_mock.simulation.store import Store
from ep_mock.simulation.task import LIMIT_EXCEEDED

IN_HANDS: Final = ("processing", "cancelling")
"""The statuses of a job that the worker is busy with."""

_CAUSE: Final = "described by a fixture"
_PATHS: Final[Mapping[Status, tuple[Action, ...]]] = {
    "pending": (),
    "processing": ("pick_up",),
    "completed": ("pick_up", "complete"),
    "failed": ("pick_up", "fail"),
    "cancelling": ("pick_up", "cancel"),
    "cancelled": ("pick_up", "cancel", "finish_cancel"),
}
_NEVER_TAKEN_UP: Final[tuple[Action, ...]] = ("cancel",)


@dataclass(frozen=True, slots=True)
class JobDraft:
    """A job that a fixture describes, with its times in nanoseconds."""

    place: Place
    entry: JobEntry
    promotion: Promotion
    created_at: int
    updated_at: int


@dataclass(frozen=True, slots=True)
class JobInStatus:
    """A job that is in its status, but not in the store yet.

    Attributes:
        generated, deleted: how many codes it has made, and deleted again.
        codes: how many of its codes are there.
    """

    place: Place
    job: Job
    promotion: Promotion
    generated: int
    deleted: int
    codes: int

    @property
    def wanted(self) -> int:
        """How many codes it was told to make."""
        return _wanted(self.job)


def draft_job(entry: JobEntry, promotion: Promotion, place: Place, now: int) -> JobDraft:
    """The described job with its times resolved.

    Raises:
        UsageError: they contradict each other.
    """
    created_at = place.at("created_at").past(entry.created_at, now)
    updated_at = created_at if entry.updated_at is None else place.at("updated_at").past(entry.updated_at, now)
    if updated_at < created_at:
        raise place.at("updated_at").wrong("it comes before created_at")
    if entry.status == "pending" and updated_at != created_at:
        raise place.at("updated_at").wrong("a pending job has not changed since created_at; leave it out")
    return JobDraft(place, entry, promotion, created_at, updated_at)


def make_job(store: Store, draft: JobDraft, job_id: str, check: Check) -> JobInStatus:
    """Make the described job with this id, as the newest one of its promotion.

    Raises:
        UsageError: a request for it would be refused, or its status does not fit with the rest of it.
    """
    entry, place, promotion = draft.entry, draft.place, draft.promotion
    request: dict[str, Any] = {"type": "promotion_job", "job_type": entry.job_type}
    for name in ("name", "parameters"):
        if (value := getattr(entry, name)) is not None:
            request[name] = value
    try:
        checked = check(promotion.family, "create_job", request)
        job = new_job(store, promotion, checked, id=job_id, created_at=draft.created_at)
    except ApiError as error:
        raise place.refused(error) from None
    in_status = _progress(draft, job)
    _lead(draft, in_status, picked_up=min(draft.updated_at, draft.created_at + store.content.timings.pickup))
    return in_status


def _wanted(job: Job) -> int:
    return 0 if job.parameters is None else int(job.parameters["number_of_codes"])


def _progress(draft: JobDraft, job: Job) -> JobInStatus:
    entry, place, wanted = draft.entry, draft.place, _wanted(job)
    if entry.status in IN_HANDS:
        generated, deleted = entry.generated_so_far or 0, entry.deleted_so_far or 0
        most = wanted - 1 if entry.status == "processing" else wanted
        if generated > max(most, 0):
            raise place.at("generated_so_far").wrong(f"a {entry.status} job that makes {wanted} has made {most} at most, got {generated}")
        if deleted and deleted >= generated:
            raise place.at("deleted_so_far").wrong(f"expected fewer than generated_so_far, which is {generated}, got {deleted}")
        return JobInStatus(place, job, draft.promotion, generated, deleted, codes=generated - deleted)
    if entry.result is None:
        generated, deleted = (wanted if entry.status == "completed" else 0), 0
    else:
        generated = entry.result.generated
        deleted = entry.result.deleted if entry.result.deleted is not None else generated if entry.status == "cancelled" else 0
        if generated > wanted:
            raise place.at("result", "generated").wrong(f"expected at most number_of_codes, which is {wanted}, got {generated}")
        if deleted > generated:
            raise place.at("result", "deleted").wrong(f"expected at most generated, which is {generated}, got {deleted}")
    codes = generated - deleted if entry.status == "completed" else 0
    if entry.codes_left is not None:
        if entry.codes_left > codes:
            raise place.at("codes_left").wrong(f"expected at most what its result says, which is {codes}, got {entry.codes_left}")
        codes = entry.codes_left
    return JobInStatus(place, job, draft.promotion, generated, deleted, codes)


def _lead(draft: JobDraft, reached: JobInStatus, *, picked_up: int) -> None:
    """Take the steps of the life cycle that lead to the described status."""
    entry, job = draft.entry, reached.job
    result: dict[str, int] | None = None
    error: str | None = None
    if job.parameters is not None and (entry.status == "completed" or entry.result is not None):
        result = {"generated": reached.generated}
        if entry.status == "cancelled" or (entry.result is not None and entry.result.deleted is not None):
            result["deleted"] = reached.deleted
    if entry.status == "failed":
        if entry.error is None and job.parameters is None:
            raise draft.place.at("error").wrong("missing: only a code_generate job fails without saying why")
        error = entry.error or LIMIT_EXCEEDED
    path = _NEVER_TAKEN_UP if entry.status == "cancelled" and entry.result is None else _PATHS[entry.status]
    for action in path[:-1]:
        job.move(action, picked_up if action == "pick_up" else draft.updated_at, _CAUSE)
    for action in path[-1:]:
        job.move(action, draft.updated_at, _CAUSE, error=error, result=result)
