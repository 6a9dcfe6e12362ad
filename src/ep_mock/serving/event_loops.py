"""Event loops: the fastest one that is installed, and one that runs beside code that blocks."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
import weakref
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

from ep_mock.clock import machine_seconds

_Result = TypeVar("_Result")


def new_event_loop() -> asyncio.AbstractEventLoop:
    """uvloop's where it is installed (not on Windows), else the standard one."""
    try:
        import uvloop
    except ImportError:
        loop = asyncio.new_event_loop()
        # Its timers go by the machine, as uvloop's do, also where a test has frozen Python's clocks:
        # otherwise no wait would ever end.
        loop.time = machine_seconds  # type: ignore[method-assign]
        return loop
    return uvloop.new_event_loop()


def inside_event_loop() -> bool:
    """Whether an event loop of asyncio runs in this thread, which stands still as long as its caller
    blocks.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


class LoopThread:
    """An event loop beside its caller, for one who waits for a result, whether it runs in a loop itself or
    not.

    All of them in a process share one thread with one loop. It begins with the first call, never keeps the
    process alive, and ends with the last `LoopThread` that is closed or dropped. After a fork the child
    begins another one.
    """

    def __init__(self) -> None:
        self._lease: object = object()
        weakref.finalize(self, _let_go, self._lease).atexit = False

    def run(self, coroutine: Coroutine[Any, Any, _Result]) -> _Result:
        """What the coroutine returns or raises. A caller who is interrupted cancels it."""
        shared = _shared()
        future = shared.submit(coroutine, self._lease)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise
        finally:
            shared.let_go(future)

    def close(self) -> None:
        """End the thread, if there is one and nobody else uses it. A call after that begins another."""
        _shared().end(self._lease)


class _CallThread(threading.Thread):
    """A thread on which coroutines run for callers that wait for them."""


class _SharedLoop:
    """The loop of a process, and who uses it.

    Attributes:
        process: the process that it is for.
    """

    def __init__(self) -> None:
        self.process = os.getpid()
        self._lock = threading.Lock()
        self._users: set[object] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def submit(self, coroutine: Coroutine[Any, Any, _Result], lease: object) -> Future[_Result]:
        """Run a coroutine. The thread goes on until both the future and the lease are given back."""
        if isinstance(threading.current_thread(), _CallThread):
            # What runs in the loop calls again, and would wait for itself.
            return _run_apart(coroutine)
        with self._lock:
            if self._loop is None or self._thread is None or not self._thread.is_alive():
                self._loop = new_event_loop()
                self._thread = _CallThread(target=_run, args=(self._loop,), name="ep-mock-calls", daemon=True)
                self._thread.start()
            future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
            self._users |= {lease, future}
        return future

    def let_go(self, user: object) -> None:
        """Give a lease or a future back; takes no lock, as the collector of garbage may call it in the middle
        of anything.
        """
        self._users.discard(user)
        loop = self._loop
        if not self._users and loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(self._end_unused)

    def end(self, lease: object) -> None:
        """Give a lease back, and return once the thread has ended unless somebody else uses it."""
        self._users.discard(lease)
        thread = self._end_unused()
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def _end_unused(self) -> threading.Thread | None:
        with self._lock:
            if self._users or self._loop is None:
                return None
            loop, thread, self._loop, self._thread = self._loop, self._thread, None, None
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(loop.stop)
        return thread


_of_this_process = _SharedLoop()


def _shared() -> _SharedLoop:
    global _of_this_process
    if _of_this_process.process != os.getpid():
        # The thread stayed with the parent, and its lock may have been held.
        _of_this_process = _SharedLoop()
    return _of_this_process


def _let_go(lease: object) -> None:
    if _of_this_process.process == os.getpid():
        _of_this_process.let_go(lease)


def _run_apart(coroutine: Coroutine[Any, Any, _Result]) -> Future[_Result]:
    """The same on a thread for this call alone."""
    future: Future[_Result] = Future()

    def run() -> None:
        try:
            with asyncio.Runner(loop_factory=new_event_loop) as runner:
                future.set_result(runner.run(coroutine))
        except BaseException as error:
            future.set_exception(error)

    _CallThread(target=run, name="ep-mock-calls", daemon=True).start()
    return future


def _run(loop: asyncio.AbstractEventLoop) -> None:
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.get_loop().run_forever()
