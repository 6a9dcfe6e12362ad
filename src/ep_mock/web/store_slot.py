"""A store, its lock, and the requests that wait for a change of it."""

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
"""Seconds between two looks, at least: many requests in a row cost each waiting request one look, and timers
are no finer.
"""


class Wait(Protocol):
    """What a request waits for. The store is settled and locked whenever a method is called."""

    def look(self) -> Response | None:
        """The response, if there is one by now.

        Raises:
            ApiError: the wait is in vain.
        """

    def next_look(self) -> float | None:
        """Seconds of the machine's time until it is worth looking again without any request; None if it never
        is.
        """

    def refusal(self, title: str, detail: str) -> ApiError:
        """The error of a wait without success."""

    def description(self) -> str:
        """What the request waits for."""

    def progress(self) -> str:
        """The same, and the present state."""


class StoreSlot:
    """A store and the lock to hold while using it:

        with slot.lock:
            store = slot.use()

    A slot never gets another store: a reset replaces the slot, and marks this one as gone.

    Attributes:
        lock: a plain, reentrant lock, not one of asyncio: several threads may use the store.
        store: for reading only; `use` it to change it.
        gone: whether the store was replaced or deleted. Set with the lock held, and never reset.
    """

    __slots__ = ("_waiters", "gone", "lock", "store")

    def __init__(self, store: Store) -> None:
        self.lock = threading.RLock()
        self.store = store
        self.gone = False
        self._waiters: dict[AbstractEventLoop, _Waiters] = {}

    def use(self) -> Store:
        """The store, settled. To be called with the lock held; afterwards all waits look at the store.

        Raises:
            ApiError: 409, the store is gone.
        """
        if self.gone:
            raise problems.store_gone()
        if self._waiters:
            self.notify()
        self.store.settle()
        return self.store

    def end(self) -> None:
        """Mark the store as gone, and end all waits. To be called with the lock held."""
        self.gone = True
        self.notify()

    def notify(self) -> None:
        """Let all waits look soon. To be called with the lock held."""
        for loop, waiters in list(self._waiters.items()):
            try:
                waiters.notify()
            except RuntimeError:  # the loop is closed, and its waits with it
                self._waiters.pop(loop, None)

    @property
    def waiting(self) -> int:
        """The number of requests that wait for a change or for a delay."""
        return sum(len(each.waits) + len(each.sleepers) for each in list(self._waiters.values()))

    @contextmanager
    def waiting_for(self, wait: Wait, seconds: float, outcome: Future[Response]) -> Iterator[None]:
        """While in this context, `outcome` gets the response or the error of `wait`, after `seconds` at the
        latest.
        """
        waiters = self._join()
        waiters.waits[outcome] = wait
        deadline = waiters.loop.call_later(seconds, waiters.expire, outcome, seconds)
        try:
            waiters.look()
            yield
        finally:
            deadline.cancel()
            waiters.waits.pop(outcome, None)
            self._leave(waiters)

    @contextmanager
    def sleeping(self, seconds: float, outcome: Future[None]) -> Iterator[None]:
        """While in this context, `outcome` is set when the store is gone, after `seconds` at the latest."""
        waiters = self._join()
        waiters.sleepers.add(outcome)
        deadline = waiters.loop.call_later(seconds, _wake, outcome)
        try:
            if self.gone:
                _wake(outcome)
            yield
        finally:
            deadline.cancel()
            waiters.sleepers.discard(outcome)
            self._leave(waiters)

    def _join(self) -> _Waiters:
        loop = get_running_loop()
        with self.lock:
            return self._waiters.setdefault(loop, _Waiters(self, loop))

    def _leave(self, waiters: _Waiters) -> None:
        # Without the lock: a context left open in a closed loop ends whenever it is collected, in any thread.
        if not waiters.waits and not waiters.sleepers and self._waiters.get(waiters.loop) is waiters:
            self._waiters.pop(waiters.loop, None)
            waiters.cancel_timer()


class _Waiters:
    """The requests of one event loop that wait for one store. They look together, once in `SOONEST`."""

    __slots__ = ("_looked", "_notified", "_slot", "_timer", "loop", "sleepers", "waits")

    def __init__(self, slot: StoreSlot, loop: AbstractEventLoop) -> None:
        self._slot = slot
        self._notified = False
        self._looked = 0.0
        self._timer: TimerHandle | None = None
        self.loop = loop
        self.waits: dict[Future[Response], Wait] = {}
        self.sleepers: set[Future[None]] = set()

    def notify(self) -> None:
        """Let all waits look soon. To be called with the store's lock held, in any thread.

        Raises:
            RuntimeError: the loop is closed.
        """
        if (self.waits or self._slot.gone) and not self._notified:
            here = _get_running_loop() is self.loop
            (self.loop.call_soon if here else self.loop.call_soon_threadsafe)(self._look_soon)
            self._notified = True

    def look(self) -> None:
        """Let all waits look now. To be called in the loop."""
        slot = self._slot
        self._looked = self.loop.time()
        with slot.lock:
            self._notified = False
            if slot.gone:
                self._end()
                return
            before = slot.store.now
            next_looks = [
                wait.next_look()
                for outcome, wait in list(self.waits.items())
                if not outcome.done() and not self._resolve(outcome, wait)
            ]
            if slot.store.now != before and not slot.store.clock.running:
                slot.notify()  # a wait has moved a poll clock
        if seconds := [each for each in next_looks if each is not None]:
            self._look_in(max(min(seconds), SOONEST))

    def expire(self, outcome: Future[Response], seconds: float) -> None:
        """End one wait, whose time is up."""
        with self._slot.lock:
            wait = self.waits.get(outcome)
            if wait is None or outcome.done():
                return
            if self._slot.gone:
                self._end()
            elif not self._resolve(outcome, wait):
                outcome.set_exception(wait.refusal("Timed out", f"after {seconds:g} s: {wait.progress()}"))

    def cancel_timer(self) -> None:
        """Look only when notified."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _resolve(self, outcome: Future[Response], wait: Wait) -> bool:
        """Set the outcome if there is one by now. An error ends this wait only."""
        try:
            self._slot.store.settle()
            response = wait.look()
        except Exception as error:
            outcome.set_exception(error)
            return True
        if response is not None:
            outcome.set_result(response)
        return response is not None

    def _end(self) -> None:
        for outcome, wait in self.waits.items():
            if not outcome.done():
                detail = f"the store was reset, restored or deleted; {wait.description()}"
                outcome.set_exception(wait.refusal("Store is gone", detail))
        for sleeper in self.sleepers:
            _wake(sleeper)

    def _look_soon(self) -> None:
        again = self._looked + SOONEST
        if self._slot.gone or self.loop.time() >= again:
            self.look()
        else:
            self.loop.call_at(again, self.look)

    def _look_in(self, seconds: float) -> None:
        due = self.loop.time() + seconds
        if self._timer is not None:
            if self._timer.when() <= due + SOONEST:
                return  # that look comes first, and sets the next timer
            self._timer.cancel()
        self._timer = self.loop.call_at(due, self._timed_look)

    def _timed_look(self) -> None:
        self._timer = None
        self.look()


def _wake(outcome: Future[None]) -> None:
    if not outcome.done():
        outcome.set_result(None)
