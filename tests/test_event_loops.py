"""An event loop beside code that blocks."""

from __future__ import annotations

import asyncio
import os
import sys
import threading

import pytest
from freezegun import freeze_time

from ep_mock.event_loops import LoopThread


async def twice(number: int) -> int:
    await asyncio.sleep(0)
    return 2 * number


async def fail() -> None:
    raise LookupError("nothing")


def loop_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "ep-mock-calls"]


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
    before = loop_threads()
    loop = LoopThread()
    loop.close()
    assert loop_threads() == before
    for _ in range(2):
        for number in range(3):
            assert loop.run(twice(number)) == 2 * number
        (thread,) = set(loop_threads()) - set(before)
        assert thread.daemon
        loop.close()
        loop.close()
        assert loop_threads() == before


def test_without_uvloop_timers_go_by_the_machine_also_while_time_is_frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    async def wait_in_vain() -> None:
        async with asyncio.timeout(0.001):
            await asyncio.Event().wait()

    monkeypatch.setitem(sys.modules, "uvloop", None)
    loop = LoopThread()
    with freeze_time("2031-05-06", ignore=["testcontainers", "docker"]), pytest.raises(TimeoutError):
        loop.run(wait_in_vain())
    loop.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks on this system")
@pytest.mark.skipif(sys.version_info >= (3, 12), reason="Python warns of forks beside threads")
def test_a_child_after_a_fork_has_a_thread_of_its_own() -> None:
    loop = LoopThread()
    assert loop.run(twice(1)) == 2
    child = os.fork()
    if child == 0:
        os._exit(loop.run(twice(21)))
    _, status = os.waitpid(child, 0)
    loop.close()
    assert os.waitstatus_to_exitcode(status) == 42
