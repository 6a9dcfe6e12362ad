"""Responses that come later: a handler that has to wait returns a `LongPoll`, and the pipeline waits for it,
without any lock.

There is no polling: a wait looks at the store after another request has used it, and when the store's own
time brings the next event. A wait ends with its response, when its time is up, when its store or its client
is gone, or when the server stops.
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
"""The key in the `extensions` of a scope of an `asyncio.Event` that ep-mock's own server sets when it begins
to stop.
"""

WAIT_SECONDS: Final = 10
"""The default time of a wait, in seconds."""


class LongPoll(Response):
    """A response to come, after `seconds` of the machine's time at the latest."""

    __slots__ = ("_seconds", "_wait")

    def __init__(self, wait: Wait, seconds: float) -> None:
        super().__init__(200)
        self._wait = wait
        self._seconds = seconds

    async def answer(self, slot: StoreSlot, scope: Scope, receive: Receive) -> Response:
        """Wait for the response.

        Raises:
            ApiError: the wait has no success; 503, the server stops.
            ClientDisconnect: the client has gone.
        """
        outcome: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        with slot.waiting_for(self._wait, self._seconds, outcome):
            try:
                await _first(outcome, _disconnected(receive), _stopping(scope))
                if outcome.done():
                    return outcome.result()
            finally:
                if not outcome.cancel():
                    outcome.exception()  # marks it as retrieved, in case nothing else does
        if is_stopping(scope):
            with slot.lock:
                raise problems.server_stopping(self._wait.progress())
        raise ClientDisconnect


def wait_or_poll(wait: Wait, seconds: float) -> Response:
    """The response if there is one by now, otherwise a `LongPoll`. To be called with the store settled and
    locked.

    Raises:
        ApiError: the wait is in vain, or `seconds` is 0.
    """
    response = wait.look()
    if response is None and not seconds:
        raise wait.refusal("Timed out", f"after 0 s: {wait.progress()}")
    return response or LongPoll(wait, seconds)


async def pause(slot: StoreSlot, seconds: float, scope: Scope) -> None:
    """Sleep. Ends early when the store is gone or the server stops, but not when the client has gone."""
    outcome: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    with slot.sleeping(seconds, outcome):
        await _first(outcome, _stopping(scope))


def is_stopping(scope: Scope) -> bool:
    """Whether the server of this request is about to stop."""
    stopping: asyncio.Event | None = scope.get("extensions", {}).get(STOPPING)
    return stopping is not None and stopping.is_set()


async def _first(outcome: asyncio.Future[Any], *others: Coroutine[Any, Any, None]) -> None:
    """Wait until one of them is done, and cancel the others."""
    tasks = [asyncio.ensure_future(other) for other in others]
    try:
        await asyncio.wait((outcome, *tasks), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            with contextlib.suppress(RuntimeError):  # the loop was closed during the wait
                task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _disconnected(receive: Receive) -> None:
    """Wait until the client has gone. The request was read to its end before."""
    message = await receive()
    if message["type"] != "http.disconnect":
        await _never()  # this server repeats the request, and can't tell


async def _stopping(scope: Scope) -> None:
    stopping: asyncio.Event | None = scope.get("extensions", {}).get(STOPPING)
    await (_never() if stopping is None else stopping.wait())


async def _never() -> None:
    await asyncio.get_running_loop().create_future()
