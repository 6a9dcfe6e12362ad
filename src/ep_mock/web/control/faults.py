"""Handlers of faults."""

from __future__ import annotations

from ep_mock.domain import problems
from ep_mock.traffic.faults import Fault
from ep_mock.web.control.parameters import convert_body
from ep_mock.web.control.views import fault_view
from ep_mock.web.request import Request
from ep_mock.web.response import Response, json_response


def create_fault(request: Request) -> Response:
    """POST /faults."""
    fault = convert_body(request.validated_body(), Fault)
    return json_response(201, fault_view(request.store.traffic.faults.add(fault)))


def list_faults(request: Request) -> Response:
    """GET /faults."""
    return json_response(200, {"faults": [fault_view(each) for each in request.store.traffic.faults.all()]})


def delete_faults(request: Request) -> Response:
    """DELETE /faults."""
    request.store.traffic.faults.clear()
    return Response(204)


def delete_fault(request: Request) -> Response:
    """DELETE /faults/{fault_id}."""
    if not request.store.traffic.faults.remove(request.parameters[0]):
        raise problems.not_found(f"there is no fault {request.parameters[0]!r}")
    return Response(204)
