"""The HTTP edge: from an ASGI request to whoever answers it, and from whatever happens there to one answer.

Nothing is awaited between taking a store's lock and releasing it, so a verb is atomic. Where a handler has to wait, the edge waits once the
lock is released.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from urllib.parse import quote

from starlette.requests import ClientDisconnect
from starlette.routing import Router
from starlette.types import Receive, Scope, Send

from ep_mock.domain import problems
from ep_mock.domain.display import printable
from ep_mock.entropy import Entropy
from ep_mock.errors import ApiError
from ep_mock.web.answers import Answer, error_answer
from ep_mock.web.auth import Authenticator
from ep_mock.web.calls import Call, Endpoint
from ep_mock.web.cors import allow_any_origin, is_preflight, preflight_answer
from ep_mock.web.gate import Gate
from ep_mock.web.reading import read_body
from ep_mock.web.routing import RouteTable
from ep_mock.web.safety import ControlGuard, is_control
from ep_mock.web.service import Service
from ep_mock.web.store_choice import named_store
from ep_mock.web.waiting import Waiting

_log = logging.getLogger("ep_mock")


class Edge(Router):
    """Answers every HTTP request. What is not HTTP (the lifespan) is left to Starlette."""

    def __init__(self, routes: RouteTable[Endpoint], gate: Gate, authenticator: Authenticator, entropy: Entropy) -> None:
        super().__init__()
        self._routes = routes
        self._gate = gate
        self._guard = ControlGuard(gate.settings)
        self._service = Service(routes, gate, authenticator, self._failed)
        self._entropy = entropy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        if scope.get("raw_path") is None:
            # ASGI leaves it to the server; uvicorn always says it.
            scope = {**scope, "raw_path": quote(scope["path"]).encode()}
        headers = dict(scope["headers"])
        try:
            if is_control(scope["raw_path"]):
                answer = await self._controlled(scope, headers, receive)
            elif is_preflight(scope, headers):
                answer = preflight_answer(headers)
            else:
                answer = await self._service.answer(scope, headers, receive)
        except ApiError as error:
            answer = error_answer(error)
        except ClientDisconnect:
            return
        except Exception:
            answer = self._failed(scope)
        if b"origin" in headers:
            allow_any_origin(answer, scope["path"])
        await answer.send(send)

    async def _controlled(self, scope: Scope, headers: Mapping[bytes, bytes], receive: Receive) -> Answer:
        """The answer to a control call: without faults, limit and journal."""
        self._guard.check(scope, headers)
        method: str = scope["method"]
        endpoint, parameters = self._routes.find(method, scope["raw_path"])
        settings = self._gate.settings
        began = self._gate.replacements
        body = b"" if method == "GET" else await read_body(headers, receive, settings.max_control_body_bytes)
        call = Call(scope, headers, endpoint, parameters, body, settings.public_url)
        if not endpoint.uses_store:
            return endpoint.handler(call)
        guarded = self._gate.enter(named_store(headers), began)
        with guarded.lock:
            call.store = guarded.store if endpoint.replaces_store else guarded.use()
            answer = endpoint.handler(call)
        return await answer.answer(guarded, scope, receive) if isinstance(answer, Waiting) else answer

    def _failed(self, scope: Scope) -> Answer:
        """A defect of ep-mock's own: the published 500, with an id that stands in the log beside the traceback."""
        request_id = self._entropy.next_uuid()
        _log.exception("%s %s failed; request_id %s", scope["method"], printable(scope["path"]), request_id)
        return error_answer(problems.internal(request_id))
