"""Handlers of the server as a whole: is it up, which stores are there, and its documents."""

from __future__ import annotations

import logging
from typing import Any, Final

from ep_mock import __version__
from ep_mock.clock import Clock
from ep_mock.contract.documents import load_document
from ep_mock.domain import problems
from ep_mock.domain.dates import format_nanos
from ep_mock.simulation.store import Store
from ep_mock.timings import SECOND
from ep_mock.web.control.docs_page import docs_page
from ep_mock.web.request import Request
from ep_mock.web.response import Response, json_response
from ep_mock.web.stores import StoreRegistry

DOCUMENTS: Final = ("standard", "rule", "control")

_log = logging.getLogger("ep_mock")
_HTML: Final = (
    (b"content-type", b"text/html; charset=utf-8"),
    (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'"),
)


class ControlServer:
    """The handlers under `/__ep_mock/` that are about no store in particular, named as their operations
    are.
    """

    def __init__(self, stores: StoreRegistry) -> None:
        self._stores = stores
        self._uptime = Clock()
        self._started = self._uptime.now()

    def get_health(self, _: Request) -> Response:
        """GET /health."""
        uptime = (self._uptime.now() - self._started) / SECOND
        return json_response(
            200, {"status": "ok", "version": __version__, "uptime_seconds": round(uptime, 3)}
        )

    def list_stores(self, _: Request) -> Response:
        """GET /stores."""
        records: list[dict[str, Any]] = []
        failed: list[dict[str, Any]] = []
        for name in self._stores.names():
            slot = self._stores.find(name)
            if slot is None:
                continue
            try:
                with slot.lock:
                    slot.store.settle()
                    records.append(_store_record(slot.store))
            except Exception as error:
                _log.exception("store %s cannot be listed", name)
                failed.append({"name": name, "reason": f"{type(error).__name__}: {error}"})
        return json_response(200, {"stores": records, "failed": failed} if failed else {"stores": records})

    def delete_store(self, request: Request) -> Response:
        """DELETE /stores/{name}."""
        if not self._stores.delete(request.parameters[0]):
            raise problems.not_found("there is no such store")
        return Response(204)

    def get_documents(self, _: Request) -> Response:
        """GET /openapi.json."""
        return json_response(200, {name: load_document(name).raw for name in DOCUMENTS})

    def get_document(self, request: Request) -> Response:
        """GET /openapi/{document}."""
        name = request.parameters[0].removesuffix(".json")
        if name not in DOCUMENTS:
            raise problems.not_found(f"there is no such document; expected one of {', '.join(DOCUMENTS)}")
        return json_response(200, load_document(name).raw)

    def get_docs(self, _: Request) -> Response:
        """GET /docs."""
        return Response(200, docs_page([load_document(name) for name in DOCUMENTS]).encode(), _HTML)


def _store_record(store: Store) -> dict[str, Any]:
    content = store.state
    return {
        "name": content.name,
        "mode": store.clock.mode,
        "now": format_nanos(store.now),
        "promotions": sum(len(family) for family in content.promotions.values()),
        "jobs": len(content.jobs),
        "unfinished_jobs": store.worker.queued + (store.worker.task is not None),
    }
