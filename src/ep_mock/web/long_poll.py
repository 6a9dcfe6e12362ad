"""Answers that are not there yet: a handler that has to wait answers with a `LongPoll`, and the edge waits
for it, outside every lock.

Nothing here looks again and again: it looks when somebody else has used the store, and when the store's own
time brings the next event. A wait ends when its answer is there, its time is up, its store or its client has
gone, or the server stops.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Any, Final

from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope

from ep_mock.domain import problems
from ep_mock.web.response import Response
from ep_mock.web.store_slot import StoreSlot, Wait

STOPPING: Final = "ep_mock.stopping"
"""The key in the `extensions` of a scope of an `asyncio.Event`, which ep-mock's own server sets when it
begins to stop.
"""

WAIT_SECONDS: Final = 10
"""How long a wait takes at most that does not say so itself."""


class LongPoll(Response):
    """An answer to come, at the latest after `seconds` by the machine's time."""

    __slots__ = ("_seconds", "_wait")

    def __init__(self, wait: Wait, seconds: float) -> None:
        super().__init__(200)
        self._wait = wait
        self._seconds = seconds

    async def answer(self, slot: StoreSlot, scope: Scope, receive: Receive) -> Response:
        """The answer, when it is there.

        Raises:
            ApiError: what the wait says when it is in vain; 503, the server stops.
            ClientDisconnect: the client has gone.
        """
        outcome: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        with slot.watched(outcome, self._wait, self._seconds):
            try:
                await _first(outcome, _gone(receive), _stopping(scope))
                if outcome.done():
                    return outcome.result()
            finally:
                if not outcome.cancel():
                    outcome.exception()  # it may be that nobody asks for it any more
        if is_stopping(scope):
            with slot.lock:
                raise problems.server_stopping(self._wait.progress())
        raise ClientDisconnect


def wait_or_poll(wait: Wait, seconds: float) -> Response:
    """The answer if it is clear by now, else one to wait for. To be called with the store settled and locked.

    Raises:
        ApiError: the wait is in vain, or there is no time to wait.
    """
    answer = wait.look()
    if answer is None and not seconds:
        raise wait.refusal("Timed out", f"after 0 s: {wait.progress()}")
    return answer or LongPoll(wait, seconds)


async def pause(slot: StoreSlot, seconds: float, scope: Scope) -> None:
    """Let time go by. It is over early when the store is gone or the server stops, not when the client has
    gone.
    """
    outcome: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    with slot.ending(outcome, seconds):
        await _first(outcome, _stopping(scope))


def is_stopping(scope: Scope) -> bool:
    """Whether the server that took in this request is about to stop."""
    stopping: asyncio.Event | None = scope.get("extensions", {}).get(STOPPING)
    return stopping is not None and stopping.is_set()


async def _first(outcome: asyncio.Future[Any], *others: Coroutine[Any, Any, None]) -> None:
    """Wait until one of them has come; the others are over then."""
    tasks = [asyncio.ensure_future(other) for other in others]
    try:
        await asyncio.wait((outcome, *tasks), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            with contextlib.suppress(RuntimeError):  # the loop was closed in the middle of the wait
                task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _gone(receive: Receive) -> None:
    """Wait until the client has gone. The request has been read to its end."""
    message = await receive()
    if message["type"] != "http.disconnect":
        # This server gives the request again instead of waiting: it cannot tell.
        await _never()


async def _stopping(scope: Scope) -> None:
    stopping: asyncio.Event | None = scope.get("extensions", {}).get(STOPPING)
    await (_never() if stopping is None else stopping.wait())


async def _never() -> None:
    await asyncio.get_running_loop().create_future()
