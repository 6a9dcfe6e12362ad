"""An event loop in which no time is spent: whenever nothing else is to do, its clock jumps to the next
timer.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

_Result = TypeVar("_Result")


class VirtualLoop(asyncio.SelectorEventLoop):
    """Its `time` begins at 0. Where nothing is left that could ever happen, it raises instead of standing
    still.
    """

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
            raise RuntimeError("nothing can happen any more, and somebody waits for it")
        self._loop.now += timeout
        return super().select(0)


def run(main: Coroutine[Any, Any, _Result]) -> _Result:
    """What the coroutine returns, in a loop of its own."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)


async def settled() -> None:
    """Let everything happen that can happen without time going by."""
    for _ in range(50):
        await asyncio.sleep(0)
