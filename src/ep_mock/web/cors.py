"""Cross-origin calls from a browser: the API answers them as the real one does, the control plane never."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.types import Scope

from ep_mock.web.answers import Answer

_OPEN = ("/v2/", "/oauth/")
_ANY_ORIGIN = (b"access-control-allow-origin", b"*")
_METHODS = b"GET, POST, PUT, DELETE, OPTIONS"


def allow_any_origin(answer: Answer, path: str) -> None:
    """Let a page of any origin read an answer of the API."""
    if path.startswith(_OPEN):
        answer.headers.append(_ANY_ORIGIN)


def is_preflight(scope: Scope, headers: Mapping[bytes, bytes]) -> bool:
    """Whether a browser asks if it may call the API."""
    return scope["method"] == "OPTIONS" and b"access-control-request-method" in headers and scope["path"].startswith(_OPEN)


def preflight_answer(headers: Mapping[bytes, bytes]) -> Answer:
    """Yes, with whatever headers it wants to send."""
    wanted = headers.get(b"access-control-request-headers", b"Authorization, Content-Type")
    return Answer(204, b"", ((b"access-control-allow-methods", _METHODS), (b"access-control-allow-headers", wanted)))
