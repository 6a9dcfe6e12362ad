"""The waits for async tests."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import ParamSpec, TypeVar, Unpack

from ep_mock.control_messages import Job, RecordedRequest
from ep_mock.domain.lifecycle import Status
from ep_mock.handle.jobs import WAIT_SECONDS, JobsHandle
from ep_mock.handle.references import AnyJob, AnyPromotion
from ep_mock.handle.requests import RequestsHandle
from ep_mock.handle.typed_arguments import RequestQuery

_Arguments = ParamSpec("_Arguments")
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
            self._jobs.wait, job, status, promotion=promotion, timeout=timeout, others_advance=others_advance
        )

    async def wait_for_requests(
        self, *, times: int = 1, timeout: float = WAIT_SECONDS, **query: Unpack[RequestQuery]
    ) -> list[RecordedRequest]:
        """See `RequestsHandle.wait`."""
        return await _in_thread(self._requests.wait, times=times, timeout=timeout, **query)


async def _in_thread(
    wait: Callable[_Arguments, _Result], *args: _Arguments.args, **kwargs: _Arguments.kwargs
) -> _Result:
    """Run `wait` on a daemon thread. If the caller is cancelled, the thread ends by itself later."""
    outcome: Future[_Result] = Future()
    outcome.set_running_or_notify_cancel()  # From now on, a cancelled caller cannot cancel the future.

    def run() -> None:
        try:
            outcome.set_result(wait(*args, **kwargs))
        except BaseException as error:
            outcome.set_exception(error)

    threading.Thread(target=run, name="ep-mock-wait", daemon=True).start()
    return await asyncio.wrap_future(outcome)
