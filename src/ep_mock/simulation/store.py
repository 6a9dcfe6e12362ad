"""A store: one tenant with everything that belongs to it, on its own clock.

Every verb settles first: it carries out the events that are due by now, each at its own time. So no
background task exists, and how often somebody looks cannot change the history (on a `poll` clock a poll moves
time, which is its point).
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
    """The state of one store. The verbs of the API are functions on it, in the modules beside this one.

    Attributes:
        signer: signs the URLs of exported files; it is not part of what a snapshot saves.
        looks: how often each request about an unfinished job came while nothing changed.
        writes: how many requests have changed something while the clock stood still.
        traffic: what happens to the requests to this store; it is not part of what a snapshot saves.
        now: the time as of the last `settle`, in nanoseconds; a verb uses it throughout.
    """

    def __init__(self, name: str, settings: Settings, seed: str) -> None:
        """Start empty.

        Raises:
            UsageError: `clock_start` is not a date, or there is a rate limit and no running clock.
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
        """The store's settings as they are now."""
        return self.state.settings

    @property
    def moment(self) -> Moment:
        """As long as it is the same, time has not moved and nothing has happened to a job."""
        return self.now, self.state.transitions_total, self.writes, self.worker.paused, self.clock.mode

    def settle(self) -> int:
        """Carry out, in order, everything that is due by now; answers the time."""
        now = self.clock.now()
        worker = self.worker
        while (due := worker.due) is not None and due <= now:
            worker.run_due_event()
        self.now = now
        return now

    def codes_of(self, promotion: Promotion) -> CodeBook:
        """The codes of a promotion as they are now: the only way in for verbs that look at codes or change
        them.

        Those of all other promotions are brought to now as well, so that the codes that a running job makes
        are judged by what others had at that moment.
        """
        self.update_codes()
        return promotion.book

    def promotions_with_code(self, family: Family, code: str) -> Sequence[Promotion]:
        """The promotions of the family that have a code now, the oldest first."""
        self.update_codes()
        return self.state.promotions[family].with_code(key_of(family, code))

    def add_promotion(self, promotion: Promotion) -> None:
        """Take in a new promotion with the codes that it has."""
        self.update_codes()
        self.state.promotions[promotion.family].add(promotion)

    def change_promotion(self, promotion: Promotion, fields: Mapping[str, Any], start: int, end: int) -> None:
        """Let a promotion become another version, from the present on."""
        self.update_codes()
        promotion.change(fields, start, end, at=self.now, author=self.settings.author)
        self.state.promotions[promotion.family].changed(promotion)

    def remove_promotion(self, promotion: Promotion) -> None:
        """Give up a promotion with its codes and jobs."""
        self.update_codes()
        self.worker.abandon(promotion, self.now)
        self.state.promotions[promotion.family].remove(promotion)

    def update_codes(self) -> None:
        """Make or delete the codes that have come or gone by `now`.

        This comes before any change of what generated codes are judged by: codes, promotions, settings. The
            methods above do it.
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
        """Move time to `moment`; answers what has happened on the way, in order.

        Raises:
            UsageError: the moment lies beyond what dates can express.
        """
        self.settle()
        before = self.state.transitions_total
        self.clock.advance_to(moment)
        self.settle()
        return self.state.transitions_since(before)

    def advance_to_next(self) -> list[JobTransition]:
        """Move time to the worker's next event; nothing moves when there is none."""
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

    def pause_worker(self) -> None:
        """Take up no more jobs; what the worker has in its hands goes on."""
        self.worker.pause()

    def resume_worker(self) -> None:
        """Take up jobs again."""
        self.worker.resume(self.now)

    def step_worker(self) -> list[JobTransition]:
        """Move time to the worker's next event and let just that one happen, also while it is paused; a
        paused one stays paused.

        Raises:
            UsageError: the event lies beyond what dates can express; then nothing has changed.
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
        """Go on with other settings, from the present on; what the worker has in its hands keeps its pace.

        Raises:
            UsageError: one is no setting of a store, or a value cannot be used; then nothing has changed.
        """
        settings = self.settings.with_changes(changes, scopes=("store",))
        check_rate_limit(settings.rate_limit, self.clock.mode)
        self.update_codes()
        self.state.change_settings(settings)
        self.worker.reschedule(self.now)

    def switch_clock(self, mode: ClockMode, scale: float) -> None:
        """Let time go on in another way, from the present on.

        Raises:
            UsageError: see `Clock.switch`; or the store has a rate limit and time would stand still.
        """
        check_rate_limit(self.settings.rate_limit, mode)
        self.settle()
        self.clock.switch(mode, scale)

    def advance_poll_clock(self, promotion: Promotion) -> bool:
        """A poll is answered: on a poll clock, move to the next change in that promotion. Answers whether
        anything has happened.

        Events of other promotions that come first happen on the way. There is one more stop halfway through
        the making and the deleting of codes, so that they are seen to come and go. What lies beyond the end
        of all dates never happens.
        """
        if self.clock.mode != "poll":
            return False
        before = self.moment
        seen = [(job, job.status) for job in self.unfinished_jobs(promotion)]
        while seen and all(job.status == status for job, status in seen):
            due, task = self.worker.due, self.worker.task
            if due is None or due > LATEST:
                break
            if (
                task is not None
                and task.promotion is promotion
                and task.halfway is not None
                and self.now < task.halfway
            ):
                due = task.halfway
                seen = []
            self.clock.advance_to(due)
            self.settle()
        return self.moment != before

    def unfinished_jobs(self, promotion: Promotion) -> list[Job]:
        """The jobs of a promotion that have not ended, the newest first. Only that one and the one in hand
        can be such.
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
