"""Handlers of plans."""

from __future__ import annotations

from ep_mock.domain import problems
from ep_mock.domain.plans import Plan
from ep_mock.web.control.parameters import convert_body
from ep_mock.web.control.views import plan_view
from ep_mock.web.request import Request
from ep_mock.web.response import Response, json_response


def create_plan(request: Request) -> Response:
    """POST /plans."""
    plan = convert_body(request.validated_body(), Plan)
    return json_response(201, plan_view(request.store.state.plans.add(plan)))


def list_plans(request: Request) -> Response:
    """GET /plans."""
    return json_response(200, {"plans": [plan_view(each) for each in request.store.state.plans]})


def delete_plans(request: Request) -> Response:
    """DELETE /plans."""
    request.store.state.plans.withdraw_all()
    return Response(204)


def delete_plan(request: Request) -> Response:
    """DELETE /plans/{plan_id}."""
    if not request.store.state.plans.withdraw(request.parameters[0]):
        raise problems.not_found(f"there is no active plan {request.parameters[0]!r}")
    return Response(204)
