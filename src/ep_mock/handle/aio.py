"""The waits for async tests."""

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
from ep_mock.handle.references import AnyJob, AnyPromotion
from ep_mock.handle.requests import RequestsHandle
from ep_mock.handle.typed_arguments import RequestQuery

_Result = TypeVar("_Result")


class AsyncWaits:
    """Waits that leave the asyncio event loop free for the code under test in the same loop.

    All other methods of the handle are short: async tests call them as they are.
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
        return await _in_thread(
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
        self, *, times: int = 1, timeout: float = WAIT_SECONDS, **query: Unpack[RequestQuery]
    ) -> list[RecordedRequest]:
        """See `RequestsHandle.wait`."""
        return await _in_thread(partial(self._requests.wait, times=times, timeout=timeout, **query))


async def _in_thread(wait: Callable[[], _Result]) -> _Result:
    """Run `wait` on a daemon thread. If the caller is cancelled, the thread ends by itself later."""
    loop = asyncio.get_running_loop()
    outcome: asyncio.Future[_Result] = loop.create_future()

    def settle(setter: Callable[[Any], None], value: object) -> None:
        if not outcome.done():
            setter(value)

    def run() -> None:
        setter: Callable[[Any], None] = outcome.set_result
        value: object
        try:
            value = wait()
        except BaseException as error:
            setter, value = outcome.set_exception, error
        with contextlib.suppress(RuntimeError):  # The loop is closed, so there is no caller to tell.
            loop.call_soon_threadsafe(settle, setter, value)

    threading.Thread(target=run, name="ep-mock-wait", daemon=True).start()
    return await outcome
