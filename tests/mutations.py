"""Strategies for small changes of plain data of every kind."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final

from hypothesis import strategies as st

from ep_mock.clock import CLOCK_MODES
from ep_mock.domain.lifecycle import STATUSES

Path = tuple[str | int, ...]

_VALUES: Final[list[Any]] = [
    *(None, True, False, 0, 1, -1, 2, 7, 0.5, -0.0, float(10**300), 10**8, 10**8 + 1, 10**12, 10**16),
    *(2**31, 2**53, 2**63 - 1, 2**63, 2**64, 10**21, -(10**21), 10**60, -(2**63), 1_733_268_698_573_980_423),
    *("", *STATUSES, "complete", "fail", "finish_cancel", "lose_race", "standard", "rule"),
    *("code_generate", "code_export", *CLOCK_MODES, "instant", "documented,pickup=9999s"),
    *("\0", "é" * 40, "ÀB-", "x" * 5000, "NaN"),
    *("00000000-0000-4000-8000-00000000000A", "00000000-0000-4000-8000-000000000001\n"),
    *([], {}, [None], {"generated": 1}, ["x"], [0, "pending", "created"]),
]


def edits(document: Any) -> st.SearchStrategy[Any]:
    """The document with one to three changes: values are set, changed, doubled, dropped, swapped or copied."""
    several = st.lists(_edit(_paths(document)), min_size=1, max_size=3)
    return several.map(lambda changes: _edited(document, changes))


def _edit(paths: list[Path]) -> st.SearchStrategy[tuple[str, Path, Path, Any]]:
    by_name: dict[str, list[Path]] = {}
    for path in paths:
        # Each kind of value is equally likely, independent of its number of occurrences.
        by_name.setdefault("/".join("*" if isinstance(step, int) else step for step in path), []).append(path)
    some_path = st.sampled_from(sorted(by_name)).flatmap(lambda name: st.sampled_from(by_name[name]))
    verbs = st.sampled_from(["set", "set", "nudge", "double", "drop", "swap", "copy"])
    values = st.one_of(st.sampled_from(_VALUES), st.integers(-3, 3), st.text(max_size=3))
    return st.tuples(verbs, some_path, some_path, values)


def _paths(node: Any, path: Path = ()) -> list[Path]:
    return list(_walk(node, path))[1:]


def _walk(node: Any, path: Path) -> Iterator[Path]:
    yield path
    inside = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, part in inside:
        yield from _walk(part, (*path, key))


def _edited(document: Any, changes: list[tuple[str, Path, Path, Any]]) -> Any:
    edited = copy.deepcopy(document)
    for verb, path, other, value in changes:
        # An earlier change may have removed the path of this one.
        with suppress(LookupError, TypeError):
            _apply(edited, verb, path, other, value)
    return edited


def _apply(document: Any, verb: str, path: Path, other: Path, value: Any) -> None:
    node: Any = _at(document, path[:-1])
    key: Any = path[-1]
    if verb == "set":
        node[key] = copy.deepcopy(value)
    elif verb == "nudge":
        node[key] += value if isinstance(value, int) else 1
    elif verb == "drop":
        del node[key]
    elif verb == "double":
        if isinstance(node, list):
            node.insert(key, copy.deepcopy(node[key]))
        else:
            node[f"{key}2"] = node[key]
    elif verb == "copy":
        node[key] = copy.deepcopy(_at(document, other))
    else:
        # Neighbours in a list change places; elsewhere two values of the document do.
        there: Any = node if isinstance(node, list) else _at(document, other[:-1])
        its_key: Any = (int(key) + 1) % len(node) if isinstance(node, list) else other[-1]
        node[key], there[its_key] = copy.deepcopy(there[its_key]), copy.deepcopy(node[key])


def _at(document: Any, path: Path) -> Any:
    for step in path:
        document = document[step]
    return document
