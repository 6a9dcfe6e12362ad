"""Handlers of the control plane: faults."""

from __future__ import annotations

import msgspec

from ep_mock.domain import problems
from ep_mock.errors import UsageError
from ep_mock.traffic.faults import Fault
from ep_mock.web.control.parameters import refused
from ep_mock.web.request import Request
from ep_mock.web.response import Response, json_response


def create_fault(request: Request) -> Response:
    """POST /faults."""
    try:
        added = request.store.traffic.faults.add(msgspec.convert(request.validated_body(), Fault))
    except UsageError as error:
        raise refused(error) from None
    except msgspec.ValidationError as error:
        raise problems.bad_request(str(error)) from None
    return json_response(201, added.document())


def list_faults(request: Request) -> Response:
    """GET /faults."""
    return json_response(200, {"faults": [each.document() for each in request.store.traffic.faults.all()]})


def delete_faults(request: Request) -> Response:
    """DELETE /faults."""
    request.store.traffic.faults.clear()
    return Response(204)


def delete_fault(request: Request) -> Response:
    """DELETE /faults/{fault_id}."""
    if not request.store.traffic.faults.remove(request.parameters[0]):
        raise problems.not_found(f"there is no fault {request.parameters[0]!r}")
    return Response(204)
