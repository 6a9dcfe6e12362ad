"""Handlers of a store's clock."""

from __future__ import annotations

from typing import Any

from ep_mock.clock import LATEST
from ep_mock.domain import problems
from ep_mock.domain.dates import format_nanos, parse_date
from ep_mock.errors import UsageError
from ep_mock.simulation.state import JobTransition
from ep_mock.simulation.store import Store
from ep_mock.timings import SECOND
from ep_mock.web.control.parameters import refused
from ep_mock.web.request import Request
from ep_mock.web.response import Response, json_response


def get_clock(request: Request) -> Response:
    """GET /clock."""
    return json_response(200, clock_record(request.store))


def set_clock(request: Request) -> Response:
    """PUT /clock."""
    store, wanted = request.store, request.validated_body()
    moment = _moment(wanted["now"], "now", store) if "now" in wanted else None
    try:
        store.switch_clock(wanted.get("mode", store.clock.mode), wanted.get("scale", store.clock.scale))
        if moment is not None:
            store.advance_to(moment)
    except UsageError as error:
        raise refused(error) from None
    return json_response(200, clock_record(store))


def advance_clock(request: Request) -> Response:
    """POST /clock/advance."""
    store, wanted = request.store, request.validated_body()
    before = store.now
    try:
        if "to" in wanted:
            transitions = store.advance_to(_moment(wanted["to"], "to", store))
        elif "seconds" in wanted:
            transitions = store.advance_to(before + round(wanted["seconds"] * SECOND))
        elif "idle" in wanted:
            transitions = store.advance_until_idle()
        else:
            transitions = store.advance_to_next()
    except UsageError as error:
        raise refused(error) from None
    return json_response(200, advanced_record(store, before, transitions))


def clock_record(store: Store) -> dict[str, Any]:
    """`{mode, now, scale}`."""
    return {"mode": store.clock.mode, "now": format_nanos(store.now), "scale": store.clock.scale}


def advanced_record(store: Store, before: int, transitions: list[JobTransition]) -> dict[str, Any]:
    """`{advanced, now, transitions}`, after time has moved from `before`."""
    return {
        "advanced": (store.now - before) / SECOND,
        "now": format_nanos(store.now),
        "transitions": [transition.document() for transition in transitions],
    }


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
