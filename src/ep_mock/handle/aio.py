"""The waiting verbs for async tests."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar, Unpack

from ep_mock.control_messages import Job, RecordedRequest
from ep_mock.domain.lifecycle import Status
from ep_mock.handle.jobs import WAIT_SECONDS, JobsHandle
from ep_mock.handle.places import AnyJob, AnyPromotion
from ep_mock.handle.requests import RequestsHandle
from ep_mock.handle.typed_arguments import RequestQuery

_Result = TypeVar("_Result")


class AsyncWaits:
    """Waits that let the event loop (asyncio's) go on, so that code under test in the same loop can do what
    is waited for.

    All other verbs are short and the same for both kinds of tests.
    """

    def __init__(self, jobs: JobsHandle, requests: RequestsHandle) -> None:
        self._jobs = jobs
        self._requests = requests

    async def wait_for_job(
        self,
        job: AnyJob | None = None,
        status: Status | Sequence[Status] | None = None,
        *,
        promotion: AnyPromotion | None = None,
        timeout: float = WAIT_SECONDS,
        others_advance: bool = False,
    ) -> Job:
        """See `JobsHandle.wait`."""
        return await _beside(
            partial(
                self._jobs.wait,
                job,
                status,
                promotion=promotion,
                timeout=timeout,
                others_advance=others_advance,
            )
        )

    async def wait_for_requests(
        self, *, times: int = 1, timeout: float = WAIT_SECONDS, **chosen: Unpack[RequestQuery]
    ) -> list[RecordedRequest]:
        """See `RequestsHandle.wait`."""
        return await _beside(partial(self._requests.wait, times=times, timeout=timeout, **chosen))


async def _beside(wait: Callable[[], _Result]) -> _Result:
    """What `wait` returns or raises, on a thread of its own. A caller who is cancelled leaves it to itself:
    it keeps nothing alive.
    """
    loop = asyncio.get_running_loop()
    outcome: asyncio.Future[_Result] = loop.create_future()

    def settle(how: Callable[[Any], None], value: object) -> None:
        if not outcome.done():
            how(value)

    def run() -> None:
        how: Callable[[Any], None] = outcome.set_result
        value: object
        try:
            value = wait()
        except BaseException as error:
            how, value = outcome.set_exception, error
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, how, value)

    threading.Thread(target=run, name="ep-mock-wait", daemon=True).start()
    return await outcome
