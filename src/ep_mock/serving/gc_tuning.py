"""A start without garbage collection."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def deferred_gc() -> Iterator[Callable[[], None]]:
    """Collect no garbage until the function that this yields is called.

    The objects that a server imports and builds before its first request live until its end. Scanning them
    again and again would slow down the start and many requests.
    """
    usual = gc.get_threshold()

    def collect_from_now_on() -> None:
        gc.freeze()
        # Requests leave few reference cycles behind: jobs and codes stay, and reference counts free the rest.
        gc.set_threshold(20_000, 20, 100)
        gc.enable()

    gc.disable()
    try:
        yield collect_from_now_on
    finally:
        gc.set_threshold(*usual)
        gc.unfreeze()
        gc.enable()
