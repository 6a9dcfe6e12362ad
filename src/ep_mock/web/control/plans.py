"""Handlers of plans."""

from __future__ import annotations

from typing import Any

import msgspec

from ep_mock.domain import problems
from ep_mock.domain.plans import Plan
from ep_mock.errors import UsageError
from ep_mock.simulation.plans import ActivePlan
from ep_mock.web.control.parameters import refused
from ep_mock.web.request import Request
from ep_mock.web.response import Response, json_response


def create_plan(request: Request) -> Response:
    """POST /plans."""
    try:
        in_force = request.store.state.plans.add(msgspec.convert(request.validated_body(), Plan))
    except UsageError as error:
        raise refused(error) from None
    return json_response(201, _record(in_force))


def list_plans(request: Request) -> Response:
    """GET /plans."""
    return json_response(200, {"plans": [_record(each) for each in request.store.state.plans]})


def delete_plans(request: Request) -> Response:
    """DELETE /plans."""
    request.store.state.plans.withdraw_all()
    return Response(204)


def delete_plan(request: Request) -> Response:
    """DELETE /plans/{plan_id}."""
    if not request.store.state.plans.withdraw(request.parameters[0]):
        raise problems.not_found("no such plan is in force")
    return Response(204)


def _record(in_force: ActivePlan) -> dict[str, Any]:
    return {"id": in_force.id, "left": in_force.left, "plan": msgspec.to_builtins(in_force.plan)}
