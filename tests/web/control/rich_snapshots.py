"""Snapshots of well-filled stores, one for each mode of the clock."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any, Final

from ep_mock.clock import ClockMode
from ep_mock.domain.families import FAMILIES, RULE, STANDARD
from ep_mock.domain.plans import Plan
from ep_mock.operations import codes, promotions
from ep_mock.simulation.store import Store
from ep_mock.snapshots import save
from tests.seeded import seeded_store
from tests.simulation.stores import MS, add_promotion, cancel, export, generate


@cache
def rich_snapshot(mode: ClockMode) -> dict[str, Any]:
    """A filled store with an unfinished job.

    The job makes codes (manual), deletes them (poll), exports (scaled) or fails (real). Each store also has
    waiting jobs, plans, usages and previous versions.
    """
    store = seeded_store()
    for each in (
        Plan(fail="no disk", after_codes=1, times=3),
        Plan(name="slow*", timings="documented"),
        Plan(codes=("g-1", "g-2")),
    ):
        store.state.plans.add(each)
    store.state.plans.withdraw("plan-2")
    old = next(iter(store.state.promotions[STANDARD].values()))
    promotions.update_promotion(store, old, {"description": "Another version"})
    gone = add_promotion(store, RULE, name="gone")
    export(store, gone)
    promotions.delete_promotion(store, gone)
    _MIDDLES[mode](store)
    store.settle()
    store.clock.switch(mode, 3.0 if mode == "scaled" else 1.0)
    snapshot: dict[str, Any] = json.loads(json.dumps(save(store)))
    return snapshot


def _making(store: Store) -> None:
    """The jobs of a promotion were polled three times at the same time."""
    waiting = store.worker.queue()[0][1]
    for _ in range(3):
        store.poll_counts.add(store.moment, waiting.id, "list_jobs")


def _deleting(store: Store) -> None:
    """A job is cancelling, a client has deleted one of its codes, and a newer job of its promotion waits."""
    store.change_settings({"cancelling_blocks": False})
    present = [each for family in FAMILIES for each in store.state.promotions[family].values()]
    busy = next(each for each in present if each.fields["name"] == "busy")
    cancel(store, busy, busy.jobs[-1])
    store.advance_to(store.now + 160 * MS)
    store.update_codes()
    codes.delete_code(store, busy, next(reversed(store.codes_of(busy).entries)))
    generate(store, busy, 7, code_prefix="Late", code_length=12)


def _exporting(store: Store) -> None:
    """The worker exports; another job waits for ever."""
    store.state.plans.withdraw_all()
    while store.worker.task is None or store.worker.task.job.job_type != "code_export":
        store.step_worker()
    store.state.plans.add(Plan(stuck="pending", job_id="00000000-0000-4000-8000-00000000000a"))
    generate(store, add_promotion(store, STANDARD, name="stuck"), 3)


def _failing(store: Store) -> None:
    """The worker works on a job that will fail, with codes of a plan; the worker is paused."""
    store.advance_until_idle()
    store.state.plans.withdraw_all()
    store.state.plans.add(
        Plan(fail="no disk", after_codes=4, codes=("GIVEN-1", "GIVEN-2"), timings="documented", times=2),
    )
    generate(store, add_promotion(store, RULE, name="failing"), 9)
    store.advance_to_next()
    store.advance_to(store.now + 1013 * MS)
    store.worker.pause()
    generate(store, add_promotion(store, STANDARD, name="next"), 2)


_MIDDLES: Final[dict[str, Callable[[Store], None]]] = {
    "manual": _making,
    "poll": _deleting,
    "scaled": _exporting,
    "real": _failing,
}
