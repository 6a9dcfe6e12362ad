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
        # Like uvloop's, its timers use the machine's clock: a test may have frozen Python's clocks, and then
        # no wait would end.
        loop.time = machine_seconds  # type: ignore[method-assign]
        return loop
    return uvloop.new_event_loop()


def inside_event_loop() -> bool:
    """Whether this thread runs an asyncio event loop, which the caller would block."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


class LoopThread:
    """Runs coroutines for callers that block, inside or outside of an event loop of their own.

    All instances in a process share one thread with one loop. It starts with the first call, never keeps the
    process alive, and ends when the last instance is closed or dropped. After a fork the child starts its
    own.
    """

    def __init__(self) -> None:
        self._lease: object = object()
        weakref.finalize(self, _release, self._lease).atexit = False

    def run(self, coroutine: Coroutine[Any, Any, _Result]) -> _Result:
        """Run a coroutine and return or raise its result. An interrupt of the caller cancels it."""
        shared = _shared()
        future = shared.submit(coroutine, self._lease)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise
        finally:
            shared.release(future)

    def close(self) -> None:
        """End the thread unless other instances use it. A later call starts a new one."""
        _shared().end(self._lease)


class _CallThread(threading.Thread):
    """A thread that runs coroutines for waiting callers."""


class _SharedLoop:
    """The loop of a process and its users.

    Attributes:
        process: the id of that process.
    """

    def __init__(self) -> None:
        self.process = os.getpid()
        self._lock = threading.Lock()
        self._users: set[object] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def submit(self, coroutine: Coroutine[Any, Any, _Result], lease: object) -> Future[_Result]:
        """Run a coroutine. The thread runs until both the future and the lease are released."""
        if isinstance(threading.current_thread(), _CallThread):
            # A nested call from the loop would wait for itself.
            return _run_on_own_thread(coroutine)
        with self._lock:
            if self._loop is None or self._thread is None or not self._thread.is_alive():
                self._loop = new_event_loop()
                self._thread = _CallThread(target=_run, args=(self._loop,), name="ep-mock-calls", daemon=True)
                self._thread.start()
            future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
            self._users |= {lease, future}
        return future

    def release(self, user: object) -> None:
        """Release a lease or a future. Takes no lock: the garbage collector may call this at any point."""
        self._users.discard(user)
        loop = self._loop
        if not self._users and loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(self._end_unused)

    def end(self, lease: object) -> None:
        """Release a lease and wait for the end of the thread, unless others use it."""
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
        # After a fork: the thread exists in the parent only, and the lock may be held for ever.
        _of_this_process = _SharedLoop()
    return _of_this_process


def _release(lease: object) -> None:
    if _of_this_process.process == os.getpid():
        _of_this_process.release(lease)


def _run_on_own_thread(coroutine: Coroutine[Any, Any, _Result]) -> Future[_Result]:
    """Run a coroutine on a new thread."""
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
