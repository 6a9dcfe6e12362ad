"""Handlers of the server as a whole: its health, its stores, and its documents."""

from __future__ import annotations

import logging
from typing import Final

import msgspec

from ep_mock import __version__
from ep_mock.contract.documents import load_document
from ep_mock.control_messages import FailedStore, StoreReading, Stores
from ep_mock.domain import problems
from ep_mock.web.control.docs_page import docs_page
from ep_mock.web.control.views import store_view
from ep_mock.web.request import Request
from ep_mock.web.response import Response, json_response

DOCUMENTS: Final = ("standard", "rule", "control")

_log = logging.getLogger("ep_mock")
_HTML: Final = (
    (b"content-type", b"text/html; charset=utf-8"),
    (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'"),
)


def get_health(request: Request) -> Response:
    """GET /health."""
    uptime = round(request.stores.uptime, 3)
    return json_response(200, {"status": "ok", "version": __version__, "uptime_seconds": uptime})


def list_stores(request: Request) -> Response:
    """GET /stores."""
    readings: list[StoreReading] = []
    failed: list[FailedStore] = []
    for name in request.stores.names():
        slot = request.stores.find(name)
        if slot is None:
            continue
        try:
            with slot.lock:
                slot.store.settle()
                readings.append(store_view(slot.store))
        except Exception as error:
            _log.exception("store %s cannot be listed", name)
            failed.append(FailedStore(name, f"{type(error).__name__}: {error}"))
    return json_response(200, Stores(readings, failed or msgspec.UNSET))


def delete_store(request: Request) -> Response:
    """DELETE /stores/{name}."""
    if not request.stores.delete(request.parameters[0]):
        raise problems.not_found("there is no such store")
    return Response(204)


def get_documents(_: Request) -> Response:
    """GET /openapi.json."""
    return json_response(200, {name: load_document(name).raw for name in DOCUMENTS})


def get_document(request: Request) -> Response:
    """GET /openapi/{document}."""
    name = request.parameters[0].removesuffix(".json")
    if name not in DOCUMENTS:
        raise problems.not_found(f"there is no such document; expected one of {', '.join(DOCUMENTS)}")
    return json_response(200, load_document(name).raw)


def get_docs(_: Request) -> Response:
    """GET /docs."""
    return Response(200, docs_page([load_document(name) for name in DOCUMENTS]).encode(), _HTML)
