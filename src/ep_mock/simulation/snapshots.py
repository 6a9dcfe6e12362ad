"""Saving a whole store as plain data, and restoring it so that it goes on exactly as it would have."""

from __future__ import annotations

from typing import Any

import msgspec

from ep_mock.errors import UsageError
from ep_mock.settings import Settings
from ep_mock.simulation import snapshot_format as form
from ep_mock.simulation.snapshot_check import check_restored
from ep_mock.simulation.snapshot_restoring import Restoring
from ep_mock.simulation.snapshot_saving import Saving
from ep_mock.simulation.store import Store


def save(store: Store) -> dict[str, Any]:
    """The store as plain data that JSON can hold. The store must have been settled."""
    document: dict[str, Any] = msgspec.to_builtins(Saving(store).state())
    return document


def restore(data: object, name: str, settings: Settings, seed: str) -> Store:
    """A store that goes on where the saved one was, at the saved time and with its ids and codes; `seed` is for what is not saved.

    Raises:
        UsageError: the data is no snapshot of this version, or contradicts itself.
    """
    try:
        state = msgspec.convert(data, form.StoreState)
    except msgspec.ValidationError as error:
        raise UsageError(f"snapshot: {error}") from None
    # What the settings say of the clock is not what counts: the saved clock goes on.
    settings = settings.with_changes({"clock": state.clock.mode, "clock_start": ""}).with_changes(state.settings, scopes=("store",))
    store = Store(name, settings, seed)
    try:
        Restoring(store, state).fill()
        check_restored(store)
    except (LookupError, ValueError, TypeError) as error:
        raise UsageError(f"snapshot: contradicts itself ({type(error).__name__}: {error})") from None
    return store
