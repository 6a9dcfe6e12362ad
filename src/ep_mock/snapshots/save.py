"""A store on its way into a snapshot."""

from __future__ import annotations

import msgspec

from ep_mock.domain.codes import Batch, Code
from ep_mock.settings import setting_names
from ep_mock.simulation.code_generation import CodeDeletion, CodeGeneration
from ep_mock.simulation.code_index import Entries
from ep_mock.simulation.job import Job
from ep_mock.simulation.promotion import Promotion
from ep_mock.simulation.store import Store
from ep_mock.simulation.task import Task
from ep_mock.simulation.usage import Usage
from ep_mock.simulation.worker import Worker
from ep_mock.snapshots import format as form

_STORE_SETTINGS = setting_names("store")
_CODE_FIELDS = ("consume_unit", "uses", "max_uses", "user", "max_uses_per_shopper", "is_for_new_shopper")


class Saving:
    """One store on its way into a snapshot; batches are numbered as they are met."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._batches: dict[Batch, int] = {}

    def state(self) -> form.StoreSnapshot:
        store, content = self._store, self._store.state
        key, drawn = content.entropy.state()
        promotions = [
            self._promotion(each) for family in content.promotions.values() for each in family.values()
        ]
        worker = self._worker(store.worker)
        return form.StoreSnapshot(
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
            sequence=content.sequence,
            looks={
                promotion_id: dict(requests)
                for promotion_id, requests in store.poll_counts.all_at(store.moment).items()
            },
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
            codes=self._runs(self._store.codes_of(promotion).entries),
            jobs=[job.id for job in promotion.jobs],
            former=[msgspec.json.decode(version) for version in promotion.previous_versions],
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
            plan_id=job.plan_id,
            history=job.history,
        )

    def _worker(self, worker: Worker) -> form.WorkerState:
        return form.WorkerState(
            queue=[job.id for job, _ in worker.queue()],
            task=None if worker.task is None else self._task(worker.task),
            free_since=worker.idle_since,
            pickup_due=worker.pickup_due,
            paused=worker.paused,
            exports=self._exports(),
        )

    def _exports(self) -> dict[str, form.CodeRuns | str]:
        saved: dict[str, form.CodeRuns | str] = {}
        for promotion in (
            each
            for family in self._store.state.promotions.values()
            for each in family.values()
            if each.exports
        ):
            owners = {id(promotion.book.entries): promotion.id}
            for job_id, captured in promotion.exports.items():
                owner = owners.setdefault(id(captured.entries), job_id)
                saved[job_id] = self._runs(captured.entries) if owner == job_id else owner
        return saved

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
            growth=None if task.generation is None else self._growth(task.generation),
            shrinkage=None if task.deletion is None else self._shrinkage(task.deletion),
        )

    def _growth(self, growth: CodeGeneration) -> form.GrowthState:
        return form.GrowthState(
            source=growth.source,
            batch=self._batch(growth.batch),
            length=growth.length,
            given=growth.given,
            drawn=growth.drawn,
            made=growth.made,
        )

    def _shrinkage(self, left: CodeDeletion) -> form.ShrinkageState:
        return form.ShrinkageState(
            batch=self._batch(left.batch), keys=left.keys, done=left.done, deleted=left.deleted
        )
