"""A store, its lock, and those who wait for a change of it."""

from __future__ import annotations

import threading
from asyncio import AbstractEventLoop, Future, TimerHandle, _get_running_loop, get_running_loop
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Protocol

from ep_mock.domain import problems
from ep_mock.errors import ApiError
from ep_mock.simulation.store import Store
from ep_mock.web.response import Response

SOONEST: Final = 0.001
"""Seconds before looking again at the earliest: many requests in a row cost those who wait one look, and
timers are no finer.
"""


class Wait(Protocol):
    """What somebody waits for. The store is settled and locked whenever a method is called."""

    def look(self) -> Response | None:
        """The answer as soon as there is one, else None.

        Raises:
            ApiError: the wait is in vain.
        """

    def next_look(self) -> float | None:
        """In how many seconds by the machine's time it is worth looking again, whatever others do; None if
        never.
        """

    def refusal(self, title: str, detail: str) -> ApiError:
        """The answer when the wait does not come true."""

    def description(self) -> str:
        """What is waited for, in words."""

    def progress(self) -> str:
        """The same, and how far it has come."""


class StoreSlot:
    """A store and the lock to hold while using it:

        with guarded.lock:
            store = guarded.use()

    It is never another store: a reset puts another guarded store in its place, and this one is gone.

    Attributes:
        lock: a plain lock, so that whatever happens while it is held it is released; the thread that holds it
            may take it again.
        store: for those who only look. Nobody who waits is told.
        gone: whether the store was replaced or deleted. Set with the lock held, and never taken back.
    """

    __slots__ = ("_bells", "gone", "lock", "store")

    def __init__(self, store: Store) -> None:
        self.lock = threading.RLock()
        self.store = store
        self.gone = False
        self._bells: dict[AbstractEventLoop, _Bell] = {}

    def use(self) -> Store:
        """The store, settled. To be called with the lock held; once it is released, those who wait look what
        has changed.

        Raises:
            ApiError: 409, the store is gone.
        """
        if self.gone:
            raise problems.store_gone()
        if self._bells:
            self._ring()
        self.store.settle()
        return self.store

    def end(self) -> None:
        """The store is gone: whoever waits for it is told so. To be called with the lock held."""
        self.gone = True
        self._ring()

    @property
    def waiting(self) -> int:
        """How many wait for a change, or for time to go by."""
        return sum(len(bell.waits) + len(bell.sleepers) for bell in list(self._bells.values()))

    @contextmanager
    def watched(self, outcome: Future[Response], wait: Wait, seconds: float) -> Iterator[None]:
        """In here, `outcome`, of the running event loop, gets the answer of `wait`, or why there is none: at
        the latest after `seconds`.
        """
        bell = self._bell()
        bell.waits[outcome] = wait
        deadline = bell.loop.call_later(seconds, bell.expire, outcome, seconds)
        try:
            bell.look()
            yield
        finally:
            deadline.cancel()
            bell.waits.pop(outcome, None)
            self._drop(bell)

    @contextmanager
    def ending(self, outcome: Future[None], seconds: float) -> Iterator[None]:
        """In here, `outcome`, of the running event loop, comes when the store is gone, at the latest after
        `seconds`.
        """
        bell = self._bell()
        bell.sleepers.add(outcome)
        deadline = bell.loop.call_later(seconds, _wake, outcome)
        try:
            if self.gone:
                _wake(outcome)
            yield
        finally:
            deadline.cancel()
            bell.sleepers.discard(outcome)
            self._drop(bell)

    def _bell(self) -> _Bell:
        loop = get_running_loop()
        with self.lock:
            return self._bells.setdefault(loop, _Bell(self, loop))

    def _drop(self, bell: _Bell) -> None:
        # Without the lock: what was left in a loop that is closed comes here whenever it is collected, in any
        # thread.
        if not bell.waits and not bell.sleepers and self._bells.get(bell.loop) is bell:
            self._bells.pop(bell.loop, None)
            bell.silence()

    def _ring(self) -> None:
        for loop, bell in list(self._bells.items()):
            try:
                bell.ring()
            except RuntimeError:  # its loop is closed: nobody waits there any more
                self._bells.pop(loop, None)


class _Bell:
    """All who wait for one store in one event loop: however often it is rung in a millisecond, they look
    once.
    """

    __slots__ = ("_guarded", "_looked", "_rung", "_timer", "loop", "sleepers", "waits")

    def __init__(self, slot: StoreSlot, loop: AbstractEventLoop) -> None:
        self._guarded = slot
        self._rung = False
        self._looked = 0.0
        self._timer: TimerHandle | None = None
        self.loop = loop
        self.waits: dict[Future[Response], Wait] = {}
        self.sleepers: set[Future[None]] = set()

    def ring(self) -> None:
        """Let all look soon; in any thread, with the store's lock held.

        Raises:
            RuntimeError: the loop is closed.
        """
        if (self.waits or self._guarded.gone) and not self._rung:
            here = _get_running_loop() is self.loop
            (self.loop.call_soon if here else self.loop.call_soon_threadsafe)(self._look_soon)
            self._rung = True

    def look(self) -> None:
        """Let all look, in the loop."""
        slot = self._guarded
        self._looked = self.loop.time()
        with slot.lock:
            self._rung = False
            if slot.gone:
                self._end()
                return
            before = slot.store.now
            soonest: float | None = None
            for outcome, wait in list(self.waits.items()):
                if not outcome.done() and not self._answered(outcome, wait):
                    seconds = wait.next_look()
                    if seconds is not None and (soonest is None or seconds < soonest):
                        soonest = seconds
            if slot.store.now != before and not slot.store.clock.running:
                slot._ring()  # a wait has moved a poll clock
        if soonest is not None:
            self._look_in(max(soonest, SOONEST))

    def expire(self, outcome: Future[Response], seconds: float) -> None:
        """Time is up for one of them."""
        slot = self._guarded
        with slot.lock:
            wait = self.waits.get(outcome)
            if wait is None or outcome.done():
                return
            if slot.gone:
                self._end()
            elif not self._answered(outcome, wait):
                outcome.set_exception(wait.refusal("Timed out", f"after {seconds:g} s: {wait.progress()}"))

    def silence(self) -> None:
        """Look no more by itself."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _answered(self, outcome: Future[Response], wait: Wait) -> bool:
        """Whether there is an answer by now. Whatever goes wrong while looking is this wait's only."""
        try:
            self._guarded.store.settle()
            answer = wait.look()
        except Exception as error:
            outcome.set_exception(error)
            return True
        if answer is not None:
            outcome.set_result(answer)
        return answer is not None

    def _end(self) -> None:
        for outcome, wait in self.waits.items():
            if not outcome.done():
                detail = f"the store was reset, restored or deleted; {wait.description()}"
                outcome.set_exception(wait.refusal("Store is gone", detail))
        for sleeper in self.sleepers:
            _wake(sleeper)

    def _look_soon(self) -> None:
        again = self._looked + SOONEST
        if self._guarded.gone or self.loop.time() >= again:
            self.look()
        else:
            self.loop.call_at(again, self.look)

    def _look_in(self, seconds: float) -> None:
        due = self.loop.time() + seconds
        if self._timer is not None:
            if self._timer.when() <= due + SOONEST:
                return  # it looks before that, and then again
            self._timer.cancel()
        self._timer = self.loop.call_at(due, self._timed)

    def _timed(self) -> None:
        self._timer = None
        self.look()


def _wake(outcome: Future[None]) -> None:
    if not outcome.done():
        outcome.set_result(None)
