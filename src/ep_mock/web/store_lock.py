"""The lock of a store, which tells those who wait for a change of the store when somebody has used it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Watcher = Callable[[], object]


class StoreLock:
    """To be held by whoever uses a store, for the length of one verb; the thread that holds it may take it again."""

    __slots__ = ("_lock", "_watchers")

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._watchers: dict[object, Watcher] = {}

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        if self._watchers:
            self.tell()
        self._lock.release()

    @property
    def is_watched(self) -> bool:
        """Whether anybody waits for a change."""
        return bool(self._watchers)

    def tell(self) -> None:
        """Tell all who watch that the store has changed; to be called with the lock held."""
        for watcher in self._watchers.values():
            watcher()

    @contextmanager
    def quietly(self) -> Iterator[None]:
        """Hold the lock to look only: nobody is told, or those who wait would wake each other for ever."""
        with self._lock:
            yield

    @contextmanager
    def watched(self, tell: Watcher) -> Iterator[None]:
        """In here, `tell` is called, in any thread, each time that somebody has used the store."""
        key = object()
        with self._lock:
            self._watchers[key] = tell
        try:
            yield
        finally:
            with self._lock:
                del self._watchers[key]
