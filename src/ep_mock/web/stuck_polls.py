"""Requests while the clock of a store stands still: which of them move a poll clock, and which are in vain.

A look is a GET for one promotion, or for something that belongs to it. Its answer shows the store as it was
before the look moves time.
"""

from __future__ import annotations

from typing import Final

from ep_mock.errors import ApiError
from ep_mock.operations.polls import record_poll, refuse_futile_poll
from ep_mock.web.request import Request
from ep_mock.web.response import Response

_SHOWN: Final = ("filter", "sort", "page[offset]", "page[limit]")
"""The parameters that make a difference. Others, such as those that clients add against caches, do not."""

_LONGEST: Final = 500
_BAD_REQUEST: Final = 400


def respond_with_clock_stopped(request: Request) -> Response:
    """What the handler of a call answers, and what comes of it.

    Raises:
        ApiError: it is refused; with 503 when the same request has come too often while nothing changed.
    """
    route, store = request.route, request.store
    if route.family is None:
        return route.handler(request)
    operation = route.operation
    if operation is not None and operation.method != "GET":
        answer = route.handler(request)
        if route.authorized:
            # Logging in changes nothing, though somebody may do it before each request.
            store.writes += 1
        return answer
    promotions = store.state.promotions[route.family]
    promotion = promotions.get(request.parameters[0]) if request.parameters else None
    if promotion is None or not store.unfinished_jobs(promotion):
        return route.handler(request)
    question = _question(request)
    refuse_futile_poll(store, promotion, question)
    try:
        answer = route.handler(request)
    except ApiError as error:
        if error.status != _BAD_REQUEST:
            record_poll(store, promotion, question, moves=_moves(request, error.status))
        raise
    record_poll(store, promotion, question, moves=_moves(request, answer.status))
    return answer


def _question(request: Request) -> str:
    """What is asked; equal requests are equal texts."""
    query = request.query
    asked = "&".join(f"{name}={query[name]}" for name in _SHOWN if name in query) if query else ""
    path = request.url.removeprefix(request.base_url)
    return f"GET {path}?{asked}"[:_LONGEST] if asked else f"GET {path}"[:_LONGEST]


def _moves(request: Request, status: int) -> bool:
    """Whether a request that is answered with this status moves a poll clock."""
    match request.route.name, status:
        case ("list_jobs", 200) | ("get_job_file", 422):
            return True
        case _:
            return request.store.settings.poll_moves == "any" and not request.arranges
