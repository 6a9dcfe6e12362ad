"""Why an unfinished job makes no progress, and what to do about it.

Waits, errors for clients that poll in vain, and the reports of failed tests give this explanation.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from ep_mock.domain.dates import format_nanos
from ep_mock.simulation.job import Job
from ep_mock.simulation.store import Store

_ADVANCE: Final = 'move time with POST /__ep_mock/clock/advance {"next": true}'
_MOVED_BY: Final[dict[str, str]] = {
    "jobs": "only requests for jobs or a file not yet ready move this clock, or any with --poll-moves any",
    "any": "each request for the promotion moves this clock",
}


class WaitingReason(NamedTuple):
    """Why a job makes no progress now.

    Attributes:
        kind: `stuck` by its plan, `paused` worker, `nothing` to come, `still` clock, or `due` later.
        text: the reason in words, with what to do about it.
    """

    kind: Literal["stuck", "paused", "nothing", "still", "due"]
    text: str


def waiting_reason(store: Store, job: Job) -> WaitingReason:
    """Why an unfinished job makes no progress now. The store must be settled."""
    worker, due = store.worker, store.next_event
    if job.plan.is_stuck_in(job.status):
        return WaitingReason("stuck", f"{_plan_of(job)} keeps it stuck there: {_way_out(store, job)}")
    if worker.paused and job.status == "pending":
        return WaitingReason("paused", "the worker is paused: resume it with POST /__ep_mock/worker/resume")
    if due is None:
        return WaitingReason("nothing", _nothing_to_come(store))
    at = f"the worker's next event is due at {format_nanos(due)}"
    if store.clock.running:
        return WaitingReason("due", f"{at}, now it is {format_nanos(store.now)}")
    by_polls = f"; {_MOVED_BY[store.settings.poll_moves]}" if store.clock.mode == "poll" else ""
    clock = f"the {store.clock.mode} clock stands at {format_nanos(store.now)}"
    return WaitingReason("still", f"{clock}, {at}: {_ADVANCE}{by_polls}")


def _nothing_to_come(store: Store) -> str:
    """Why the worker has no next event although a job is unfinished."""
    worker = store.worker
    if worker.due is not None:
        return "the worker's next event lies beyond the end of all dates: reset the store"
    if worker.task is None:
        return "the worker has nothing more to do, see GET /__ep_mock/worker: reset the store"
    job = worker.task.job
    stuck = f"{_plan_of(job)} keeps {job.status}: {_way_out(store, job)}"
    return f"the worker is held up by job {job.id}, which {stuck}"


def _plan_of(job: Job) -> str:
    return job.plan_id or "its plan"


def _way_out(store: Store, job: Job) -> str:
    """How to free a stuck job, and the next jobs if its plan applies to more."""
    cancelling = job.status == "cancelling"
    freed = "delete its promotion, or reset the store" if cancelling else "cancel it, or delete its promotion"
    if any(active.id == job.plan_id for active in store.state.plans):
        withdraw = f"withdraw the plan with DELETE /__ep_mock/plans/{job.plan_id}"
        return f"{freed}, and {withdraw}, which is for more jobs"
    return freed
