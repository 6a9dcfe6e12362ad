"""Saving a whole store as plain data, and restoring it so that it goes on exactly as it would have."""

from __future__ import annotations

from typing import Any

import msgspec

from ep_mock.domain.location import Check
from ep_mock.errors import UsageError
from ep_mock.settings import Settings
from ep_mock.simulation.store import Store
from ep_mock.snapshots import format as form
from ep_mock.snapshots.check import ROOT, check_snapshot
from ep_mock.snapshots.restore import Restoring
from ep_mock.snapshots.save import Saving


def save(store: Store) -> dict[str, Any]:
    """The store as plain data that JSON can hold. The store must have been settled."""
    document: dict[str, Any] = msgspec.to_builtins(Saving(store).state())
    return document


def restore(data: object, name: str, settings: Settings, seed: str, check: Check) -> Store:
    """A store that goes on where the saved one was, at the saved time and with its ids and codes.

    Args:
        data: what `save` has made, as JSON has brought it. It may come from anybody: what is accepted keeps
            all promises of a store.
        seed: for what is not saved.
        check: knows what the API accepts.

    Raises:
        UsageError: the data is no snapshot of this version, or contradicts itself; the message names the
            place.
    """
    try:
        state = msgspec.convert(data, form.StoreSnapshot)
    except msgspec.ValidationError as error:
        raise _unusable(ROOT.misfit(error)) from None
    try:
        check_snapshot(state, check)
    except UsageError as error:
        raise _unusable(error) from None
    try:
        # What the settings say of the clock is not what counts: the saved clock goes on.
        settings = settings.with_changes({"clock": state.clock.mode, "clock_start": ""})
        settings = settings.with_changes(state.settings, scopes=("store",))
        store = Store(name, settings, seed)
    except UsageError as error:
        raise _unusable(ROOT.at("settings").wrong(str(error))) from None
    Restoring(store, state).fill()
    return store


def _unusable(error: UsageError) -> UsageError:
    return UsageError(f"{error}; restore a snapshot as it was saved")
