"""What a caller gives to a verb, checked before anything is sent: a mistake is one sentence that says what to
write.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from math import isfinite
from types import NoneType, UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints, is_typeddict

from ep_mock.errors import UsageError

_LONGEST: Final = 80
_KINDS: Final[Mapping[object, tuple[type | tuple[type, ...], str]]] = {
    str: (str, "text"),
    bool: (bool, "True or False"),
    int: (int, "a whole number"),
    float: ((int, float), "a number"),
    NoneType: (NoneType, "None"),
    Mapping: (Mapping, "a mapping"),
    Sequence: ((list, tuple), "a list"),
}


def wrong(place: str, expected: str, given: object, hint: str = "") -> UsageError:
    """The error for an argument that cannot be meant; `hint` is what to write instead."""
    text = repr(given)
    shown = text if len(text) <= _LONGEST else f"an object of the type {type(given).__name__}"
    if not hint and isinstance(getattr(given, "id", None), str):
        hint = "write its id"
    return UsageError(f"{place}: expected {expected}, got {shown}{f'; {hint}' if hint else ''}")


def check_word(place: str, given: object, words: Collection[str], hint: str = "") -> None:
    """
    Raises:
        UsageError: it is none of the words.
    """
    if not isinstance(given, str) or given not in words:
        raise wrong(place, f"one of {', '.join(words)}", given, did_you_mean(given, words) or hint)


def check_seconds(place: str, given: object) -> None:
    """
    Raises:
        UsageError: it is no number of seconds.
    """
    if isinstance(given, bool) or not isinstance(given, int | float) or not isfinite(given) or given < 0:
        raise wrong(place, "a number of seconds", given)


def check_count(place: str, given: object) -> None:
    """
    Raises:
        UsageError: it is no whole number above 0.
    """
    if isinstance(given, bool) or not isinstance(given, int) or given < 1:
        raise wrong(place, "a whole number above 0", given)


def check_keywords(
    verb: str, given: Mapping[str, Any], typed: type, instead: Mapping[str, str] | None = None
) -> None:
    """Check the keywords of a verb.

    Args:
        typed: a TypedDict that says which there are.
        instead: what to write for names that people take for keywords.

    Raises:
        UsageError: there is no such keyword, or its value is of another kind.
    """
    kinds = _kinds_of(typed)
    for name, value in given.items():
        if name not in kinds:
            hint = (instead or {}).get(name) or did_you_mean(name, kinds) or f"there are {', '.join(kinds)}"
            raise UsageError(f"{verb}: there is no keyword {name!r}; {hint}")
        _check(f"{verb}: {name}", value, kinds[name])


def did_you_mean(given: object, words: Collection[str]) -> str:
    """The word that was meant, as a hint; empty when none comes near."""
    # Imported when needed: only who errs pays for it.
    from difflib import get_close_matches

    close = get_close_matches(given.lower(), words, 1) if isinstance(given, str) else []
    return f"did you mean {close[0]!r}?" if close else ""


@cache
def _kinds_of(typed: type) -> dict[str, Any]:
    return get_type_hints(typed)


def _check(place: str, value: object, kind: Any) -> None:
    if _fits(value, kind):
        if is_typeddict(kind) and isinstance(value, Mapping):
            check_keywords(place, value, kind)
        return
    if get_origin(kind) is Literal:
        check_word(place, value, get_args(kind))
    raise wrong(place, _expected(kind), value)


def _fits(value: object, kind: Any) -> bool:
    if kind is Any:
        return True
    if get_origin(kind) is Literal:
        return isinstance(value, str) and value in get_args(kind)
    if get_origin(kind) in (Union, UnionType):
        return any(_fits(value, each) for each in get_args(kind))
    if isinstance(value, bool) and kind in (int, float):
        return False
    return isinstance(value, _described(kind)[0])


def _expected(kind: Any) -> str:
    if get_origin(kind) in (Union, UnionType):
        return " or ".join(_expected(each) for each in get_args(kind))
    return _described(kind)[1]


def _described(kind: Any) -> tuple[type | tuple[type, ...], str]:
    """The classes that a kind stands for, and its name."""
    return _KINDS[Mapping if is_typeddict(kind) else get_origin(kind) or kind]
