"""Requests while the clock of a store doesn't run: which of them move a poll clock, and which are in vain.

A poll is a GET of one promotion, or of something that belongs to it. Its response shows the store before the
poll moves time.
"""

from __future__ import annotations

from typing import Final

from ep_mock.errors import ApiError
from ep_mock.operations.polls import record_poll, refuse_futile_poll
from ep_mock.web.request import BODILESS, Request
from ep_mock.web.response import Response

_COMPARED: Final = ("filter", "sort", "page[offset]", "page[limit]")
"""Parameters that make polls differ. Others, such as those that clients add against caches, don't."""

_LONGEST: Final = 500
_BAD_REQUEST: Final = 400


def respond_with_clock_stopped(request: Request) -> Response:
    """Call the handler, and record the request as a poll or as a write.

    Raises:
        ApiError: the handler refuses; 503, the same poll has come too often while nothing changed.
    """
    route, store = request.route, request.store
    if route.family is None:
        return route.handler(request)
    if request.method not in BODILESS:
        response = route.handler(request)
        if route.authorized:  # a login changes nothing, and some clients log in before each request
            store.writes += 1
        return response
    promotions = store.state.promotions[route.family]
    promotion = promotions.get(request.parameters[0]) if request.parameters else None
    if promotion is None or not store.unfinished_jobs(promotion):
        return route.handler(request)
    poll = _description(request)
    refuse_futile_poll(store, promotion, poll)
    try:
        response = route.handler(request)
    except ApiError as error:
        if error.status != _BAD_REQUEST:
            record_poll(store, promotion, poll, moves=_moves(request, error.status))
        raise
    record_poll(store, promotion, poll, moves=_moves(request, response.status))
    return response


def _description(request: Request) -> str:
    """Method, path and query; equal polls have equal descriptions."""
    query, text = request.query, f"GET {request.path.decode('latin-1')}"
    compared = "&".join(f"{name}={query[name]}" for name in _COMPARED if name in query)
    return (f"{text}?{compared}" if compared else text)[:_LONGEST]


def _moves(request: Request, status: int) -> bool:
    """Whether a poll with a response of this status moves a poll clock."""
    match request.route.name, status:
        case ("list_jobs", 200) | ("get_job_file", 422):
            return True
        case _:
            return request.store.settings.poll_moves == "any" and not request.arranges
