"""How a store's records look in the JSON of the control plane."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from ep_mock import control_messages as messages
from ep_mock.domain.dates import MAXIMUM, MINIMUM, format_nanos
from ep_mock.domain.lifecycle import Action
from ep_mock.domain.plans import NO_PLAN
from ep_mock.simulation.job import Job
from ep_mock.simulation.plans import ActivePlan
from ep_mock.simulation.state import JobTransition
from ep_mock.simulation.store import Store
from ep_mock.simulation.task import Task
from ep_mock.timings import SECOND
from ep_mock.traffic.faults import ActiveFault
from ep_mock.traffic.journal import Entry

_DELETING: Final[tuple[Action, ...]] = ("finish_cancel", "lose_race")


def clock_view(store: Store) -> messages.ClockReading:
    """The clock of a store."""
    return messages.ClockReading(store.clock.mode, format_nanos(store.now), store.clock.scale)


def advanced_view(store: Store, before: int, transitions: list[JobTransition]) -> messages.Advanced:
    """A move of a store's time since `before`, in nanoseconds."""
    return messages.Advanced(
        (store.now - before) / SECOND,
        format_nanos(store.now),
        [
            messages.JobTransition(format_nanos(each.at), *msgspec.structs.astuple(each)[1:])
            for each in transitions
        ],
    )


def job_view(job: Job, promotion_name: str | None = None) -> messages.Job:
    """A job."""
    return messages.Job(
        id=job.id,
        number=job.number,
        promotion_id=job.promotion_id,
        family=job.family.name,
        job_type=job.job_type,
        name=job.name,
        parameters=None if job.parameters is None else dict(job.parameters),
        status=job.status,
        error=job.error,
        result=job.result,
        created_at=format_nanos(job.created_at),
        updated_at=format_nanos(job.updated_at),
        plan=None if job.plan == NO_PLAN else msgspec.to_builtins(job.plan),
        promotion_name=promotion_name,
    )


def history_view(job: Job) -> list[messages.HistoryEntry]:
    """Every status that a job has had, the first one first."""
    return [
        messages.HistoryEntry(format_nanos(entry.at), entry.status, entry.cause, entry.sequence)
        for entry in job.history
    ]


def worker_view(store: Store) -> messages.WorkerReading:
    """The worker of a store."""
    worker = store.worker
    return messages.WorkerReading(
        now=format_nanos(store.now),
        paused=worker.paused,
        current=None if worker.task is None else _work_view(worker.task, store.now),
        queue=[
            messages.QueueEntry(position, job_view(job), _due(worker.pickup_due) if position == 1 else None)
            for position, (job, _) in enumerate(worker.pickup_order(), 1)
        ],
    )


def _work_view(task: Task, now: int) -> messages.Work:
    if task.action in _DELETING:
        activity = "delete"
    elif task.generation is not None:
        activity = "generate"
    elif task.action == "fail" or task.job.parameters is not None:
        activity = "fail"
    else:
        activity = "export"
    return messages.Work(
        job=job_view(task.job),
        activity=activity,
        since=format_nanos(max(task.started, MINIMUM)),
        due=_due(task.due),
        done=task.units_at(now),
        of=task.units,
    )


def _due(moment: int | None) -> str | None:
    """A time to come, unless dates cannot express it."""
    return None if moment is None or moment > MAXIMUM else format_nanos(moment)


def plan_view(active: ActivePlan) -> messages.PlanReading:
    """An active plan."""
    return messages.PlanReading(active.id, active.left, msgspec.to_builtins(active.plan))


def fault_view(active: ActiveFault) -> messages.FaultReading:
    """A fault."""
    return messages.FaultReading(
        active.id, active.matched, active.applied, active.exhausted, msgspec.to_builtins(active.fault)
    )


def request_view(entry: Entry) -> messages.RecordedRequest:
    """A request in the journal. A header that came several times is one value with commas."""
    request = entry.request
    headers: dict[str, str] = {}
    for name, value in request.headers:
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return messages.RecordedRequest(
        number=entry.number,
        sequence=entry.sequence,
        at=format_nanos(entry.at),
        method=request.method,
        path=request.path.decode("latin-1"),
        query=request.query.decode("latin-1"),
        operation=request.operation,
        family=request.family,
        headers=headers,
        body=_body_view(request.body),
        truncated=entry.truncated,
        status=entry.status,
        outcome=entry.outcome,
        carried_out=entry.carried_out,
        faults=list(entry.fault_ids),
    )


def _body_view(body: bytes) -> Any:
    """A body of JSON as JSON, any other as text, none as None."""
    if not body:
        return None
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return body.decode("utf-8", "replace")
    return value if isinstance(value, dict | list) else body.decode("utf-8", "replace")


def store_view(store: Store) -> messages.StoreReading:
    """A store as the list of stores shows it."""
    state = store.state
    return messages.StoreReading(
        name=state.name,
        mode=store.clock.mode,
        now=format_nanos(store.now),
        promotions=sum(len(family) for family in state.promotions.values()),
        jobs=len(state.jobs),
        unfinished_jobs=store.worker.queued + (store.worker.task is not None),
    )
