"""Handlers of a store's worker."""

from __future__ import annotations

from typing import Any, Final

from ep_mock.domain.dates import MAXIMUM, MINIMUM, format_nanos
from ep_mock.domain.lifecycle import Action
from ep_mock.errors import UsageError
from ep_mock.simulation.store import Store
from ep_mock.simulation.task import Task
from ep_mock.web.control.clock import advanced_record
from ep_mock.web.control.jobs import job_record
from ep_mock.web.control.parameters import refused
from ep_mock.web.request import Request
from ep_mock.web.response import Response, json_response

_DELETING: Final[tuple[Action, ...]] = ("finish_cancel", "lose_race")


def get_worker(request: Request) -> Response:
    """GET /worker."""
    return json_response(200, worker_record(request.store))


def pause_worker(request: Request) -> Response:
    """POST /worker/pause."""
    request.store.pause_worker()
    return json_response(200, worker_record(request.store))


def resume_worker(request: Request) -> Response:
    """POST /worker/resume; a job whose time has come already is taken up before the answer."""
    request.store.resume_worker()
    request.store.settle()
    return json_response(200, worker_record(request.store))


def step_worker(request: Request) -> Response:
    """POST /worker/step."""
    store = request.store
    before = store.now
    try:
        transitions = store.step_worker()
    except UsageError as error:
        raise refused(error) from None
    return json_response(200, advanced_record(store, before, transitions))


def worker_record(store: Store) -> dict[str, Any]:
    """`{now, paused[, current], queue}`."""
    worker = store.worker
    record: dict[str, Any] = {"now": format_nanos(store.now), "paused": worker.paused}
    if worker.task is not None:
        record["current"] = _work_record(worker.task, store.now)
    record["queue"] = queue = [
        {"position": position, "job": job_record(job)}
        for position, (job, _) in enumerate(worker.pickup_order(), 1)
    ]
    if queue and worker.pickup_due is not None:
        queue[0] |= _due(worker.pickup_due)
    return record


def _work_record(task: Task, now: int) -> dict[str, Any]:
    if task.action in _DELETING:
        activity = "delete"
    elif task.generation is not None:
        activity = "generate"
    elif task.action == "fail" or task.job.parameters is not None:
        activity = "fail"
    else:
        activity = "export"
    record = {
        "job": job_record(task.job),
        "activity": activity,
        "since": format_nanos(max(task.started, MINIMUM)),
        **_due(task.due),
    }
    return {**record, "done": task.units_at(now), "of": task.units}


def _due(moment: int | None) -> dict[str, str]:
    """A time to come, where there is one that dates can express."""
    return {} if moment is None or moment > MAXIMUM else {"due": format_nanos(moment)}
