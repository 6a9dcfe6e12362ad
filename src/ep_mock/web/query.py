"""The query of a control call: as strict as its bodies, so that a typing mistake does not pass unseen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ep_mock.domain import problems
from ep_mock.web.calls import Call


def strict_query(call: Call, *names: str) -> Mapping[str, str]:
    """The query, which may have these names only.

    Raises:
        ApiError: 400, it has another.
    """
    for name in call.query:
        if name not in names:
            raise problems.bad_request(f"unknown parameter {name[:60]!r}; expected some of {', '.join(names)}", name[:60])
    return call.query


def chosen(query: Mapping[str, str], name: str, words: Sequence[str]) -> frozenset[str]:
    """The words of a parameter, with commas between them; empty when it is not there.

    Raises:
        ApiError: 400, one is none of `words`.
    """
    wanted = frozenset(query[name].split(",")) if name in query else frozenset()
    if not wanted <= set(words):
        raise problems.bad_request(f"{name}: expected some of {', '.join(words)}, got {query[name][:60]!r}", name)
    return wanted


def whole_number(query: Mapping[str, str], name: str, default: int, *, most: int) -> int:
    """The number of a parameter, from 1 to `most`.

    Raises:
        ApiError: 400, it is no such number.
    """
    text = query.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 20 and 1 <= int(text) <= most):
        raise problems.bad_request(f"{name}: expected a whole number from 1 to {most}, got {text[:60]!r}", name)
    return int(text)
