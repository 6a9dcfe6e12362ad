"""Requests while the clock of a store stands still: which of them move a poll clock, and which are in vain.

A look is a GET for one promotion, or for something that belongs to it. Its answer shows the store as it was
before the look moves time.
"""

from __future__ import annotations

from typing import Final

from ep_mock.errors import ApiError
from ep_mock.simulation.stuck_polls import begin_poll, finish_poll
from ep_mock.web.request import Call
from ep_mock.web.response import Response

_SHOWN: Final = ("filter", "sort", "page[offset]", "page[limit]")
"""The parameters that make a difference. Others, such as those that clients add against caches, do not."""

_LONGEST: Final = 500
_BAD_REQUEST: Final = 400


def answer_while_time_stands(call: Call) -> Response:
    """What the handler of a call answers, and what comes of it.

    Raises:
        ApiError: it is refused; with 503 when the same request has come too often while nothing changed.
    """
    endpoint, store = call.endpoint, call.store
    if endpoint.family is None:
        return endpoint.handler(call)
    operation = endpoint.operation
    if operation is not None and operation.method != "GET":
        answer = endpoint.handler(call)
        if endpoint.authorized:
            # Logging in changes nothing, though somebody may do it before each request.
            store.writes += 1
        return answer
    promotions = store.content.promotions[endpoint.family.name]
    promotion = promotions.get(call.parameters[0]) if call.parameters else None
    if promotion is None or not store.unfinished_jobs(promotion):
        return endpoint.handler(call)
    request = _question(call)
    begin_poll(store, promotion, request)
    try:
        answer = endpoint.handler(call)
    except ApiError as error:
        if error.status != _BAD_REQUEST:
            finish_poll(store, promotion, request, moves=_moves(call, error.status))
        raise
    finish_poll(store, promotion, request, moves=_moves(call, answer.status))
    return answer


def _question(call: Call) -> str:
    """What is asked; equal requests are equal texts."""
    query = call.query
    asked = "&".join(f"{name}={query[name]}" for name in _SHOWN if name in query) if query else ""
    path = call.url.removeprefix(call.base_url)
    return f"GET {path}?{asked}"[:_LONGEST] if asked else f"GET {path}"[:_LONGEST]


def _moves(call: Call, status: int) -> bool:
    """Whether a request that is answered with this status moves a poll clock."""
    match call.endpoint.name, status:
        case ("list_jobs", 200) | ("get_job_file", 422):
            return True
        case _:
            return call.store.settings.poll_moves == "any" and not call.arranges
