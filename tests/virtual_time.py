"""An event loop that spends no time: when it is idle, its clock jumps to the next timer."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

_Result = TypeVar("_Result")


class VirtualLoop(asyncio.SelectorEventLoop):
    """Its `time` begins at 0. It raises an error instead of waiting for an event that cannot happen."""

    def __init__(self) -> None:
        self.now = 0.0
        super().__init__(_Jumping(self))

    def time(self) -> float:
        return self.now


class _Jumping(selectors.SelectSelector):
    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("the loop waits for an event that cannot happen")
        self._loop.now += timeout
        return super().select(0)


def run(main: Coroutine[Any, Any, _Result]) -> _Result:
    """Run a coroutine in a new loop, and return its result."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)


async def settled() -> None:
    """Let everything happen that takes no time."""
    for _ in range(50):
        await asyncio.sleep(0)
