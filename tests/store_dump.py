"""The complete state of a store as plain data, so that two moments of it can be compared."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec

from ep_mock.simulation.store import Store

_LEFT_OUT: Final = frozenset(
    {
        "_by_id",
        "_candidates",
        "_keyed",
        "_listed",
        "_origin",
        "_owners",
        "_sorted",
        "poll_counts",
        "cached_jobs",
        "sequence",
        "traffic",
        "writes",
    }
)
"""Attributes that are derived, belong to the machine, or count and record requests."""


def dump(store: Store) -> dict[str, object]:
    """All state of a store by place: plain values, and numbers for objects seen before.

    Codes are brought to now first, as any reader would do.
    """
    store.settle()
    store.update_codes()
    dumped: dict[str, object] = {}
    _dump(store, "store", dumped, {})
    return dumped


def changes(before: dict[str, object], after: dict[str, object]) -> list[str]:
    """The differences, one line per place."""
    places = sorted(before.keys() | after.keys())
    return [
        f"{place}: {before.get(place)!r} → {after.get(place)!r}"
        for place in places
        if before.get(place) != after.get(place)
    ]


def _dump(value: object, place: str, dumped: dict[str, object], met: dict[int, int]) -> None:
    if value is None or isinstance(value, (bool, int, float, str, bytes, type, frozenset)):
        dumped[place] = value
    elif id(value) in met:
        dumped[place] = f"#{met[id(value)]}"
    else:
        met[id(value)] = len(met)
        dumped[place] = type(value)
        if isinstance(value, Mapping):
            dumped[f"{place}.keys()"] = list(value)
            parts: Iterable[tuple[str, object]] = ((f"[{key!r}]", part) for key, part in value.items())
        elif isinstance(value, (list, tuple, deque)):
            parts = ((f"[{index}]", part) for index, part in enumerate(value))
        else:
            parts = _attributes(value)
        for name, part in parts:
            _dump(part, place + name, dumped, met)


def _attributes(value: object) -> Iterator[tuple[str, Any]]:
    names: list[str] = list(vars(value)) if hasattr(value, "__dict__") else []
    if isinstance(value, msgspec.Struct):
        names += value.__struct_fields__
    else:
        for kind in type(value).__mro__:
            slots = vars(kind).get("__slots__", ())
            names += (slots,) if isinstance(slots, str) else slots
    for name in dict.fromkeys(names):
        if name not in _LEFT_OUT and hasattr(value, name) and not callable(getattr(value, name)):
            yield f".{name}", getattr(value, name)
