"""What all lists have in common."""

from __future__ import annotations

from collections.abc import Callable

from ep_mock.domain.paging import Page
from ep_mock.operations.listing import Listing
from ep_mock.web.answers import Answer, list_answer
from ep_mock.web.calls import Call

_KEPT = ("filter", "sort")
"""Parameters that the links of a list repeat."""


def answer_list(call: Call, look_up: Callable[[Page], Listing]) -> Answer:
    """The page that the request asks for, with links that keep its filter and its sorting."""
    page, query = call.page, call.query
    extra = tuple((name, query[name]) for name in _KEPT if name in query) if query else ()
    return list_answer(look_up(page), page, call.url, extra)
