"""Cross-origin calls from a browser.

The API allows all of them, as the real one does; the control plane allows those from allowed origins.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ep_mock.web.request import ARRANGE_HEADER, PLAN_HEADER, TOKEN_HEADER, Request
from ep_mock.web.response import Response

_API: Final = ("/v2/", "/oauth/")
_ANY_ORIGIN: Final = (b"access-control-allow-origin", b"*")
_METHODS: Final = b"GET, POST, PUT, DELETE, OPTIONS"
_CONTROL_METHODS: Final = b"GET, HEAD, POST, PUT, PATCH, DELETE"
_CONTROL_HEADERS: Final = (PLAN_HEADER, ARRANGE_HEADER, TOKEN_HEADER)
_REQUESTED: Final = b"access-control-request-headers"


def allow_any_origin(request: Request, response: Response) -> None:
    """Let a page of any origin read a response of the API."""
    if request.decoded_path.startswith(_API):
        response.headers.append(_ANY_ORIGIN)


def allow_origin(response: Response, origin: bytes) -> None:
    """Let pages of this origin, and no others, read a response."""
    response.headers += ((b"access-control-allow-origin", origin), (b"vary", b"Origin"))


def is_preflight(request: Request) -> bool:
    """Whether a browser asks if a page may make a call."""
    return request.method == "OPTIONS" and b"access-control-request-method" in request.headers


def is_api_preflight(request: Request) -> bool:
    """Whether a browser asks if a page may call the API."""
    return is_preflight(request) and request.decoded_path.startswith(_API)


def preflight_response(headers: Mapping[bytes, bytes], *, is_trusted: bool) -> Response:
    """Allow the call with all headers that the page asks for, those of the control plane only if the page may
    use the control plane.
    """
    requested = headers.get(_REQUESTED, b"Authorization, Content-Type")
    if not is_trusted:
        names = requested.split(b",")
        if left := [name for name in names if name.strip().lower() not in _CONTROL_HEADERS]:
            requested = requested if len(left) == len(names) else b",".join(left).strip()
        else:
            requested = b"Authorization, Content-Type"
    return _allow(_METHODS, requested)


def control_preflight_response(headers: Mapping[bytes, bytes]) -> Response:
    """Allow the call of a page that may use the control plane."""
    requested = headers.get(_REQUESTED, b"Content-Type, X-EP-Mock-Store, X-EP-Mock-Token")
    return _allow(_CONTROL_METHODS, requested)


def _allow(methods: bytes, headers: bytes) -> Response:
    allowed = ((b"access-control-allow-methods", methods), (b"access-control-allow-headers", headers))
    return Response(204, b"", allowed)
