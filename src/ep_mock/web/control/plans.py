"""Handlers of plans."""

from __future__ import annotations

from typing import Any

import msgspec

from ep_mock.domain import problems
from ep_mock.domain.plans import Plan
from ep_mock.errors import UsageError
from ep_mock.simulation.plan import add_plan, withdraw_all_plans, withdraw_plan
from ep_mock.simulation.state import ActivePlan
from ep_mock.web.control.parameters import refused
from ep_mock.web.request import Request
from ep_mock.web.response import Response, json_response


def create_plan(request: Request) -> Response:
    """POST /plans."""
    try:
        in_force = add_plan(request.store.state, msgspec.convert(request.validated_body(), Plan))
    except UsageError as error:
        raise refused(error) from None
    return json_response(201, _record(in_force))


def list_plans(request: Request) -> Response:
    """GET /plans."""
    return json_response(200, {"plans": [_record(each) for each in request.store.state.plans]})


def delete_plans(request: Request) -> Response:
    """DELETE /plans."""
    withdraw_all_plans(request.store.state)
    return Response(204)


def delete_plan(request: Request) -> Response:
    """DELETE /plans/{plan_id}."""
    if not withdraw_plan(request.store.state, request.parameters[0]):
        raise problems.not_found("no such plan is in force")
    return Response(204)


def _record(in_force: ActivePlan) -> dict[str, Any]:
    return {"id": in_force.id, "left": in_force.left, "plan": msgspec.to_builtins(in_force.plan)}
