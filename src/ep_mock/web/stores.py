"""The registry of stores: which stores exist, and one lock for each.

Requests arrive on one event loop, but the thread of a test may use a store at the same time. Each use of a
store holds its lock, and nothing waits, sleeps or streams with the lock held.

A reset, a restore and a deletion end everything that began before: a replaced store is gone for good, and a
request that began before the replacement can't use the successor.
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
from ep_mock.entropy import Entropy, new_seed
from ep_mock.fixtures.files import check_request
from ep_mock.settings import RESET_SCOPES, Settings, setting_names
from ep_mock.simulation.store import Store
from ep_mock.timings import SECOND
from ep_mock.web.store_slot import StoreSlot

DEFAULT_STORE: Final = "default"
STORE_HEADER: Final = b"x-ep-mock-store"
MOST_STORES: Final = 1000
_NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
_STORE_SETTINGS: Final = frozenset(setting_names("store"))
_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})
_OF_CLIENTS: Final = Entropy("stores", "clients")
_MOST_REMEMBERED: Final = 10_000
"""Names of replaced stores that are remembered: far more than there can be during any request."""


def can_name_store(text: str) -> bool:
    """Whether a store can have this name."""
    return _NAME.fullmatch(text) is not None


def named_store(headers: Mapping[bytes, bytes]) -> str:
    """The store that the header names, else the default one."""
    name = headers.get(STORE_HEADER)
    return DEFAULT_STORE if name is None else name.decode("latin-1")


def store_of_client(client: str) -> str:
    """The store of a client id: the id itself, or a name derived from it if no store can have that name."""
    return client if can_name_store(client) else _OF_CLIENTS.uuid_of(client)


class _Draft(threading.local):
    """The store that the request in this thread is about to create, if any.

    Attributes:
        began: the number of replacements when the request began.
    """

    name: str = ""
    slot: StoreSlot | None = None
    began: int = 0


class StoreRegistry:
    """All stores of a server. A store is created on first use, from the server's settings and fixtures.

    Attributes:
        replacements: the number of resets, restores and deletions so far. Each request notes it at its
            beginning.
    """

    def __init__(self, settings: Settings, fill: Callable[[Store], None]) -> None:
        """`fill` puts the initial content into a new store."""
        self.settings = settings
        self.seed = settings.seed or new_seed()
        self.replacements = 0
        self._fill = fill
        self._clock = Clock()
        self._started = self._clock.now()
        # Always taken after a store's lock, never before one.
        self._lock = threading.Lock()
        self._stores: dict[str, StoreSlot] = {}
        self._replaced: dict[str, int] = {}
        self._draft = _Draft()

    @property
    def uptime(self) -> float:
        """Seconds since the server was created."""
        return (self._clock.now() - self._started) / SECOND

    def get_or_create(self, name: str, began: int | None = None) -> StoreSlot:
        """The store of this name, created if necessary.

        Args:
            began: the value of `replacements` when the request began.

        Raises:
            ApiError: 400, the name is not valid or there are too many stores; 409, the store was replaced
                after the request began.
        """
        if began is not None:
            self._check_not_replaced(name, began)
        slot = self.find(name)
        if slot is not None:
            return slot
        with self._lock:
            if name not in self._stores:
                self._check_room_for(name)
                self._stores[name] = StoreSlot(self._new_store(name))
            return self._stores[name]

    def find(self, name: str) -> StoreSlot | None:
        """The store of this name, if there is one."""
        slot = self._stores.get(name)
        return self._draft.slot if slot is None and self._draft.name == name else slot

    @contextmanager
    def draft(self, name: str, began: int) -> Iterator[StoreSlot]:
        """A new store for the first request to it. Until it is published, only this thread finds it, and only
        in this context.

        Args:
            began: the value of `replacements` when the request began.

        Raises:
            ApiError: as `get_or_create`.
        """
        self._check_not_replaced(name, began)
        self._check_room_for(name)
        draft, slot = self._draft, StoreSlot(self._new_store(name))
        draft.name, draft.slot, draft.began = name, slot, began
        try:
            yield slot
        finally:
            draft.name, draft.slot = "", None

    def publish_draft(self) -> StoreSlot | None:
        """Make the draft of this thread a store like all others, and return it; None if another thread has
        created or replaced a store of its name meanwhile.

        Raises:
            ApiError: 400, there are too many stores by now.
        """
        draft = self._draft
        with self._lock:
            if (
                draft.slot is None
                or draft.name in self._stores
                or self._replaced.get(draft.name, 0) > draft.began
            ):
                return None
            self._check_room_for(draft.name)
            self._stores[draft.name] = draft.slot
            return draft.slot

    def names(self) -> list[str]:
        """The names of all stores, sorted."""
        return sorted(self._stores)

    def reset(self, name: str, changes: Mapping[str, Any] = _NOTHING) -> None:
        """Set the store back to its initial content. `changes` are settings that count until the next reset.

        Raises:
            ApiError: as `get_or_create`.
            UsageError: a setting is not one of a store, or a value is not valid. Nothing has changed then.
        """
        self.get_or_create(name)
        self._replace(name, StoreSlot(self._new_store(name, changes)))

    def restore(self, name: str, snapshot: object) -> Store:
        """Replace the store of this name by a saved one.

        Raises:
            ApiError: as `get_or_create`.
            UsageError: the snapshot is not valid. Nothing has changed then.
        """
        from ep_mock.snapshots import restore

        restored = restore(snapshot, name, self.settings, self.seed, check_request)
        self.get_or_create(name)
        self._replace(name, StoreSlot(restored))
        return restored

    def delete(self, name: str) -> bool:
        """Delete a store with its content; returns whether there was one. The next use creates it again."""
        return self._replace(name, None)

    def _replace(self, name: str, successor: StoreSlot | None) -> bool:
        """End the store of this name after its present use; returns whether there was one."""
        while True:
            slot = self._stores.get(name)
            if slot is None:
                if successor is not None and self._draft.slot is not None and self._draft.name == name:
                    self._draft.slot = successor
                    return False
                with self._lock:
                    if successor is not None and name in self._stores:
                        continue
                    self._put(name, successor)
                return False
            with slot.lock:
                if slot.gone:  # another thread has replaced it meanwhile
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

    def _check_not_replaced(self, name: str, began: int) -> None:
        if self._replaced.get(name, 0) > began:
            raise problems.store_gone()

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
        # The settings of a reset take precedence over those of a fixture.
        if requested := {setting: value for setting, value in changes.items() if setting in _STORE_SETTINGS}:
            store.change_settings(requested)
        return store
