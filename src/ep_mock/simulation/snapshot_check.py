"""Whether a restored store hangs together, so that no later request meets what a snapshot that somebody has edited got wrong."""

from __future__ import annotations

from typing import Final

from ep_mock.domain.dates import format_nanos
from ep_mock.domain.lifecycle import Action, Status
from ep_mock.simulation.store import Store
from ep_mock.simulation.task import Task

_ENDS: Final[frozenset[tuple[Status, Action]]] = frozenset(
    {("processing", "complete"), ("processing", "fail"), ("cancelling", "finish_cancel"), ("cancelling", "lose_race")}
)


def check_restored(store: Store) -> None:
    """
    Raises:
        ValueError: jobs, worker and promotions say different things of each other, or something cannot be printed.
        LookupError: something is missing.
    """
    _check_worker(store)
    content = store.content
    owned = [job for family in content.promotions.values() for promotion in family.values() for job in promotion.jobs]
    for job in owned:
        if content.jobs.get(job.id) is not job:
            raise ValueError(f"job {job.id} is not among the jobs")
    for job in content.jobs.values():
        job.listed()
        if not job.history or job.history[-1].status != job.status or (job.parameters is None) != (job.job_type == "code_export"):
            raise ValueError(f"job {job.id} is not as its history or type says")
    moments = [entry.at for job in content.jobs.values() for entry in job.history] + [entry.at for entry in content.transitions]
    moments += [store.worker.free_since, store.worker.free_since if store.worker.task is None else store.worker.task.started]
    for moment in moments:
        format_nanos(moment)
    for usages in content.usages.values():
        for usage in usages.values():
            usage.listed()
    for family in content.promotions.values():
        for promotion in family.values():
            promotion.listed()
            if not isinstance(promotion.fields["automatic"], bool) or not isinstance(promotion.fields["enabled"], bool):
                raise ValueError(f"promotion {promotion.id} is neither on nor off")


def _check_worker(store: Store) -> None:
    worker = store.worker
    for job, promotion in worker.queue():
        if job.status != "pending" or job not in promotion.jobs:
            raise ValueError(f"job {job.id} waits in the queue, but it is {job.status}")
    if worker.task is not None:
        _check_task(worker.task)
        if worker.pickup_due is not None:
            raise ValueError("the worker is busy, but is about to take up a job")
    elif worker.pickup_due is not None and worker.paused:
        raise ValueError("the worker is paused, but is about to take up a job")


def _check_task(task: Task) -> None:
    if (task.job.status, task.action) not in _ENDS or task.job not in task.promotion.jobs:
        raise ValueError(f"job {task.job.id} is in the worker's hands, but it is {task.job.status}")
    if (task.action == "fail") != (task.error is not None):
        raise ValueError(f"job {task.job.id} fails without an error, or has one and does not fail")
    if task.growth is not None and len(task.growth.made) > task.units:
        raise ValueError(f"job {task.job.id} has made more codes than it is to make")
