"""An event loop beside code that blocks."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import warnings

import pytest
from freezegun import freeze_time

from ep_mock.serving import event_loops
from ep_mock.serving.event_loops import LoopThread


async def twice(number: int) -> int:
    await asyncio.sleep(0)
    return 2 * number


async def fail() -> None:
    raise LookupError("nothing")


OTHERS: set[threading.Thread] = set()


def loop_threads() -> list[threading.Thread]:
    """Those that the test has running."""
    return [
        thread for thread in threading.enumerate() if thread.name == "ep-mock-calls" and thread not in OTHERS
    ]


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody else in this process uses the thread, and a thread of other tests does not count: it may end at
    any time.
    """
    OTHERS.clear()
    OTHERS.update(threading.enumerate())
    monkeypatch.setattr(event_loops, "_of_this_process", event_loops._SharedLoop())


def test_it_gives_results_and_errors_also_inside_another_loop() -> None:
    async def inside() -> int:
        return loop.run(twice(21))

    loop = LoopThread()
    try:
        assert (loop.run(twice(1)), asyncio.run(inside())) == (2, 42)
        with pytest.raises(LookupError, match="nothing"):
            loop.run(fail())
    finally:
        loop.close()


def test_one_thread_serves_all_calls_until_it_is_closed_and_another_after_that() -> None:
    loop = LoopThread()
    loop.close()
    assert not loop_threads()
    for _ in range(2):
        for number in range(3):
            assert loop.run(twice(number)) == 2 * number
        (thread,) = loop_threads()
        assert thread.daemon
        loop.close()
        loop.close()
        assert not loop_threads()


def test_all_share_one_thread_that_ends_with_the_last_of_them() -> None:
    loops = [LoopThread() for _ in range(400)]
    assert [loop.run(twice(1)) for loop in loops] == [2] * 400
    (thread,) = loop_threads()
    for loop in loops[1:]:
        loop.close()
    assert thread.is_alive()
    loops[0].close()
    assert not loop_threads()


def test_it_ends_with_its_owner_also_when_nobody_closes_it() -> None:
    loop = LoopThread()
    loop.run(twice(1))
    (thread,) = loop_threads()
    del loop
    thread.join(60)
    assert not thread.is_alive()


def test_closing_it_lets_a_call_of_another_thread_end() -> None:
    async def wait() -> str:
        begun.set()
        while not closed.is_set():
            await asyncio.sleep(0)
        return "done"

    begun, closed = threading.Event(), threading.Event()
    loop = LoopThread()
    answers: list[str] = []
    caller = threading.Thread(target=lambda: answers.append(loop.run(wait())))
    caller.start()
    assert begun.wait(60)
    loop.close()
    closed.set()
    caller.join()
    assert answers == ["done"]


def test_what_runs_in_it_may_use_it() -> None:
    async def nested(depth: int) -> int:
        return 0 if depth == 0 else 1 + loop.run(nested(depth - 1))

    loop = LoopThread()
    assert loop.run(nested(3)) == 3
    loop.close()


def test_many_threads_may_begin_and_end_it_at_a_time() -> None:
    def use() -> None:
        for number in range(50):
            loop = LoopThread()
            results.append(loop.run(twice(number)) == 2 * number)
            if number % 2:
                loop.close()

    results: list[bool] = []
    threads = [threading.Thread(target=use) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [True] * 400
    last = LoopThread()
    last.run(twice(1))
    last.close()
    for thread in loop_threads():
        thread.join(60)
        assert not thread.is_alive()


def test_without_uvloop_timers_go_by_the_machine_also_while_time_is_frozen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def wait_in_vain() -> None:
        async with asyncio.timeout(0.001):
            await asyncio.Event().wait()

    monkeypatch.setitem(sys.modules, "uvloop", None)
    loop = LoopThread()
    with freeze_time("2031-05-06", ignore=["testcontainers", "docker"]), pytest.raises(TimeoutError):
        loop.run(wait_in_vain())
    loop.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks on this system")
def test_a_child_after_a_fork_has_a_thread_of_its_own() -> None:
    loop = LoopThread()
    assert loop.run(twice(1)) == 2
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forks beside threads
        child = os.fork()
    if child == 0:
        os._exit(loop.run(twice(21)))
    _, status = os.waitpid(child, 0)
    loop.close()
    assert os.waitstatus_to_exitcode(status) == 42
