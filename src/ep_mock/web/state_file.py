"""The state file: all stores of a server, loaded when it starts and saved when it has stopped.

    {"ep_mock_state": 1, "stores": {"default": <snapshot>, …}}

The file is never written in place: the old file stays whole until the new one is complete and on the disk.
What would prevent saving is reported at the start, as far as it can be known then.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import stat
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from ep_mock.errors import ApiError, UsageError
from ep_mock.snapshots import save
from ep_mock.web.state_claim import Claim
from ep_mock.web.stores import StoreRegistry

VERSION: Final = 1
_MOUNTS: Final = Path("/proc/self/mountinfo")
_KINDS: Final = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a FIFO"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISREG, ""),
)
_log = logging.getLogger("ep_mock")


class _State(msgspec.Struct, forbid_unknown_fields=True):
    ep_mock_state: Literal[1]
    stores: dict[str, dict[str, Any]]


class StateFile:
    """The state file of one server. No other server can use it at the same time, except on Windows, which has
    no such locks.
    """

    def __init__(self, name: str) -> None:
        """Claim the file.

        Raises:
            UsageError: the file cannot be used or replaced, or another server uses it. The message names it.
        """
        self._path = _target(name)
        self._claim: Claim | None = None
        self.claim()

    def claim(self) -> Claim:
        """Claim the file again after a save, which releases it.

        Raises:
            UsageError: as for a new `StateFile`.
        """
        if self._claim is None:
            _check_replaceable(self._path)
            self._claim = Claim(self._path)
        return self._claim

    def load(self, stores: StoreRegistry) -> None:
        """Restore the stores in the file, if there is a file.

        Raises:
            UsageError: the file cannot be used. The message names it.
        """
        try:
            for store, snapshot in self._read().stores.items():
                self._restore(stores, store, snapshot)
        except BaseException:
            self.claim().give_up()
            raise

    def save(self, stores: StoreRegistry) -> None:
        """Save all stores, and release the file. Only its owner can read it.

        Raises:
            UsageError: the file cannot be written, and the old one stays whole; or a store cannot be saved,
                and the file keeps its old content.
        """
        claim = self.claim()
        saved, failures = _saved(stores)
        if failures:
            with contextlib.suppress(UsageError):
                kept = self._read()
                saved |= {name: kept.stores[name] for name in failures if name in kept.stores}
        self._claim = None
        claim.replace(msgspec.json.encode({"ep_mock_state": VERSION, "stores": saved}))
        if failures:
            reasons = "; ".join(f"{name!r} ({reason})" for name, reason in failures.items())
            raise UsageError(
                f"state: {self._path}: all stores are saved except these, whose old content the file keeps: "
                f"{reasons}"
            )

    def _restore(self, stores: StoreRegistry, store: str, snapshot: dict[str, Any]) -> None:
        try:
            stores.restore(store, snapshot)
        except UsageError as error:
            raise UsageError(f"state: {self._path}: store {store!r}: {error}") from None
        except ApiError as error:
            raise UsageError(f"state: {self._path}: store {store!r}: {error.errors[0]['detail']}") from None

    def _read(self) -> _State:
        try:
            raw = self._path.read_bytes()
        except FileNotFoundError:
            return _State(VERSION, {})
        except OSError as error:
            raise UsageError(f"state: {self._path}: the file cannot be read: {error.strerror}") from None
        try:
            return msgspec.json.decode(raw, type=_State)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise UsageError(f"state: {self._path}: this is no state file: {error}") from None


def _saved(stores: StoreRegistry) -> tuple[dict[str, Any], dict[str, str]]:
    """The snapshots by the names of their stores, and for each store that cannot be saved the reason."""
    saved: dict[str, Any] = {}
    failures: dict[str, str] = {}
    for name in stores.names():
        slot = stores.find(name)
        if slot is None:
            continue
        try:
            with slot.lock:
                slot.store.settle()
                saved[name] = msgspec.Raw(msgspec.json.encode(save(slot.store)))
        except Exception as error:
            _log.exception("store %s cannot be saved", name)
            failures[name] = f"{type(error).__name__}: {error}"
    return saved, failures


def _target(name: str) -> Path:
    # A link is followed: its target is replaced, not the link.
    try:
        return Path(os.path.realpath(name))
    except (OSError, ValueError) as error:
        raise UsageError(f"state: {name!r}: not a usable path: {error}") from None


def _check_replaceable(path: Path) -> None:
    """Report at the start what would prevent saving at the end."""
    if not path.parent.is_dir():
        raise UsageError(f"state: {path}: there is no folder {path.parent}")
    try:
        mode = path.stat().st_mode
    except OSError:
        return
    kind = next((kind for is_one, kind in _KINDS if is_one(mode)), "a device")
    if kind:
        raise UsageError(f"state: {path}: expected a file, but this is {kind}")
    if _is_mounted(path):
        raise UsageError(
            f"state: {path}: this file is mounted by itself, so it cannot be replaced by a new one; mount "
            f"its folder instead"
        )


def _is_mounted(path: Path) -> bool:
    """Whether the file is a mount by itself, such as a volume of a container. It cannot be replaced then."""
    try:
        lines = _MOUNTS.read_text(errors="surrogateescape").split("\n")[:-1]
    except OSError:
        return os.path.ismount(path)
    points = (
        re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), line.split(" ")[4]) for line in lines
    )
    return str(path) in points
