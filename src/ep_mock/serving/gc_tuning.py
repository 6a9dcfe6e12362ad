"""When the garbage collector of a serving process begins."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def deferred_gc() -> Iterator[Callable[[], None]]:
    """No garbage is collected until the function that this yields is called.

    What a server imports and builds before its first request stays to the end. To look through it again and
    again would cost a part of the start, and of many a request.
    """

    usual = gc.get_threshold()

    def collect_from_now_on() -> None:
        gc.freeze()
        # What requests leave behind is seldom garbage that needs a collector: jobs and codes stay, the rest
        # goes by itself.
        gc.set_threshold(20_000, 20, 100)
        gc.enable()

    gc.disable()
    try:
        yield collect_from_now_on
    finally:
        gc.set_threshold(*usual)
        gc.unfreeze()
        gc.enable()
