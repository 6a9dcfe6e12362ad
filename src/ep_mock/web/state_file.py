"""The state file: all stores of a server, loaded when it starts and saved when it has stopped.

    {"ep_mock_state": 1, "stores": {"default": <snapshot>, …}}

It is never written in place. Whatever happens while it is saved, the old file stays whole until the new one is complete and on the disk.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from ep_mock.errors import ApiError, UsageError
from ep_mock.simulation.snapshots import save
from ep_mock.web.gate import Gate

VERSION: Final = 1
_PRIVATE: Final = 0o600


class _State(msgspec.Struct, forbid_unknown_fields=True):
    ep_mock_state: Literal[1]
    stores: dict[str, dict[str, Any]]


def load_state(gate: Gate, name: str) -> None:
    """Restore the stores that the file holds; a file that is not there yet holds none.

    Raises:
        UsageError: the file cannot be used, or could not be written later on. It names the file.
    """
    path = _target(name)
    _check_writable(path)
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return
    except OSError as error:
        raise UsageError(f"state: {path}: the file cannot be read: {error.strerror}") from None
    try:
        state = msgspec.json.decode(raw, type=_State)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"state: {path}: this is no state file: {error}") from None
    for store, snapshot in state.stores.items():
        try:
            gate.restore(store, snapshot)
        except UsageError as error:
            raise UsageError(f"state: {path}: store {store!r}: {error}") from None
        except ApiError as error:
            raise UsageError(f"state: {path}: store {store!r}: {error.errors[0]['detail']}") from None


def save_state(gate: Gate, name: str) -> None:
    """Put all stores, as they are now, into the file. Only its owner can read it.

    Raises:
        UsageError: the file cannot be written; then the old one is still there, whole.
    """
    path = _target(name)
    stores: dict[str, Any] = {}
    for each in gate.names():
        guarded = gate.find(each)
        if guarded is not None:
            with guarded.lock:
                guarded.store.settle()
                stores[each] = save(guarded.store)
    unfinished = _unfinished(path)
    try:
        _write(unfinished, msgspec.json.encode({"ep_mock_state": VERSION, "stores": stores}))
        os.replace(unfinished, path)
        _sync_folder(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            unfinished.unlink()
        raise UsageError(f"state: {path}: the file cannot be written: {error.strerror}") from None


def _target(name: str) -> Path:
    # A link is followed: what it points to is replaced, not the link.
    try:
        return Path(os.path.realpath(name))
    except (OSError, ValueError) as error:
        raise UsageError(f"state: {name!r}: not a usable path: {error}") from None


def _unfinished(path: Path) -> Path:
    """Beside the file, hence on the same disk; the same each time, so that what a killed process leaves does not pile up."""
    return path.with_name(f".{path.name}.unfinished")


def _check_writable(path: Path) -> None:
    """Better to know at the start than when everything is to be saved."""
    if path.is_dir():
        raise UsageError(f"state: {path}: expected a file, but this is a folder")
    if not path.parent.is_dir():
        raise UsageError(f"state: {path}: there is no folder {path.parent}")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise UsageError(f"state: {path}: nothing can be written in {path.parent}")


def _write(path: Path, content: bytes) -> None:
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), _PRIVATE)
    with open(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Make sure that the new name is on the disk too, where the system can do that (Windows cannot)."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
