"""The query of a control call: as strict as its bodies, so that a typing mistake does not pass unseen."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl

from ep_mock.domain import problems
from ep_mock.errors import ApiError, UsageError


def check_query(query: bytes, names: Sequence[str]) -> None:
    """Hold a query against the names that its call takes, each at most once.

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
            raise problems.bad_request(f"{shown}: this parameter is there twice", shown)
        seen.add(name)


def chosen(query: Mapping[str, str], name: str, words: Sequence[str]) -> frozenset[str]:
    """The words of a parameter, with commas between them; empty when it is not there.

    Raises:
        ApiError: 400, one is none of `words`.
    """
    wanted = frozenset(query[name].split(",")) if name in query else frozenset()
    if not wanted <= set(words):
        raise problems.bad_request(
            f"{name}: expected some of {', '.join(words)}, got {query[name][:60]!r}", name
        )
    return wanted


def whole_number(query: Mapping[str, str], name: str, default: int, *, most: int) -> int:
    """The number of a parameter, from 1 to `most`.

    Raises:
        ApiError: 400, it is no such number.
    """
    text = query.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 20 and 1 <= int(text) <= most):
        raise problems.bad_request(
            f"{name}: expected a whole number from 1 to {most}, got {text[:60]!r}", name
        )
    return int(text)


def refused(error: UsageError) -> ApiError:
    """400: what was asked for cannot be done. Where the message begins with the name of a property, that is
    the source.
    """
    source, colon, detail = str(error).partition(": ")
    if colon and re.fullmatch(r"[a-z_]+(\.[a-z_]+)*", source):
        return problems.bad_request(detail, source)
    return problems.bad_request(str(error))
