"""Restoring: the records of a new store, built from a snapshot."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from ep_mock.clock import Clock
from ep_mock.domain.codes import Batch, Code
from ep_mock.domain.families import family_named
from ep_mock.entropy import Entropy
from ep_mock.simulation.code_book import CapturedCodes, CodeBook
from ep_mock.simulation.code_generation import CodeDeletion, CodeGeneration
from ep_mock.simulation.code_index import Entries
from ep_mock.simulation.job import Job
from ep_mock.simulation.plans import ActivePlan, ActivePlans
from ep_mock.simulation.poll_counts import PollCounts
from ep_mock.simulation.promotion import Promotion
from ep_mock.simulation.state import StoreState
from ep_mock.simulation.store import Store
from ep_mock.simulation.task import Task
from ep_mock.simulation.usage import Usage
from ep_mock.simulation.worker import Worker
from ep_mock.snapshots import format as form
from ep_mock.snapshots.numbering import number_transitions

_Record = TypeVar("_Record")


class Restoring:
    """One snapshot on its way into a new store."""

    def __init__(self, store: Store, saved: form.StoreSnapshot) -> None:
        self._store = store
        self._saved = saved
        self._batches = [_record(Batch, batch) for batch in saved.batches]
        entropy = Entropy.from_state(saved.entropy_key, saved.entropy_drawn)
        self._state = store.state = StoreState(store.state.name, store.settings, entropy)

    def fill(self) -> None:
        saved, state, store = self._saved, self._state, self._store
        state.sequence = number_transitions(saved) if saved.sequence is None else saved.sequence
        for job in saved.jobs:
            state.jobs[job.id] = _record(Job, job, family=family_named(job.family))
        for usage in saved.usages:
            family = family_named(usage.family)
            state.usages[family][usage.id] = _record(Usage, usage, family=family)
        for promotion in saved.promotions:
            state.promotions[family_named(promotion.family)].add(self._promotion(promotion))
        plans = [_record(ActivePlan, active) for active in saved.plans]
        state.plans = ActivePlans(plans, created=saved.plans_made)
        state.transitions.extend(saved.transitions)
        for name in ("jobs_created", "transitions_total"):
            setattr(state, name, getattr(saved, name))
        store.clock = Clock(saved.clock.mode, start=saved.clock.now, scale=saved.clock.scale)
        store.now = saved.clock.now
        store.worker = Worker(state)
        self._fill_worker(store.worker, saved.worker)
        store.poll_counts = PollCounts(store.moment, saved.poll_counts)

    def _promotion(self, saved: form.PromotionSnapshot) -> Promotion:
        state, family = self._state, family_named(saved.family)
        book = CodeBook(family, saved.id, state.entropy)
        book.extend(self._entries(saved.codes))
        return _record(
            Promotion,
            saved,
            without="codes",
            family=family,
            store_id=state.store_id,
            book=book,
            entropy=state.entropy,
            jobs=[state.jobs[job_id] for job_id in saved.jobs],
            previous_versions=[msgspec.json.encode(version) for version in saved.previous_versions],
            usages=[state.usages[family][usage_id] for usage_id in saved.usages],
        )

    def _entries(self, runs: form.CodeRuns) -> Entries:
        entries: Entries = {}
        for run in runs:
            if isinstance(run, form.PlainRun):
                entries.update(dict.fromkeys(run.keys, self._batches[run.batch]))
            else:
                entries[run.key] = _record(Code, run.code, batch=self._batches[run.code.batch])
        return entries

    def _owner(self, job: Job) -> Promotion:
        return self._state.promotions[job.family][job.promotion_id]

    def _fill_worker(self, worker: Worker, saved: form.WorkerSnapshot) -> None:
        jobs = self._state.jobs
        for job_id in saved.queue:
            worker.add_to_queue(jobs[job_id], self._owner(jobs[job_id]))
        for name in ("idle_since", "pickup_due", "paused"):
            setattr(worker, name, getattr(saved, name))
        for job_id, runs in saved.exports.items():
            promotion = self._owner(jobs[job_id])
            if not isinstance(runs, str):
                promotion.capture_export(job_id, CapturedCodes(self._entries(runs)))
            else:
                promotion.capture_export(job_id, None if runs == promotion.id else promotion.exports[runs])
        if saved.task is not None:
            worker.task = self._task(saved.task)

    def _task(self, saved: form.TaskSnapshot) -> Task:
        job = self._state.jobs[saved.job]
        promotion = self._owner(job)
        task = _record(Task, saved, job=job, promotion=promotion, generation=None, deletion=None)
        if saved.generation is not None:
            task.generation = _record(
                CodeGeneration,
                saved.generation,
                book=promotion.book,
                entropy=self._state.entropy,
                batch=self._batches[saved.generation.batch],
            )
        if saved.deletion is not None:
            batch = self._batches[saved.deletion.batch]
            task.deletion = _record(CodeDeletion, saved.deletion, book=promotion.book, batch=batch, keys=())
            # The constructor drops keys of removed codes, but these keep their turn.
            task.deletion.keys = saved.deletion.keys
        return task


def _record(
    kind: Callable[..., _Record], saved: msgspec.Struct, *, without: str = "", **different: Any
) -> _Record:
    """The record of a snapshot, with the fields of the snapshot.

    Args:
        without: a field that the record doesn't have.
        different: fields that the snapshot doesn't have, or has in another form.
    """
    fields = {**msgspec.structs.asdict(saved), **different}
    fields.pop(without, None)
    return kind(**fields)
