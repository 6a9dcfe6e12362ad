"""One of the two stores that the state machine drives, with all that can be seen of it."""

from __future__ import annotations

from typing import Any, Final

from ep_mock.clock import Clock, ClockMode
from ep_mock.domain.families import FAMILIES
from ep_mock.operations import exports, jobs, promotions
from ep_mock.simulation.job import Job
from ep_mock.simulation.promotion import Promotion
from tests.simulation.stores import EVERYTHING, START, code_documents, new_store, poll

LIMIT: Final = 12
"""Most codes of a promotion."""

SCALE: Final = 8
"""How fast a scaled clock runs."""


class Side:
    """One of the two stores, on a machine whose own clock the test plays."""

    def __init__(self, mode: ClockMode) -> None:
        self.machine = 0
        self.store = new_store(codes_limit=LIMIT, stuck_polls=0)
        self.store.clock = Clock(mode, start=START, scale=float(SCALE), monotonic=lambda: self.machine)
        self.promotions: list[Promotion] = []
        self.jobs: list[Job] = []

    def pass_time(self, span: int) -> None:
        """Let time go by, in the way of the store's clock."""
        if self.store.clock.mode == "manual":
            self.store.advance_to(self.store.clock.now() + span)
        else:
            self.machine += span // (SCALE if self.store.clock.mode == "scaled" else 1)

    def state(self) -> list[Any]:
        """All that can be seen of the store, and its whole history."""
        seen: list[Any] = [self.store.settle()]
        seen += [promotions.list_promotions(self.store, family, EVERYTHING, None) for family in FAMILIES]
        for promotion in self.promotions:
            seen += [poll(self.store, promotion), code_documents(self.store, promotion)]
        seen += [
            self.store.state.transitions,
            [(job.id, job.history, job.result, job.error) for job in self.jobs],
        ]
        return seen


def look(side: Side, kind: int) -> None:
    """One of the ways of looking at a store."""
    store = side.store
    store.settle()
    for promotion in side.promotions[kind % 3 :]:
        if kind % 3 == 0:
            poll(store, promotion)
        elif kind % 3 == 1:
            code_documents(store, promotion)
        else:
            jobs.list_jobs(store, promotion, EVERYTHING, "eq(status,complete)")
            for job in promotion.jobs:
                if job.status == "completed" and job.parameters is None:
                    exports.file_url(store, promotion, job)
