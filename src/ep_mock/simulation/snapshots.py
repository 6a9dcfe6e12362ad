"""Saving a whole store as plain data, and restoring it so that it goes on exactly as it would have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from ep_mock.clock import Clock
from ep_mock.domain.codes import Batch, Code
from ep_mock.domain.dates import format_nanos
from ep_mock.domain.families import family_named
from ep_mock.entropy import Entropy
from ep_mock.errors import UsageError
from ep_mock.settings import Settings, names_of
from ep_mock.simulation import snapshot_format as form
from ep_mock.simulation.codebook import Entries
from ep_mock.simulation.content import Content, PlanInForce
from ep_mock.simulation.growth import Growth, Shrinkage
from ep_mock.simulation.job import Job
from ep_mock.simulation.promotion import Promotion
from ep_mock.simulation.snapshot_check import check_restored
from ep_mock.simulation.store import Store
from ep_mock.simulation.task import Task
from ep_mock.simulation.usage import Usage
from ep_mock.simulation.worker import Worker

_STORE_SETTINGS = names_of("store")
_CODE_FIELDS = ("consume_unit", "uses", "max_uses", "user", "max_uses_per_shopper", "is_for_new_shopper")


def save(store: Store) -> dict[str, Any]:
    """The store as plain data that JSON can hold. The store must have been settled."""
    store.bring_codes()
    document: dict[str, Any] = msgspec.to_builtins(_Saving(store).state())
    return document


def restore(data: object, name: str, settings: Settings, seed: str) -> Store:
    """A store that goes on where the saved one was, at the saved time and with its ids and codes; `seed` is for what is not saved.

    Raises:
        UsageError: the data is no snapshot of this version, or contradicts itself.
    """
    try:
        state = msgspec.convert(data, form.StoreState)
    except msgspec.ValidationError as error:
        raise UsageError(f"snapshot: {error}") from None
    # What the settings say of the clock is not what counts: the saved clock goes on.
    settings = settings.with_changes({"clock": state.clock.mode, "clock_start": ""}).with_changes(state.settings, scopes=("store",))
    store = Store(name, settings, seed)
    try:
        _Restoring(store, state).fill()
        check_restored(store)
    except (LookupError, ValueError, TypeError) as error:
        raise UsageError(f"snapshot: contradicts itself ({type(error).__name__}: {error})") from None
    return store


class _Saving:
    """One store on its way into a snapshot; batches are numbered as they are met."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._batches: dict[Batch, int] = {}

    def state(self) -> form.StoreState:
        store, content = self._store, self._store.content
        key, drawn = content.entropy.state()
        promotions = [self._promotion(each) for family in content.promotions.values() for each in family.values()]
        worker = self._worker(store.worker)
        return form.StoreState(
            ep_mock_snapshot=form.VERSION,
            clock=form.ClockState(mode=store.clock.mode, now=store.now, scale=store.clock.scale),
            settings={name: getattr(store.settings, name) for name in _STORE_SETTINGS},
            entropy_key=key,
            entropy_drawn=drawn,
            batches=[form.BatchState(**msgspec.structs.asdict(batch)) for batch in self._batches],
            promotions=promotions,
            jobs=[self._job(job) for job in content.jobs.values()],
            jobs_created=content.jobs_created,
            usages=[self._usage(usage) for family in content.usages.values() for usage in family.values()],
            plans=[form.PlanState(id=each.id, plan=each.plan, left=each.left) for each in content.plans],
            plans_made=content.plans_made,
            worker=worker,
            transitions=list(content.transitions),
            transitions_total=content.transitions_total,
            polls=store.polls,
            polled_at=store.polled_at,
        )

    def _batch(self, batch: Batch) -> int:
        return self._batches.setdefault(batch, len(self._batches))

    def _runs(self, entries: Entries) -> form.CodeRuns:
        runs: form.CodeRuns = []
        for key, entry in entries.items():
            if isinstance(entry, Code):
                own = {name: getattr(entry, name) for name in _CODE_FIELDS}
                code = form.CodeState(code=entry.code, batch=self._batch(entry.batch), **own)
                runs.append(form.SingleCode(key=key, code=code))
                continue
            number, last = self._batch(entry), runs[-1] if runs else None
            if isinstance(last, form.PlainRun) and last.batch == number:
                last.keys.append(key)
            else:
                runs.append(form.PlainRun(batch=number, keys=[key]))
        return runs

    def _promotion(self, promotion: Promotion) -> form.PromotionState:
        return form.PromotionState(
            id=promotion.id,
            family=promotion.family.name,
            fields=promotion.fields,
            start=promotion.start,
            end=promotion.end,
            created_at=promotion.created_at,
            updated_at=promotion.updated_at,
            author=promotion.author,
            updated_by=promotion.updated_by,
            codes_limit=promotion.codes_limit,
            codes=self._runs(promotion.codes.entries),
            jobs=[job.id for job in promotion.jobs],
            former=[msgspec.json.decode(version) for version in promotion.former],
            usages=[usage.id for usage in promotion.usages],
        )

    def _usage(self, usage: Usage) -> form.UsageState:
        own = {name: getattr(usage, name) for name in form.UsageState.__struct_fields__ if name != "family"}
        return form.UsageState(family=usage.family.name, **own)

    def _job(self, job: Job) -> form.JobState:
        return form.JobState(
            id=job.id,
            number=job.number,
            family=job.family.name,
            promotion_id=job.promotion_id,
            job_type=job.job_type,
            name=job.name,
            parameters=None if job.parameters is None else dict(job.parameters),
            status=job.status,
            created_at=job.created_at,
            updated_at=job.updated_at,
            error=job.error,
            result=job.result,
            result_key=job.result_key,
            plan=job.plan,
            history=job.history,
        )

    def _worker(self, worker: Worker) -> form.WorkerState:
        return form.WorkerState(
            queue=[job.id for job, _ in worker.queue],
            task=None if worker.task is None else self._task(worker.task),
            free_since=worker.free_since,
            pickup_due=worker.pickup_due,
            paused=worker.paused,
            exports={job_id: self._runs(entries) for job_id, entries in worker.exports.items()},
        )

    def _task(self, task: Task) -> form.TaskState:
        return form.TaskState(
            job=task.job.id,
            started=task.started,
            lead=task.lead,
            per_unit=task.per_unit,
            units=task.units,
            action=task.action,
            error=task.error,
            stuck=task.stuck,
            generated=task.generated,
            growth=None if task.growth is None else self._growth(task.growth),
            shrinkage=None if task.shrinkage is None else self._shrinkage(task.shrinkage),
        )

    def _growth(self, growth: Growth) -> form.GrowthState:
        return form.GrowthState(
            source=growth.source,
            batch=self._batch(growth.batch),
            length=growth.length,
            given=growth.given,
            drawn=growth.drawn,
            made=growth.made,
        )

    def _shrinkage(self, left: Shrinkage) -> form.ShrinkageState:
        return form.ShrinkageState(batch=self._batch(left.batch), keys=left.keys, done=left.done, deleted=left.deleted)


class _Restoring:
    """One snapshot on its way into a new store."""

    def __init__(self, store: Store, state: form.StoreState) -> None:
        self._store = store
        self._state = state
        self._batches = [Batch(**msgspec.structs.asdict(batch)) for batch in state.batches]
        for batch in self._batches:
            format_nanos(batch.created_at)
        store.content = Content(store.content.name, store.settings, Entropy.resumed(state.entropy_key, state.entropy_drawn))
        self._content = store.content

    def fill(self) -> None:
        state, content, store = self._state, self._content, self._store
        content.jobs = {job.id: self._job(job) for job in state.jobs}
        for usage in state.usages:
            own = {**msgspec.structs.asdict(usage), "family": family_named(usage.family)}
            content.usages[usage.family][usage.id] = Usage(**own)
        for promotion in state.promotions:
            content.promotions[promotion.family][promotion.id] = self._promotion(promotion)
        content.jobs_created = state.jobs_created
        content.plans = [PlanInForce(id=each.id, plan=each.plan, left=each.left) for each in state.plans]
        content.plans_made = state.plans_made
        content.transitions.extend(state.transitions)
        content.transitions_total = state.transitions_total
        store.clock = Clock(state.clock.mode, start=state.clock.now, scale=state.clock.scale)
        store.now = state.clock.now
        store.polls, store.polled_at = state.polls, state.polled_at
        store.worker = Worker(content)
        self._fill_worker(store.worker, state.worker)

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
        )
        job.status, job.updated_at, job.error, job.result = state.status, state.updated_at, state.error, state.result
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
        promotion.codes.extend(self._entries(state.codes))
        promotion.jobs = [self._content.jobs[job_id] for job_id in state.jobs]
        promotion.former = [msgspec.json.encode(version) for version in state.former]
        promotion.usages = [self._content.usages[state.family][usage_id] for usage_id in state.usages]
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
        return self._content.promotions[job.family.name][job.promotion_id]

    def _fill_worker(self, worker: Worker, state: form.WorkerState) -> None:
        jobs = self._content.jobs
        worker.queue.extend((jobs[job_id], self._owner(jobs[job_id])) for job_id in state.queue)
        worker.free_since, worker.pickup_due, worker.paused = state.free_since, state.pickup_due, state.paused
        worker.exports = {job_id: self._entries(runs) for job_id, runs in state.exports.items()}
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
            task.growth = Growth(
                promotion.codes,
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
            task.shrinkage = Shrinkage(promotion.codes, self._batches[left.batch], left.keys, done=left.done, deleted=left.deleted)
        return task
