"""Handlers of plans, and the plan that a request brings along for its own job."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from ep_mock.contract.documents import load_document
from ep_mock.contract.validation import validate_body
from ep_mock.domain import problems
from ep_mock.domain.plans import Plan, check_plan
from ep_mock.errors import ApiError, UsageError
from ep_mock.simulation.plan import add_plan, withdraw_all_plans, withdraw_plan
from ep_mock.simulation.state import PlanInForce
from ep_mock.web.answers import Answer, json_answer
from ep_mock.web.calls import Call
from ep_mock.web.refusals import refused
from ep_mock.web.safety import PLAN_HEADER

_SOURCE: Final = "X-EP-Mock-Plan"
_SELECTING: Final = ("family", "promotion_id", "job_type", "name", "times")


def create_plan(call: Call) -> Answer:
    """POST /plans."""
    try:
        in_force = add_plan(call.store.content, msgspec.convert(call.validated_body(), Plan))
    except UsageError as error:
        raise refused(error) from None
    return json_answer(201, _record(in_force))


def list_plans(call: Call) -> Answer:
    """GET /plans."""
    return json_answer(200, {"plans": [_record(each) for each in call.store.content.plans]})


def delete_plans(call: Call) -> Answer:
    """DELETE /plans."""
    withdraw_all_plans(call.store.content)
    return Answer(204)


def delete_plan(call: Call) -> Answer:
    """DELETE /plans/{plan_id}."""
    if not withdraw_plan(call.store.content, call.parameters[0]):
        raise problems.not_found("no such plan is in force")
    return Answer(204)


def plan_in_header(call: Call) -> Plan | None:
    """The plan that came with the request, None where there is none or the control plane is off.

    Raises:
        ApiError: 400, it cannot be used.
    """
    raw = call.headers.get(PLAN_HEADER)
    if raw is None or not call.store.settings.control:
        return None
    try:
        wanted = validate_body(load_document("control").operation("create_plan"), raw)
        if selecting := [name for name in _SELECTING if name in wanted]:
            raise UsageError(f"{selecting[0]}: a plan in a header is for the job that comes with it; leave this out")
        plan = msgspec.convert(wanted, Plan)
        check_plan(plan)
    except UsageError as error:
        raise problems.bad_request(str(error), _SOURCE) from None
    except ApiError as error:
        raise ApiError(400, [{**item, "source": _SOURCE, "detail": _placed(item)} for item in error.errors]) from None
    return plan


def _placed(item: dict[str, Any]) -> str:
    detail: str = item["detail"].replace("The request body", "The plan")
    return f"{item['source']}: {detail}" if "source" in item else detail


def _record(in_force: PlanInForce) -> dict[str, Any]:
    return {"id": in_force.id, "left": in_force.left, "plan": msgspec.to_builtins(in_force.plan)}
