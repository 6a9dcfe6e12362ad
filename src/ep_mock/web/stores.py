"""The gate to the stores: which exist, and one lock each.

Requests arrive on one event loop, but a test's own thread may steer a store at the same time. Whoever touches
a store holds its lock for the length of one verb; nothing waits, sleeps or streams while holding it.

A reset, a restore and a deletion end everything that began before: a store that was replaced is gone for
good, and no request that began before the replacement can use the store that came after it.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any, Final

from ep_mock.clock import Clock
from ep_mock.domain import problems
from ep_mock.entropy import new_seed
from ep_mock.fixtures.files import check_request
from ep_mock.settings import RESET_SCOPES, Settings, setting_names
from ep_mock.simulation.store import Store
from ep_mock.snapshots import restore
from ep_mock.timings import SECOND
from ep_mock.web.store_slot import StoreSlot

DEFAULT_STORE = "default"
MOST_STORES = 1000
_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
_STORE_SETTINGS: Final = frozenset(setting_names("store"))
_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})
_MOST_REMEMBERED: Final = 10_000
"""Replacements that are remembered, one a name: far more than there can be during any request."""


def can_name_store(text: str) -> bool:
    """Whether a store can have this name."""
    return _NAME.fullmatch(text) is not None


class _Draft(threading.local):
    """The draft that a thread works on, if any; for a request that began when there were so many
    replacements.
    """

    name: str = ""
    slot: StoreSlot | None = None
    began: int = 0


class StoreRegistry:
    """All stores of a server. They come into being on first use, from the server's settings and fixtures.

    Attributes:
        replacements: the number of resets, restores and deletions so far. A request notes it at its
            beginning.
    """

    def __init__(self, settings: Settings, fill: Callable[[Store], None]) -> None:
        """`fill` puts into a new store what it starts with."""
        self.settings = settings
        self.seed = settings.seed or new_seed()
        self.replacements = 0
        self._fill = fill
        self._clock = Clock()
        self._started = self._clock.now()
        # Taken last: whoever holds it takes no store's lock.
        self._lock = threading.Lock()
        self._stores: dict[str, StoreSlot] = {}
        self._replaced: dict[str, int] = {}
        self._own = _Draft()

    @property
    def uptime(self) -> float:
        """Seconds since the server was created."""
        return (self._clock.now() - self._started) / SECOND

    def get_or_create(self, name: str, began: int | None = None) -> StoreSlot:
        """The store of this name, made if need be.

        Args:
            began: what `replacements` was when the request began.

        Raises:
            ApiError: 400, the name cannot be used or there are too many stores; 409, the store was replaced
                since the request began.
        """
        if began is not None and self._replaced.get(name, 0) > began:
            raise problems.store_gone()
        slot = self.find(name)
        return slot if slot is not None else self._create(name)

    def find(self, name: str) -> StoreSlot | None:
        """The store of this name, if there is one."""
        slot = self._stores.get(name)
        return self._own.slot if slot is None and self._own.name == name else slot

    @contextmanager
    def draft(self, name: str, began: int) -> Iterator[StoreSlot]:
        """A new store for the first request to it: until it is kept, only this thread finds it, and only in
        here.

        Args:
            began: what `replacements` was when the request began.

        Raises:
            ApiError: as `get_or_create`.
        """
        if self._replaced.get(name, 0) > began:
            raise problems.store_gone()
        self._check_room_for(name)
        own, draft = self._own, StoreSlot(self._new_store(name))
        own.name, own.slot, own.began = name, draft, began
        try:
            yield draft
        finally:
            own.name, own.slot = "", None

    def publish_draft(self) -> StoreSlot | None:
        """Let everybody find the draft of this thread, and answer it; None if somebody else has made a store
        of its name meanwhile.

        Raises:
            ApiError: 400, there are too many stores by now.
        """
        own = self._own
        with self._lock:
            if own.slot is None or own.name in self._stores or self._replaced.get(own.name, 0) > own.began:
                return None
            self._check_room_for(own.name)
            self._stores[own.name] = own.slot
            return own.slot

    def names(self) -> list[str]:
        """The names of all stores, sorted."""
        return sorted(self._stores)

    def reset(self, name: str, changes: Mapping[str, Any] = _NOTHING) -> None:
        """Put the store back to what it was at its start, with some settings changed until the next reset.

        Raises:
            ApiError: as `get_or_create`.
            UsageError: a setting is not one of a store, or a value cannot be used; then nothing has changed.
        """
        self.get_or_create(name)
        self._replace(name, StoreSlot(self._new_store(name, changes)))

    def restore(self, name: str, snapshot: object) -> Store:
        """Put a saved store in the place of the one of this name.

        Raises:
            ApiError: as `get_or_create`.
            UsageError: the snapshot cannot be used; then nothing has changed.
        """
        restored = restore(snapshot, name, self.settings, self.seed, check_request)
        self.get_or_create(name)
        self._replace(name, StoreSlot(restored))
        return restored

    def delete(self, name: str) -> bool:
        """Delete a store with all that it has; answers whether there was one. On its next use it comes into
        being again.
        """
        return self._replace(name, None)

    def _replace(self, name: str, successor: StoreSlot | None) -> bool:
        """End the store of this name, once whoever uses it has done so; answers whether there was one."""
        while True:
            slot = self._stores.get(name)
            if slot is None:
                if successor is not None and self._own.slot is not None and self._own.name == name:
                    self._own.slot = successor
                    return False
                with self._lock:
                    if successor is not None and name in self._stores:
                        continue
                    self._put(name, successor)
                return False
            with slot.lock:
                if slot.gone:  # somebody else has replaced it meanwhile
                    continue
                with self._lock:
                    self._put(name, successor)
                slot.end()
                return True

    def _put(self, name: str, successor: StoreSlot | None) -> None:
        if successor is not None:
            self._stores[name] = successor
        elif self._stores.pop(name, None) is None:
            return
        self.replacements += 1
        self._replaced.pop(name, None)
        self._replaced[name] = self.replacements
        if len(self._replaced) > _MOST_REMEMBERED:
            del self._replaced[next(iter(self._replaced))]

    def _create(self, name: str) -> StoreSlot:
        with self._lock:
            if name not in self._stores:
                self._check_room_for(name)
                self._stores[name] = StoreSlot(self._new_store(name))
            return self._stores[name]

    def _check_room_for(self, name: str) -> None:
        if not can_name_store(name):
            raise problems.bad_request(
                "a store's name has 1 to 64 letters, digits, dots, dashes and underscores", "X-EP-Mock-Store"
            )
        if len(self._stores) >= MOST_STORES:
            raise problems.bad_request(f"there are {MOST_STORES} stores already", "X-EP-Mock-Store")

    def _new_store(self, name: str, changes: Mapping[str, Any] = _NOTHING) -> Store:
        store = Store(
            name, self.settings.with_changes(changes, scopes=RESET_SCOPES), changes.get("seed") or self.seed
        )
        self._fill(store)
        # What is asked for at a reset beats the settings that a fixture brings.
        if own := {setting: value for setting, value in changes.items() if setting in _STORE_SETTINGS}:
            store.change_settings(own)
        return store


STORE_HEADER: Final = b"x-ep-mock-store"


def named_store(headers: Mapping[bytes, bytes]) -> str:
    """The store that the header names, else the default one."""
    name = headers.get(STORE_HEADER)
    return DEFAULT_STORE if name is None else name.decode("latin-1")
