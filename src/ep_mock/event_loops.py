"""Event loops: the fastest one that is installed, and one that runs beside code that blocks."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

from ep_mock.clock import machine_seconds

_Result = TypeVar("_Result")


def new_event_loop() -> asyncio.AbstractEventLoop:
    """uvloop's where it is installed (not on Windows), else the standard one."""
    try:
        import uvloop
    except ImportError:
        loop = asyncio.new_event_loop()
        # Its timers go by the machine, as uvloop's do, also where a test has frozen Python's clocks: otherwise no wait would ever end.
        loop.time = machine_seconds  # type: ignore[method-assign]
        return loop
    return uvloop.new_event_loop()


def inside_event_loop() -> bool:
    """Whether an event loop of asyncio runs in this thread, which stands still as long as its caller blocks."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


class LoopThread:
    """An event loop on a thread of its own, for callers that wait for a result, whether they run in a loop themselves or not.

    The thread begins with the first call and never keeps the process alive. After a fork the child begins another one.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def run(self, coroutine: Coroutine[Any, Any, _Result]) -> _Result:
        """What the coroutine returns or raises. A caller who is interrupted cancels it."""
        future = asyncio.run_coroutine_threadsafe(coroutine, self._running_loop())
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def close(self) -> None:
        """End the thread, if there is one. A call after that begins another."""
        with self._lock:
            loop, thread, self._loop, self._thread = self._loop, self._thread, None, None
        if loop is None or thread is None or not thread.is_alive():
            return
        loop.call_soon_threadsafe(loop.stop)
        thread.join()

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None or self._thread is None or not self._thread.is_alive():
                self._loop = new_event_loop()
                self._thread = threading.Thread(target=_run, args=(self._loop,), name="ep-mock-calls", daemon=True)
                self._thread.start()
            return self._loop


def _run(loop: asyncio.AbstractEventLoop) -> None:
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.get_loop().run_forever()
