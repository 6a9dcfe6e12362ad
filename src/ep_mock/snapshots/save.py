"""Saving: the snapshot of a store, built from its records."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from ep_mock.domain.codes import Batch, Code
from ep_mock.settings import setting_names
from ep_mock.simulation.code_index import Entries
from ep_mock.simulation.promotion import Promotion
from ep_mock.simulation.store import Store
from ep_mock.simulation.task import Task
from ep_mock.snapshots import format as form

_STORE_SETTINGS = setting_names("store")


class Saving:
    """One store on its way into a snapshot; batches are numbered in the order in which codes use them."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._batches: dict[Batch, int] = {}

    def snapshot(self) -> form.StoreSnapshot:
        store, state = self._store, self._store.state
        key, drawn = state.entropy.state()
        promotions = [self._promotion(promotion) for promotion in self._promotions()]
        worker = form.WorkerSnapshot.of(
            store.worker,
            queue=[job.id for job, _ in store.worker.queue()],
            task=None if store.worker.task is None else self._task(store.worker.task),
            exports=self._exports(),
        )
        return form.StoreSnapshot.of(
            state,
            ep_mock_snapshot=form.VERSION,
            clock=form.ClockSnapshot.of(store.clock, now=store.now),
            settings={name: getattr(store.settings, name) for name in _STORE_SETTINGS},
            entropy_key=key,
            entropy_drawn=drawn,
            batches=[form.BatchSnapshot.of(batch) for batch in self._batches],
            promotions=promotions,
            jobs=[form.JobSnapshot.of(job, family=job.family.name) for job in state.jobs.values()],
            usages=[
                form.UsageSnapshot.of(usage, family=family.name)
                for family, usages in state.usages.items()
                for usage in usages.values()
            ],
            plans=[form.PlanSnapshot.of(active) for active in state.plans],
            plans_made=state.plans.created,
            worker=worker,
            transitions=list(state.transitions),
            polls=0,
            polled_at=0,
            poll_counts={
                promotion_id: dict(requests)
                for promotion_id, requests in store.poll_counts.all_at(store.moment).items()
            },
        )

    def _promotions(self) -> Iterator[Promotion]:
        for promotions in self._store.state.promotions.values():
            yield from promotions.values()

    def _promotion(self, promotion: Promotion) -> form.PromotionSnapshot:
        return form.PromotionSnapshot.of(
            promotion,
            family=promotion.family.name,
            codes=self._runs(self._store.codes_of(promotion).entries),
            jobs=[job.id for job in promotion.jobs],
            previous_versions=[msgspec.json.decode(version) for version in promotion.previous_versions],
            usages=[usage.id for usage in promotion.usages],
        )

    def _batch(self, batch: Batch) -> int:
        return self._batches.setdefault(batch, len(self._batches))

    def _runs(self, entries: Entries) -> form.CodeRuns:
        runs: form.CodeRuns = []
        for key, entry in entries.items():
            if isinstance(entry, Code):
                code = form.CodeSnapshot.of(entry, batch=self._batch(entry.batch))
                runs.append(form.SingleCode(key=key, code=code))
                continue
            number, last = self._batch(entry), runs[-1] if runs else None
            if isinstance(last, form.PlainRun) and last.batch == number:
                last.keys.append(key)
            else:
                runs.append(form.PlainRun(batch=number, keys=[key]))
        return runs

    def _exports(self) -> dict[str, form.CodeRuns | str]:
        saved: dict[str, form.CodeRuns | str] = {}
        for promotion in self._promotions():
            owners = {id(promotion.book.entries): promotion.id}
            for job_id, captured in promotion.exports.items():
                owner = owners.setdefault(id(captured.entries), job_id)
                saved[job_id] = self._runs(captured.entries) if owner == job_id else owner
        return saved

    def _task(self, task: Task) -> form.TaskSnapshot:
        generation, deletion = task.generation, task.deletion
        return form.TaskSnapshot.of(
            task,
            job=task.job.id,
            generation=None
            if generation is None
            else form.CodeGenerationSnapshot.of(generation, batch=self._batch(generation.batch)),
            deletion=None
            if deletion is None
            else form.CodeDeletionSnapshot.of(deletion, batch=self._batch(deletion.batch)),
        )
