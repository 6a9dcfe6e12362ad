"""Checks of arguments, made before anything is sent. Each error is one sentence that says what to write."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from math import isfinite
from types import NoneType, UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints, is_typeddict

from ep_mock.errors import UsageError
from ep_mock.handle.typed_arguments import HINTS

_LONGEST_SHOWN: Final = 80
_TYPES: Final[Mapping[object, tuple[type | tuple[type, ...], str]]] = {
    str: (str, "text"),
    bool: (bool, "True or False"),
    int: (int, "a whole number"),
    float: ((int, float), "a number"),
    NoneType: (NoneType, "None"),
    Mapping: (Mapping, "a mapping"),
    Sequence: ((list, tuple), "a list"),
}


def argument_error(place: str, expected: str, value: object, hint: str = "") -> UsageError:
    """The error for an argument of the wrong kind. `hint` says what to write instead."""
    text = repr(value)
    shown = text if len(text) <= _LONGEST_SHOWN else f"an object of the type {type(value).__name__}"
    if not hint and isinstance(getattr(value, "id", None), str):
        hint = "write its id"
    return UsageError(f"{place}: expected {expected}, got {shown}{f'; {hint}' if hint else ''}")


def check_word(place: str, value: object, words: Collection[str], hint: str = "") -> None:
    """Raise `UsageError` unless the value is one of the words."""
    if not isinstance(value, str) or value not in words:
        raise argument_error(place, f"one of {', '.join(words)}", value, did_you_mean(value, words) or hint)


def check_seconds(place: str, value: object) -> None:
    """Raise `UsageError` unless the value is a number of seconds."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value) or value < 0:
        raise argument_error(place, "a number of seconds", value)


def check_count(place: str, value: object) -> None:
    """Raise `UsageError` unless the value is a whole number above 0."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise argument_error(place, "a whole number above 0", value)


def check_whole_number(place: str, value: object, hint: str = "") -> None:
    """Raise `UsageError` unless the value is a whole number."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise argument_error(place, "a whole number", value, hint)


def check_keywords(verb: str, arguments: Mapping[str, Any], typed_dict: type) -> None:
    """Check keyword arguments against a TypedDict.

    Raises:
        UsageError: there is no such keyword, or its value is of another type.
    """
    types = _types_in(typed_dict)
    for name, value in arguments.items():
        if name not in types:
            hint = HINTS.get(typed_dict, {}).get(name) or did_you_mean(name, types)
            hint = hint or f"expected one of {', '.join(types)}"
            raise UsageError(f"{verb}: there is no keyword {name!r}; {hint}")
        _check(f"{verb}: {name}", value, types[name])


def did_you_mean(value: object, words: Collection[str]) -> str:
    """A hint that names the closest word; empty if no word is close."""
    # Imported here because only an error needs it.
    from difflib import get_close_matches

    close = get_close_matches(value.lower(), words, 1) if isinstance(value, str) else []
    return f"did you mean {close[0]!r}?" if close else ""


@cache
def _types_in(typed_dict: type) -> dict[str, Any]:
    return get_type_hints(typed_dict)


def _check(place: str, value: object, expected: Any) -> None:
    if _fits(value, expected):
        if is_typeddict(expected) and isinstance(value, Mapping):
            check_keywords(place, value, expected)
        return
    if get_origin(expected) is Literal:
        check_word(place, value, get_args(expected))
    raise argument_error(place, _name_of(expected), value)


def _fits(value: object, expected: Any) -> bool:
    if expected is Any:
        return True
    if get_origin(expected) is Literal:
        return isinstance(value, str) and value in get_args(expected)
    if get_origin(expected) in (Union, UnionType):
        return any(_fits(value, each) for each in get_args(expected))
    if isinstance(value, bool) and expected in (int, float):
        return False
    return isinstance(value, _classes_and_name(expected)[0])


def _name_of(expected: Any) -> str:
    if get_origin(expected) in (Union, UnionType):
        return " or ".join(_name_of(each) for each in get_args(expected))
    return _classes_and_name(expected)[1]


def _classes_and_name(expected: Any) -> tuple[type | tuple[type, ...], str]:
    return _TYPES[Mapping if is_typeddict(expected) else get_origin(expected) or expected]
