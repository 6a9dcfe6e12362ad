"""One page of a list, already encoded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from ep_mock.domain.filters import Attribute, CompiledFilter, compile_filter
from ep_mock.domain.paging import Page
from ep_mock.settings import Settings


class Listed(Protocol):
    """A record that lists print."""

    def listed(self) -> bytes:
        """The record as JSON."""
        ...


class Listing(NamedTuple):
    """The records of one page as JSON, and the number of records of the whole list."""

    items: list[bytes]
    total: int


def read_filter(
    settings: Settings, text: str | None, attributes: Mapping[str, Attribute]
) -> CompiledFilter | None:
    """The filter of a request to a list with these attributes, None if it excludes nothing.

    Raises:
        ApiError: 400, the filter is not valid.
    """
    if text is None:
        return None
    compiled = compile_filter(text, attributes, ignore_foreign=settings.foreign_filters == "ignore")
    return compiled if compiled.conditions else None


def list_newest_first(records: Sequence[Listed], page: Page, condition: CompiledFilter | None) -> Listing:
    """A page of records that are stored oldest first. Without a filter, its cost is that of the page."""
    if condition is not None:
        records = [record for record in records if condition.matches(record)]
    total = len(records)
    last = total - page.offset
    chosen = records[max(0, last - page.limit) : max(0, last)]
    return Listing([record.listed() for record in reversed(chosen)], total)
