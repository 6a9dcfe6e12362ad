"""The routes of the control plane: each operation of its document, with its handler."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ep_mock.contract.documents import load_document
from ep_mock.errors import UsageError
from ep_mock.web.control import clock, faults, jobs, plans, requests, server, stores, worker
from ep_mock.web.control.parameters import bad_usage
from ep_mock.web.request import Handler, Request, Route
from ep_mock.web.response import Response
from ep_mock.web.routes import RouteTable

_WITHOUT_STORE: Final[Mapping[str, Handler]] = {
    "get_health": server.get_health,
    "list_stores": server.list_stores,
    "delete_store": server.delete_store,
    "get_documents": server.get_documents,
    "get_document": server.get_document,
    "get_docs": server.get_docs,
    # It takes the lock itself, as it works also where the store cannot be used.
    "reset_store": stores.reset_store,
}

_WITH_STORE: Final[Mapping[str, Handler]] = {
    "get_clock": clock.get_clock,
    "set_clock": clock.set_clock,
    "advance_clock": clock.advance_clock,
    "get_worker": worker.get_worker,
    "pause_worker": worker.pause_worker,
    "resume_worker": worker.resume_worker,
    "step_worker": worker.step_worker,
    "list_all_jobs": jobs.list_all_jobs,
    "get_job_history": jobs.get_job_history,
    "wait_for_job": jobs.wait_for_job,
    "create_plan": plans.create_plan,
    "list_plans": plans.list_plans,
    "delete_plans": plans.delete_plans,
    "delete_plan": plans.delete_plan,
    "create_fault": faults.create_fault,
    "list_faults": faults.list_faults,
    "delete_faults": faults.delete_faults,
    "delete_fault": faults.delete_fault,
    "list_requests": requests.list_requests,
    "delete_requests": requests.delete_requests,
    "find_requests": requests.find_requests,
    "count_requests": requests.count_requests,
    "wait_for_requests": requests.wait_for_requests,
    "get_settings": stores.get_settings,
    "change_settings": stores.change_settings,
    "load_fixture": stores.load_fixture,
    "get_snapshot": stores.get_snapshot,
    "restore_snapshot": stores.restore_snapshot,
    "record_usage": stores.record_usage,
}

HANDLERS: Final[Mapping[str, Handler]] = {**_WITHOUT_STORE, **_WITH_STORE}
"""All handlers, by the id of their operation."""


def control_routes() -> RouteTable[Route]:
    """All routes of the control plane.

    Raises:
        UsageError: an operation of the document has no handler.
    """
    routes: RouteTable[Route] = RouteTable()
    for operation in load_document("control").operations:
        name = operation.operation_id
        if name not in HANDLERS:
            raise UsageError(f"{operation!r} of the document control has no handler")
        route = Route(
            _refusing_bad_usage(HANDLERS[name]),
            operation=operation,
            uses_store=name in _WITH_STORE,
            replaces_store=name == "restore_snapshot",
        )
        routes.add(operation.method, operation.path, route)
    return routes


def _refusing_bad_usage(handler: Handler) -> Handler:
    """The handler, with a `UsageError` as 400: what the call asks for cannot be done."""

    def handle(request: Request) -> Response:
        try:
            return handler(request)
        except UsageError as error:
            raise bad_usage(error) from None

    return handle
