"""The query and the body of a control call. Both are strict, so that no typing mistake passes unseen."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import msgspec

from ep_mock.domain import problems
from ep_mock.errors import ApiError, UsageError

_Record = TypeVar("_Record")


def check_query(query: bytes, names: Sequence[str]) -> None:
    """Check that a query has only parameters that its call takes, each at most once.

    Raises:
        ApiError: 400, it has another, or one of them twice.
    """
    seen = set()
    for name, _ in parse_qsl(query.decode(errors="replace"), keep_blank_values=True):
        shown = name[:60]
        if name not in names:
            expected = f"expected some of {', '.join(names)}" if names else "this call takes none"
            raise problems.bad_request(f"unknown parameter {shown!r}; {expected}", shown)
        if name in seen:
            raise problems.bad_request(f"{shown}: this parameter is given twice", shown)
        seen.add(name)


def choices(query: Mapping[str, str], name: str, words: Sequence[str]) -> frozenset[str]:
    """The words of a parameter, which has commas between them; empty without the parameter.

    Raises:
        ApiError: 400, one is none of `words`.
    """
    requested = frozenset(query[name].split(",")) if name in query else frozenset()
    if not requested <= set(words):
        raise problems.bad_request(
            f"{name}: expected some of {', '.join(words)}, got {query[name][:60]!r}", name
        )
    return requested


def whole_number(query: Mapping[str, str], name: str, *, least: int, most: int) -> int | None:
    """The number of a parameter; None without the parameter.

    Raises:
        ApiError: 400, it is no number from `least` to `most`.
    """
    text = query.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 20 and least <= int(text) <= most):
        raise problems.bad_request(
            f"{name}: expected a whole number from {least} to {most}, got {text[:60]!r}", name
        )
    return int(text)


def convert_body(body: dict[str, Any], kind: type[_Record]) -> _Record:
    """A body, already validated against its contract, as a record.

    Raises:
        ApiError: 400, the record cannot have such a value.
    """
    try:
        return msgspec.convert(body, kind)
    except msgspec.ValidationError as error:
        raise problems.bad_request(str(error)) from None


def bad_usage(error: UsageError) -> ApiError:
    """400 with the message of the error. Where the message begins with the name of a property, that is the
    source.
    """
    source, colon, detail = str(error).partition(": ")
    if colon and re.fullmatch(r"[a-z_]+(\.[a-z_]+)*", source):
        return problems.bad_request(detail, source)
    return problems.bad_request(str(error))
