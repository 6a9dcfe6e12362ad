"""Cross-origin calls from a browser: the API answers them as the real one does, the control plane those from
allowed origins only.
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.types import Scope

from ep_mock.web.request import ARRANGE_HEADER, PLAN_HEADER, TOKEN_HEADER
from ep_mock.web.response import Response

_OPEN = ("/v2/", "/oauth/")
_ANY_ORIGIN = (b"access-control-allow-origin", b"*")
_METHODS = b"GET, POST, PUT, DELETE, OPTIONS"
_CONTROL_METHODS = b"GET, HEAD, POST, PUT, PATCH, DELETE"
_STEERING = (PLAN_HEADER, ARRANGE_HEADER, TOKEN_HEADER)
_WANTED = b"access-control-request-headers"


def allow_any_origin(answer: Response, path: str) -> None:
    """Let a page of any origin read an answer of the API."""
    if path.startswith(_OPEN):
        answer.headers.append(_ANY_ORIGIN)


def allow_origin(answer: Response, origin: bytes) -> None:
    """Let pages of this origin, and no others, read an answer."""
    answer.headers += ((b"access-control-allow-origin", origin), (b"vary", b"Origin"))


def asks_leave(scope: Scope, headers: Mapping[bytes, bytes]) -> bool:
    """Whether a browser asks if a page may make a call."""
    return scope["method"] == "OPTIONS" and b"access-control-request-method" in headers


def is_preflight(scope: Scope, headers: Mapping[bytes, bytes]) -> bool:
    """Whether a browser asks if it may call the API."""
    return asks_leave(scope, headers) and scope["path"].startswith(_OPEN)


def preflight_response(headers: Mapping[bytes, bytes], *, steers: bool) -> Response:
    """Yes, with whatever headers it wants to send; with those that make it a control call only if the page
    may steer.
    """
    wanted = headers.get(_WANTED, b"Authorization, Content-Type")
    if not steers:
        names = wanted.split(b",")
        if left := [name for name in names if name.strip().lower() not in _STEERING]:
            wanted = wanted if len(left) == len(names) else b",".join(left).strip()
        else:
            wanted = b"Authorization, Content-Type"
    return Response(
        204, b"", ((b"access-control-allow-methods", _METHODS), (b"access-control-allow-headers", wanted))
    )


def control_preflight_response(headers: Mapping[bytes, bytes]) -> Response:
    """Yes, to a page that may steer."""
    wanted = headers.get(_WANTED, b"Content-Type, X-EP-Mock-Store, X-EP-Mock-Token")
    return Response(
        204,
        b"",
        ((b"access-control-allow-methods", _CONTROL_METHODS), (b"access-control-allow-headers", wanted)),
    )
