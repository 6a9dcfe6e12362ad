"""The target of a request, brought to the one form that routes know: a path that begins with a slash."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote, unquote

from starlette.types import Scope

from ep_mock.domain import problems

_AUTHORITY: Final = re.compile(rb"https?://[^/]*", re.IGNORECASE)


def has_path(scope: Scope) -> bool:
    """Whether the scope says a raw path that begins with a slash, as nearly all do."""
    return (scope.get("raw_path") or b"").startswith(b"/")


def with_path(scope: Scope) -> Scope:
    """The scope with a raw path. One in absolute form (`http://host/path`), which a client may send to any server, loses its authority.

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
        raise problems.bad_request(f"the target of a request is a path that begins with a slash, and this one is {shown!r}")
    return {**scope, "raw_path": raw_path, "path": unquote(raw_path.decode("latin-1"))}
