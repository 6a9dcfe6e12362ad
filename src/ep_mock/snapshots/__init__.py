"""Saving a whole store as plain data, and restoring a store that goes on exactly as the saved one."""

from __future__ import annotations

from typing import Any

import msgspec

from ep_mock.domain.location import Check
from ep_mock.errors import UsageError
from ep_mock.settings import Settings
from ep_mock.simulation.store import Store
from ep_mock.snapshots import format as form
from ep_mock.snapshots.check import check_snapshot
from ep_mock.snapshots.restore import Restoring
from ep_mock.snapshots.rules import ROOT
from ep_mock.snapshots.save import Saving


def save(store: Store) -> dict[str, Any]:
    """The store as plain data that JSON can hold. The store must have been settled."""
    document: dict[str, Any] = msgspec.to_builtins(Saving(store).snapshot())
    return document


def restore(data: object, name: str, settings: Settings, seed: str, check: Check) -> Store:
    """A store that goes on from the saved one, at the saved time and with its ids and codes.

    Args:
        data: the result of `save`, as JSON carries it. It isn't trusted: a store from accepted data keeps all
            promises of a store.
        seed: for everything that isn't saved.
        check: knows what the API accepts.

    Raises:
        UsageError: the data is no snapshot of this version, or contradicts itself; the message names the
            location.
    """
    try:
        saved = msgspec.convert(data, form.StoreSnapshot)
    except msgspec.ValidationError as error:
        raise _unusable(ROOT.type_error(error)) from None
    try:
        check_snapshot(saved, check)
    except UsageError as error:
        raise _unusable(error) from None
    try:
        # The saved clock goes on; the settings of the clock don't count.
        settings = settings.with_changes({"clock": saved.clock.mode, "clock_start": ""})
        settings = settings.with_changes(saved.settings, scopes=("store",))
        store = Store(name, settings, seed)
    except UsageError as error:
        raise _unusable(ROOT.child("settings").error(str(error))) from None
    Restoring(store, saved).fill()
    return store


def _unusable(error: UsageError) -> UsageError:
    return UsageError(f"{error}; restore a snapshot as it was saved")
