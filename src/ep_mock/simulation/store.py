"""A store: one tenant with everything that belongs to it, on its own clock.

Every request first settles the store: it carries out the events that are due by now, each at its own time.
So there is no background task, and the number of requests cannot change the history. (On a `poll` clock, a
poll moves time on purpose.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ep_mock.clock import LATEST, Clock, ClockMode
from ep_mock.domain import problems
from ep_mock.domain.dates import parse_date
from ep_mock.domain.families import Family
from ep_mock.entropy import Entropy
from ep_mock.errors import UsageError
from ep_mock.settings import Settings
from ep_mock.simulation.code_book import CodeBook, key_of
from ep_mock.simulation.job import Job
from ep_mock.simulation.poll_counts import Moment, PollCounts
from ep_mock.simulation.promotion import Promotion
from ep_mock.simulation.state import JobTransition, StoreState
from ep_mock.simulation.worker import Worker
from ep_mock.traffic import RequestControls
from ep_mock.traffic.rate_limit import check_rate_limit


class Store:
    """One store: its clock, state and worker. The operations of the API are in `ep_mock.operations`.

    Attributes:
        signer: signs the URLs of exported files. Snapshots don't save it.
        poll_counts: the number of equal requests about unfinished jobs since something last changed.
        writes: number of requests that may have changed something.
        traffic: what happens to the requests to this store. Snapshots don't save it.
        now: the time of the last `settle`, in nanoseconds. An operation uses it throughout.
    """

    def __init__(self, name: str, settings: Settings, seed: str) -> None:
        """Create an empty store.

        Raises:
            UsageError: `clock_start` is not a date, or there is a rate limit but no running clock.
        """
        check_rate_limit(settings.rate_limit, settings.clock)
        self.clock = Clock(
            settings.clock, start=_clock_start(settings.clock_start), scale=settings.clock_scale
        )
        self.state = StoreState(name, settings, Entropy(seed, f"store {name}"))
        self.signer = Entropy(seed, f"files of {name}")
        self.worker = Worker(self.state)
        self.traffic = RequestControls(name, settings, seed)
        self.now = self.clock.now()
        self.writes = 0
        self.poll_counts = PollCounts()

    @property
    def settings(self) -> Settings:
        """The current settings."""
        return self.state.settings

    @property
    def moment(self) -> Moment:
        """While it stays equal, time has not moved, and no job or record has changed."""
        return self.now, self.state.transitions_total, self.writes, self.worker.paused, self.clock.mode

    @property
    def next_event(self) -> int | None:
        """When the worker's next event happens, None if there is none or dates cannot express its time."""
        due = self.worker.due
        return None if due is None or due > LATEST else due

    def settle(self) -> int:
        """Carry out all events that are due by now, in order, and return the time."""
        now = self.clock.now()
        worker = self.worker
        while (due := worker.due) is not None and due <= now:
            worker.run_due_event()
        self.now = now
        return now

    def codes_of(self, promotion: Promotion) -> CodeBook:
        """The codes of a promotion as they are now. Operations read and change codes only by this method.

        It updates the codes of all promotions: each code of a running job is compared with the codes that
        other promotions have when it is made.
        """
        self.update_codes()
        return promotion.book

    def promotions_with_code(self, family: Family, code: str) -> Sequence[Promotion]:
        """The promotions of the family that have a code now, oldest first."""
        self.update_codes()
        return self.state.promotions[family].with_code(key_of(family, code))

    def add_promotion(self, promotion: Promotion) -> None:
        """Add a new promotion with its codes."""
        self.update_codes()
        self.state.promotions[promotion.family].add(promotion)

    def change_promotion(self, promotion: Promotion, fields: dict[str, Any], start: int, end: int) -> None:
        """Replace the fields of a promotion."""
        self.update_codes()
        promotion.change(fields, start, end, at=self.now, author=self.settings.author)
        self.state.promotions[promotion.family].changed(promotion)

    def remove_promotion(self, promotion: Promotion) -> None:
        """Remove a promotion with its codes and jobs."""
        self.update_codes()
        self.worker.abandon(promotion, self.now)
        self.state.promotions[promotion.family].remove(promotion)

    def update_codes(self) -> None:
        """Make or delete the codes that are due by now.

        This must come before any change that decides which codes are free: of codes, promotions or settings.
        """
        self.worker.update_codes(self.now)

    def promotion(self, family: Family, promotion_id: str) -> Promotion:
        """The promotion with this id.

        Raises:
            ApiError: 404, there is none.
        """
        promotion = self.state.promotions[family].find(promotion_id)
        if promotion is None:
            raise problems.promotion_not_found()
        return promotion

    def advance_to(self, moment: int) -> list[JobTransition]:
        """Move time to `moment`, and return the changes of jobs on the way, in order.

        Raises:
            UsageError: dates cannot express the moment.
        """
        self.settle()
        before = self.state.transitions_total
        self.clock.advance_to(moment)
        self.settle()
        return self.state.transitions_since(before)

    def advance_to_next(self) -> list[JobTransition]:
        """Move time to the worker's next event, if there is one."""
        self.settle()
        due = self.worker.due
        return [] if due is None else self.advance_to(due)

    def advance_until_idle(self) -> list[JobTransition]:
        """Move time until the worker has nothing more to do."""
        self.settle()
        before = self.state.transitions_total
        while (due := self.worker.due) is not None:
            self.clock.advance_to(due)
            self.settle()
        return self.state.transitions_since(before)

    def step_worker(self) -> list[JobTransition]:
        """Move time to the worker's next event and carry out only that one. A paused worker stays paused.

        Raises:
            UsageError: dates cannot express the time of the event. Nothing has changed.
        """
        before, paused = self.state.transitions_total, self.worker.paused
        if paused:
            self.worker.resume(self.now)
        try:
            due = self.worker.due
            if due is not None:
                self.clock.advance_to(due)
                self.worker.run_due_event()
                self.now = self.clock.now()
        finally:
            if paused:
                self.worker.pause()
        return self.state.transitions_since(before)

    def change_settings(self, changes: Mapping[str, Any]) -> None:
        """Change settings from now on. The worker's current task keeps its timings.

        Raises:
            UsageError: one is not a setting of a store, or a value is not valid. Nothing has changed.
        """
        settings = self.settings.with_changes(changes, scopes=("store",))
        check_rate_limit(settings.rate_limit, self.clock.mode)
        self.update_codes()
        self.state.change_settings(settings)
        self.worker.schedule_pickup(self.now)

    def switch_clock(self, mode: ClockMode, scale: float) -> None:
        """Change the mode of the clock from now on.

        Raises:
            UsageError: see `Clock.switch`; or the store has a rate limit but would have no running clock.
        """
        check_rate_limit(self.settings.rate_limit, mode)
        self.settle()
        self.clock.switch(mode, scale)

    def advance_poll_clock(self, promotion: Promotion) -> bool:
        """On a poll clock, move time to the next change in that promotion. Return whether anything happened.

        Earlier events of other promotions happen on the way. Time also stops once halfway through making and
        deleting codes, so that clients see them come and go.
        """
        if self.clock.mode != "poll":
            return False
        before = self.moment
        seen = [(job, job.status) for job in self.unfinished_jobs(promotion)]
        while seen and all(job.status == status for job, status in seen):
            due, task = self.next_event, self.worker.task
            if due is None:
                break
            halfway_at = task.halfway_at if task is not None and task.promotion is promotion else None
            if halfway_at is not None and self.now < halfway_at:
                due = halfway_at
                seen = []
            self.clock.advance_to(due)
            self.settle()
        return self.moment != before

    def unfinished_jobs(self, promotion: Promotion) -> list[Job]:
        """The unfinished jobs of a promotion, newest first.

        Only its newest job and the worker's current one can be unfinished.
        """
        newest, task = promotion.unfinished_job, self.worker.task
        unfinished = [] if newest is None else [newest]
        if task is not None and task.promotion is promotion and task.job is not newest:
            unfinished.append(task.job)
        return unfinished


def _clock_start(text: str) -> int | None:
    if not text:
        return None
    try:
        return parse_date(text)
    except ValueError as error:
        raise UsageError(f"clock_start: {error}") from None
