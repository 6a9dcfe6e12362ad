"""Comparing an answer with a published one: wholes, key order and types included.

What differs from run to run is written as a pattern, a string in angle brackets:

    <uuid> <nanos> <millis> <epoch> <email> <token> <text>    a value of that form
    <promotion>                                               the id of the promotion that the example is
    about <url ?page[offset]=0&page[limit]=25>                      the address of the request with this query
    <signed url>                                              the address of an exported file
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

ABSENT: Final = "(absent)"

_ID: Final = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
_TEXTS: Final[Mapping[str, str]] = {
    "<uuid>": _ID,
    "<nanos>": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z",
    "<millis>": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z",
    "<email>": r"[^@ ]+@[^@ ]+",
    "<token>": r"[!-~]{20,}",
    "<text>": r".+",
    # Only host and folders are the server's own: the name, and the names in the query, are published.
    "<signed url>": rf"https?://[^?]*/{_ID}_\d{{8}}_\d{{6}}_codes\.csv\?Expires=\d{{10}}&Signature=[^&]+&Key-Pair-Id=K[0-9A-Z]{{13}}",
}


class Mismatch(NamedTuple):
    """Where an answer is not as published, what is published there, and what was answered."""

    place: str
    published: Any
    answered: Any


def mismatches(
    published: Any, answered: Any, *, promotion: str | None, url: str, place: str = "body"
) -> Iterator[Mismatch]:
    """All places at which an answer differs. `promotion` and `url` are what the patterns of these names stand
    for.
    """
    if isinstance(published, dict) and isinstance(answered, dict):
        shared = [key for key in published if key in answered]
        if shared != [key for key in answered if key in published]:
            yield Mismatch(f"{place} (order)", list(published), list(answered))
        for key in [*published, *(key for key in answered if key not in published)]:
            where = f"{place}.{key}"
            if key not in answered:
                yield Mismatch(where, published[key], ABSENT)
            elif key not in published:
                yield Mismatch(where, ABSENT, answered[key])
            else:
                yield from mismatches(
                    published[key], answered[key], promotion=promotion, url=url, place=where
                )
    elif isinstance(published, list) and isinstance(answered, list) and len(published) == len(answered):
        for index, (expected, found) in enumerate(zip(published, answered, strict=True)):
            yield from mismatches(expected, found, promotion=promotion, url=url, place=f"{place}.{index}")
    elif not _fits(published, answered, promotion, url):
        yield Mismatch(place, published, answered)


def _fits(published: Any, answered: Any, promotion: str | None, url: str) -> bool:
    if published == "<epoch>":
        return type(answered) is int
    if isinstance(published, str) and published.startswith("<"):
        if published == "<promotion>":
            return bool(answered == promotion)
        if published.startswith("<url "):
            return bool(answered == url + published[len("<url ") : -1])
        return isinstance(answered, str) and re.fullmatch(_TEXTS[published], answered) is not None
    return type(published) is type(answered) and bool(published == answered)
