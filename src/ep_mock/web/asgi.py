"""ASGI: makes a `Request` of each HTTP scope, and renders its response, or the error that it ended in."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

from starlette.requests import ClientDisconnect
from starlette.routing import Router
from starlette.types import Receive, Scope, Send

from ep_mock.domain import problems
from ep_mock.errors import ApiError
from ep_mock.web.control.access import is_control
from ep_mock.web.pipeline import Pipeline
from ep_mock.web.request import Request
from ep_mock.web.response import error_response

_AUTHORITY: Final = re.compile(rb"https?://[^/]*", re.IGNORECASE)


class HttpRouter(Router):
    """Answers every HTTP request by the pipeline. Leaves the lifespan to Starlette."""

    def __init__(self, pipeline: Pipeline) -> None:
        super().__init__()
        self._pipeline = pipeline

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        pipeline = self._pipeline
        request = Request(scope, receive, pipeline.stores)
        try:
            if not request.path.startswith(b"/"):
                request.path = _path_of_target(scope)
            if is_control(request.path):
                response = await pipeline.handle_control(request)
            else:
                response = await pipeline.handle_api(request)
        except ApiError as error:
            response = error_response(error)
        except ClientDisconnect:
            return
        except Exception:
            response = pipeline.internal_error(request)
        if b"origin" in request.headers:
            pipeline.allow_origin(request, response)
        if request.method == "HEAD":
            response.without_body()
        elif request.method == "CONNECT":
            # Whether HTTP or the bytes of a tunnel follow is not known.
            response.headers.append((b"connection", b"close"))
        await response.send(send)


def _path_of_target(scope: Scope) -> bytes:
    """The path in a request target of an unusual form.

    A target in absolute form (`http://host/path`) loses its authority. The target `*`, which names the server
    as a whole, stays: no route has it.

    Raises:
        ApiError: 400, the target is no path.
    """
    target: bytes | None = scope.get("raw_path")
    if target is None:
        # ASGI makes it optional; uvicorn always sets it.
        target = quote(scope["path"]).encode()
    if authority := _AUTHORITY.match(target):
        target = target[authority.end() :] or b"/"
    if target != b"*" and not target.startswith(b"/"):
        shown = target[:100].decode("latin-1")
        raise problems.bad_request(
            f"the target of a request is a path that begins with a slash, and this one is {shown!r}"
        )
    return target
