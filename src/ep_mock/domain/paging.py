"""Pages of a list: the records that a request asks for, and the `links` and `meta` that describe them.

Published: 25 records per page by default and at most 100, an offset in records from 0 to 10,000, links with
unencoded brackets, and `prev` and `next` that stay on the first and the last page instead of vanishing. Our
choice: other values get a 400, and links keep filter and sort.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeVar
from urllib.parse import quote

import msgspec

from ep_mock.errors import ApiError

DEFAULT_LIMIT: Final = 25
MAXIMUM_LIMIT: Final = 100
MAXIMUM_OFFSET: Final = 10_000

_Record = TypeVar("_Record")

# Characters that need no escape in a query: RFC 3986, without those that some parsers interpret ("&", "+",
# ";", in names "=").
_VALUE_SAFE: Final = "!$'()*,:@/?="
_NAME_SAFE: Final = "!$'()*,:@/?"
_SHOWN: Final = 60


class Page(msgspec.Struct, frozen=True):
    """At most `limit` records from the zero-based `offset`. `limit` is at least 1."""

    offset: int
    limit: int

    def slice(self, records: Sequence[_Record]) -> Sequence[_Record]:
        """The records of this page; none past the end."""
        return records[self.offset : self.offset + self.limit]


FIRST_PAGE: Final = Page(0, DEFAULT_LIMIT)


def read_page(offset: str | None, limit: str | None) -> Page:
    """The page for the decoded values of `page[offset]` and `page[limit]`, None if not sent.

    A limit of 0 means the default.

    Raises:
        ApiError: 400 with one item for each value that is not a number in plain digits within its bounds.
    """
    if offset is None and limit is None:
        return FIRST_PAGE
    problems: list[dict[str, Any]] = []
    first = _whole_number("page[offset]", offset, MAXIMUM_OFFSET, problems)
    count = _whole_number("page[limit]", limit, MAXIMUM_LIMIT, problems)
    if problems:
        raise ApiError(400, problems)
    return Page(first, count or DEFAULT_LIMIT)


def links(path_url: str, page: Page, total: int, extra: Sequence[tuple[str, str]] = ()) -> dict[str, str]:
    """The URLs `current`, `first`, `last`, `prev` and `next` of a list of `total` records, in that order.

    `path_url` is the list's URL up to the query. Every link contains the pairs in `extra`, such as filter and
    sort, encoded so that a parser of form queries reads the same pairs. `last` starts at a multiple of the
    limit; `prev` and `next` stay between the first page and the last. Links can exceed the maximum offset.
    """
    limit = page.limit
    before = f"{path_url}?page[offset]="
    after = f"&page[limit]={limit}"
    for name, value in extra:
        after += f"&{quote(name, _NAME_SAFE, errors='replace')}={quote(value, _VALUE_SAFE, errors='replace')}"
    first = f"{before}0{after}"
    offset = page.offset
    if offset == 0 and total <= limit:
        return {"current": first, "first": first, "last": first, "prev": first, "next": first}
    last = (total - 1) // limit * limit if total else 0
    return {
        "current": f"{before}{offset}{after}",
        "first": first,
        "last": f"{before}{last}{after}",
        "prev": f"{before}{min(max(offset - limit, 0), last)}{after}",
        "next": f"{before}{min(offset + limit, last)}{after}",
    }


def meta(page: Page, total: int) -> dict[str, dict[str, int]]:
    """`{"page": {limit, offset, current, total}, "results": {"total": total}}`.

    `current` is the number of the page, from 1, also past the end. The page's `total` is the number of pages,
    at least 1. The results' `total` is the number of records.
    """
    limit = page.limit
    return {
        "page": {
            "limit": limit,
            "offset": page.offset,
            "current": page.offset // limit + 1,
            "total": (total - 1) // limit + 1 if total else 1,
        },
        "results": {"total": total},
    }


def _whole_number(source: str, text: str | None, maximum: int, problems: list[dict[str, Any]]) -> int:
    if text is None:
        return 0
    if text.isascii() and text.isdigit():
        # int() raises an error of its own for thousands of digits.
        digits = text.lstrip("0") or "0"
        if len(digits) <= len(str(maximum)) and int(digits) <= maximum:
            return int(digits)
        title = "number_lte"
    else:
        title = "invalid_type"
    sent = repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "…")
    detail = f"{source} must be a whole number from 0 to {maximum}, given: {sent}"
    problems.append({"status": 400, "source": source, "title": title, "detail": detail})
    return 0
