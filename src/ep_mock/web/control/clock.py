"""Handlers of a store's clock."""

from __future__ import annotations

from ep_mock.clock import LATEST
from ep_mock.domain import problems
from ep_mock.domain.dates import format_nanos, parse_date
from ep_mock.simulation.store import Store
from ep_mock.timings import SECOND
from ep_mock.web.control.views import advanced_view, clock_view
from ep_mock.web.request import Request
from ep_mock.web.response import Response, json_response


def get_clock(request: Request) -> Response:
    """GET /clock."""
    return json_response(200, clock_view(request.store))


def set_clock(request: Request) -> Response:
    """PUT /clock."""
    store, body = request.store, request.validated_body()
    moment = _moment(body["now"], "now", store) if "now" in body else None
    store.switch_clock(body.get("mode", store.clock.mode), body.get("scale", store.clock.scale))
    if moment is not None:
        store.advance_to(moment)
    return json_response(200, clock_view(store))


def advance_clock(request: Request) -> Response:
    """POST /clock/advance."""
    store, body = request.store, request.validated_body()
    before = store.now
    if "to" in body:
        transitions = store.advance_to(_moment(body["to"], "to", store))
    elif "seconds" in body:
        transitions = store.advance_to(before + round(body["seconds"] * SECOND))
    elif "idle" in body:
        transitions = store.advance_until_idle()
    else:
        transitions = store.advance_to_next()
    return json_response(200, advanced_view(store, before, transitions))


def _moment(text: str, source: str, store: Store) -> int:
    try:
        moment = parse_date(text)
    except ValueError as error:
        raise problems.bad_request(str(error), source) from None
    if moment < store.now:
        raise problems.bad_request(f"time cannot run backwards; it is {format_nanos(store.now)}", source)
    if moment > LATEST:
        raise problems.bad_request("expected a time before the year 9892", source)
    return moment
