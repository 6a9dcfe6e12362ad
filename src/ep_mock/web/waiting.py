"""Answers that are not there yet: a handler that has to wait answers with a `Waiting`, and the edge waits for it, outside every lock.

Nothing here looks again and again: it looks when somebody else has used the store, and when the store's own time brings the next event.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ep_mock.web.answers import Answer
from ep_mock.web.gate import GuardedStore

SOONEST = 0.001
"""Seconds before looking again at the earliest: the timers of event loops are no finer, and a scaled clock may have events without end."""


class Waiting(Answer):
    """An answer to come.

    Args:
        look: called with the store settled and locked; gives the answer as soon as there is one.
        give_up: called likewise when time is up.
        seconds: how long to wait, by the machine's time.
        next_look: called after a look; in how many seconds by the machine's time another makes sense of itself, None if never.
    """

    __slots__ = ("_give_up", "_look", "_next_look", "_seconds")

    def __init__(
        self,
        look: Callable[[], Answer | None],
        give_up: Callable[[], Answer],
        seconds: float,
        next_look: Callable[[], float | None] = lambda: None,
    ) -> None:
        super().__init__(200)
        self._look = look
        self._give_up = give_up
        self._seconds = seconds
        self._next_look = next_look

    async def answer(self, guarded: GuardedStore) -> Answer:
        """The answer, when it is there; whatever the callables raise is raised."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._seconds
        changed = asyncio.Event()
        with guarded.lock.watched(lambda: loop.call_soon_threadsafe(changed.set)):
            while True:
                changed.clear()
                with guarded.lock.quietly():
                    before = guarded.store.settle()
                    answer = self._look()
                    if guarded.store.now != before:
                        guarded.lock.tell()
                    if answer is not None:
                        return answer
                    left = deadline - loop.time()
                    if left <= 0:
                        return self._give_up()
                    soonest = self._next_look()
                delay = left if soonest is None else min(left, max(soonest, SOONEST))
                try:
                    async with asyncio.timeout(delay):
                        await changed.wait()
                except TimeoutError:
                    continue
