"""What an unfinished job waits for, and what to do about it.

One explanation for waits, for clients that poll in vain, and for the reports of failed tests.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from ep_mock.clock import LATEST
from ep_mock.domain.dates import format_nanos
from ep_mock.simulation.job import Job
from ep_mock.simulation.store import Store

_ADVANCE: Final = 'move time with POST /__ep_mock/clock/advance {"next": true}'
_MOVED_BY: Final[dict[str, str]] = {
    "jobs": "only requests for jobs or a file not yet ready move this clock, or any with --poll-moves any",
    "any": "each request for the promotion moves this clock",
}


class Reason(NamedTuple):
    """Why a job goes no further now.

    Attributes:
        kind: `stuck` by its plan, `paused` worker, `nothing` to come, `still` clock, or `due` in time.
        text: the same in words, with what to do about it.
    """

    kind: Literal["stuck", "paused", "nothing", "still", "due"]
    text: str


def next_event(store: Store) -> int | None:
    """When the worker does something, None when it has nothing to do, or only after the end of all dates."""
    due = store.worker.due
    return None if due is None or due > LATEST else due


def waiting_reason(store: Store, job: Job) -> Reason:
    """Why an unfinished job goes no further now. The store must have been settled."""
    worker, due = store.worker, next_event(store)
    if job.plan.is_stuck_in(job.status):
        return Reason("stuck", f"{_plan_of(job)} keeps it stuck there: {_way_out(store, job)}")
    if worker.paused and job.status == "pending":
        return Reason("paused", "the worker is paused: resume it with POST /__ep_mock/worker/resume")
    if due is None:
        return Reason("nothing", _nothing_to_come(store))
    at = f"the worker's next event is due at {format_nanos(due)}"
    if store.clock.running:
        return Reason("due", f"{at}, now it is {format_nanos(store.now)}")
    by_polls = f"; {_MOVED_BY[store.settings.poll_moves]}" if store.clock.mode == "poll" else ""
    clock = f"the {store.clock.mode} clock stands at {format_nanos(store.now)}"
    return Reason("still", f"{clock}, {at}: {_ADVANCE}{by_polls}")


def _nothing_to_come(store: Store) -> str:
    """Why the worker does nothing more, although a job has not ended."""
    worker = store.worker
    if worker.due is not None:
        return "the worker's next event lies beyond the end of all dates: reset the store"
    if worker.task is None:
        return "the worker has nothing more to do, see GET /__ep_mock/worker: reset the store"
    held = worker.task.job
    return (
        f"the worker is held up by job {held.id}, which {_plan_of(held)} keeps {held.status}: "
        f"{_way_out(store, held)}"
    )


def _plan_of(job: Job) -> str:
    return job.plan_id or "its plan"


def _way_out(store: Store, job: Job) -> str:
    """What frees a stuck job, and the next ones where its plan is for more of them."""
    cancelling = job.status == "cancelling"
    freed = "delete its promotion, or reset the store" if cancelling else "cancel it, or delete its promotion"
    if any(in_force.id == job.plan_id for in_force in store.state.plans):
        return (
            f"{freed}, and withdraw the plan with DELETE /__ep_mock/plans/{job.plan_id}, which is for "
            f"more jobs"
        )
    return freed
