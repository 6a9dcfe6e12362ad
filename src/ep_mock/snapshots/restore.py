"""A snapshot on its way into a new store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from ep_mock.clock import Clock
from ep_mock.domain.codes import Batch, Code
from ep_mock.domain.families import family_named
from ep_mock.entropy import Entropy
from ep_mock.simulation.code_book import CapturedCodes
from ep_mock.simulation.code_generation import CodeDeletion, CodeGeneration
from ep_mock.simulation.code_index import Entries
from ep_mock.simulation.job import Job
from ep_mock.simulation.poll_counts import PollCounts
from ep_mock.simulation.promotion import Promotion
from ep_mock.simulation.state import ActivePlan, StoreState
from ep_mock.simulation.store import Store
from ep_mock.simulation.task import Task
from ep_mock.simulation.usage import Usage
from ep_mock.simulation.worker import Worker
from ep_mock.snapshots import format as form
from ep_mock.snapshots.numbering import number_transitions


class Restoring:
    """One snapshot on its way into a new store."""

    def __init__(self, store: Store, state: form.StoreSnapshot) -> None:
        self._store = store
        self._state = state
        self._batches = [Batch(**msgspec.structs.asdict(batch)) for batch in state.batches]
        store.state = StoreState(
            store.state.name, store.settings, Entropy.from_state(state.entropy_key, state.entropy_drawn)
        )
        self._content = store.state

    def fill(self) -> None:
        state, content, store = self._state, self._content, self._store
        content.sequence = number_transitions(state) if state.sequence is None else state.sequence
        content.jobs = {job.id: self._job(job) for job in state.jobs}
        for usage in state.usages:
            own = {**msgspec.structs.asdict(usage), "family": family_named(usage.family)}
            content.usages[own["family"]][usage.id] = Usage(**own)
        for promotion in state.promotions:
            content.promotions[family_named(promotion.family)].add(self._promotion(promotion))
        content.jobs_created = state.jobs_created
        content.plans = [ActivePlan(id=each.id, plan=each.plan, left=each.left) for each in state.plans]
        content.plans_made = state.plans_made
        content.transitions.extend(state.transitions)
        content.transitions_total = state.transitions_total
        store.clock = Clock(state.clock.mode, start=state.clock.now, scale=state.clock.scale)
        store.now = state.clock.now
        store.worker = Worker(content)
        self._fill_worker(store.worker, state.worker)
        store.poll_counts = PollCounts(store.moment, state.looks)

    def _job(self, state: form.JobState) -> Job:
        job = Job(
            id=state.id,
            number=state.number,
            family=family_named(state.family),
            promotion_id=state.promotion_id,
            job_type=state.job_type,
            name=state.name,
            parameters=state.parameters,
            created_at=state.created_at,
            result_key=state.result_key,
            plan=state.plan,
            plan_id=state.plan_id,
        )
        job.status, job.updated_at, job.error, job.result = (
            state.status,
            state.updated_at,
            state.error,
            state.result,
        )
        job.history = state.history
        return job

    def _promotion(self, state: form.PromotionState) -> Promotion:
        promotion = Promotion(
            id=state.id,
            family=family_named(state.family),
            store_id=self._content.store_id,
            fields=state.fields,
            start=state.start,
            end=state.end,
            created_at=state.created_at,
            author=state.author,
            entropy=self._content.entropy,
            codes_limit=state.codes_limit,
        )
        promotion.updated_at, promotion.updated_by = state.updated_at, state.updated_by
        promotion.book.extend(self._entries(state.codes))
        promotion.jobs = [self._content.jobs[job_id] for job_id in state.jobs]
        promotion.previous_versions = [msgspec.json.encode(version) for version in state.former]
        promotion.usages = [self._content.usages[promotion.family][usage_id] for usage_id in state.usages]
        return promotion

    def _entries(self, runs: form.CodeRuns) -> Entries:
        entries: Entries = {}
        for run in runs:
            if isinstance(run, form.PlainRun):
                entries.update(dict.fromkeys(run.keys, self._batches[run.batch]))
            else:
                own: Mapping[str, Any] = msgspec.structs.asdict(run.code)
                entries[run.key] = Code(**{**own, "batch": self._batches[run.code.batch]})
        return entries

    def _owner(self, job: Job) -> Promotion:
        return self._content.promotions[job.family][job.promotion_id]

    def _fill_worker(self, worker: Worker, state: form.WorkerState) -> None:
        jobs = self._content.jobs
        for job_id in state.queue:
            worker.add_to_queue(jobs[job_id], self._owner(jobs[job_id]))
        worker.idle_since, worker.pickup_due, worker.paused = state.free_since, state.pickup_due, state.paused
        for job_id, runs in state.exports.items():
            promotion = self._owner(jobs[job_id])
            if not isinstance(runs, str):
                promotion.capture_export(job_id, CapturedCodes(self._entries(runs)))
            else:
                promotion.capture_export(job_id, None if runs == promotion.id else promotion.exports[runs])
        if state.task is not None:
            worker.task = self._task(state.task)

    def _task(self, state: form.TaskState) -> Task:
        job = self._content.jobs[state.job]
        promotion = self._owner(job)
        task = Task(
            job=job,
            promotion=promotion,
            started=state.started,
            lead=state.lead,
            per_unit=state.per_unit,
            units=state.units,
            action=state.action,
            error=state.error,
            stuck=state.stuck,
            generated=state.generated,
        )
        if state.growth is not None:
            made = state.growth
            task.generation = CodeGeneration(
                promotion.book,
                self._content.entropy,
                made.source,
                self._batches[made.batch],
                made.length,
                given=made.given,
                drawn=made.drawn,
                made=made.made,
            )
        if state.shrinkage is not None:
            left = state.shrinkage
            task.deletion = CodeDeletion(
                promotion.book, self._batches[left.batch], (), done=left.done, deleted=left.deleted
            )
            # All of them: what somebody else has removed meanwhile keeps its turn, too.
            task.deletion.keys = list(left.keys)
        return task
