"""The HTTP edge: from an ASGI request to whoever answers it, and from whatever happens there to one answer.

Nothing is awaited between taking a store's lock and releasing it, so a verb is atomic. Where a handler has to
wait, the edge waits once the lock is released.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, unquote

from starlette.requests import ClientDisconnect
from starlette.routing import Router
from starlette.types import Receive, Scope, Send

from ep_mock.domain import problems
from ep_mock.domain.display import printable
from ep_mock.entropy import Entropy
from ep_mock.errors import ApiError
from ep_mock.web.auth import Authenticator
from ep_mock.web.control.access import HEALTH, ControlAccess, TokenPlace, is_control
from ep_mock.web.control.parameters import check_query
from ep_mock.web.cors import (
    allow_any_origin,
    allow_origin,
    asks_leave,
    control_preflight_response,
    is_preflight,
    preflight_response,
)
from ep_mock.web.long_poll import LongPoll
from ep_mock.web.pipeline import Service
from ep_mock.web.request import ARRANGE_HEADER, BODILESS, PLAN_HEADER, Request, Route, read_body
from ep_mock.web.response import Response, error_response
from ep_mock.web.routes import RouteTable
from ep_mock.web.store_slot import StoreSlot
from ep_mock.web.stores import StoreRegistry, named_store

_AUTHORITY: Final = re.compile(rb"https?://[^/]*", re.IGNORECASE)


def has_path(scope: Scope) -> bool:
    """Whether the scope says a raw path that begins with a slash, as nearly all do."""
    return (scope.get("raw_path") or b"").startswith(b"/")


def with_path(scope: Scope) -> Scope:
    """The scope with a raw path. One in absolute form (`http://host/path`), which a client may send to any
    server, loses its authority.

    The target `*` stays: it names the server as a whole, and the routes have nothing there.

    Raises:
        ApiError: 400, the target is no path.
    """
    raw_path = scope.get("raw_path")
    if raw_path is None:
        # ASGI leaves it to the server; uvicorn always says it.
        raw_path = quote(scope["path"]).encode()
    if authority := _AUTHORITY.match(raw_path):
        raw_path = raw_path[authority.end() :] or b"/"
    if raw_path != b"*" and not raw_path.startswith(b"/"):
        shown = raw_path[:100].decode("latin-1")
        raise problems.bad_request(
            f"the target of a request is a path that begins with a slash, and this one is {shown!r}"
        )
    return {**scope, "raw_path": raw_path, "path": unquote(raw_path.decode("latin-1"))}


_log = logging.getLogger("ep_mock")


class Edge(Router):
    """Answers every HTTP request. What is not HTTP (the lifespan) is left to Starlette."""

    def __init__(
        self,
        routes: RouteTable[Route],
        control: RouteTable[Route],
        stores: StoreRegistry,
        authenticator: Authenticator,
        entropy: Entropy,
    ) -> None:
        """`control` has the endpoints of the control plane, `routes` all others.

        Whatever a path looks like, only what the guard has let pass is looked up in `control`.
        """
        super().__init__()
        self._control = control
        self._stores = stores
        self._guard = ControlAccess(stores.settings)
        self._service = Service(routes, stores, authenticator, self._failed)
        self._entropy = entropy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        headers = dict(scope["headers"])
        controlled = False
        try:
            if not has_path(scope):
                scope = with_path(scope)
            controlled = is_control(scope["raw_path"])
            if controlled:
                answer = await self._controlled(scope, headers, receive)
            elif is_preflight(scope, headers):
                answer = preflight_response(headers, steers=self._guard.may_read(headers))
            else:
                if (PLAN_HEADER in headers or ARRANGE_HEADER in headers) and self._stores.settings.control:
                    self._guard.check(scope, headers, TokenPlace.HEADER)
                answer = await self._service.answer(scope, headers, receive)
        except ApiError as error:
            answer = error_response(error)
        except ClientDisconnect:
            return
        except Exception:
            answer = self._failed(scope)
        if b"origin" in headers:
            if not controlled:
                allow_any_origin(answer, scope["path"])
            elif self._guard.may_read(headers):
                allow_origin(answer, headers[b"origin"])
        if scope["method"] == "HEAD":
            answer.without_body()
        await answer.send(send)

    async def _controlled(self, scope: Scope, headers: Mapping[bytes, bytes], receive: Receive) -> Response:
        """The answer to a control call: without faults, limit and journal."""
        method: str = scope["method"]
        preflight = asks_leave(scope, headers) and self._guard.may_read(headers)
        needs_none = preflight or scope["raw_path"] == HEALTH
        self._guard.check(scope, headers, TokenPlace.NOWHERE if needs_none else TokenPlace.ANY)
        if preflight:
            return control_preflight_response(headers)
        endpoint, parameters = self._control.find(method, scope["raw_path"])
        check_query(scope["query_string"], endpoint.parameters)
        settings = self._stores.settings
        began = self._stores.replacements
        body = (
            b"" if method in BODILESS else await read_body(headers, receive, settings.max_control_body_bytes)
        )
        request = Request(scope, headers, endpoint, parameters, body, self._stores)
        if not endpoint.uses_store:
            return endpoint.handler(request)
        slot, answer = self._carried_out(request, named_store(headers), began)
        return await answer.answer(slot, scope, receive) if isinstance(answer, LongPoll) else answer

    def _carried_out(self, request: Request, name: str, began: int) -> tuple[StoreSlot, Response]:
        """The answer, and the store that gave it. A refusal leaves no new store behind."""
        if self._stores.find(name) is None:
            with self._stores.drafted(name, began) as draft:
                answer = _answer_of(request, draft)
                kept = self._stores.keep()
            if kept is not None:
                return kept, answer
        slot = self._stores.get_or_create(name, began)
        return slot, _answer_of(request, slot)

    def _failed(self, scope: Scope) -> Response:
        """A defect of ep-mock's own: the published 500, with an id that stands in the log beside the
        traceback.
        """
        request_id = self._entropy.next_uuid()
        _log.exception("%s %s failed; request_id %s", scope["method"], printable(scope["path"]), request_id)
        return error_response(problems.internal(request_id))


def _answer_of(request: Request, slot: StoreSlot) -> Response:
    with slot.lock:
        request.store = slot.store if request.endpoint.replaces_store else slot.use()
        return request.endpoint.handler(request)
