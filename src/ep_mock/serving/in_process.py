"""Requests to an ASGI application in this process, without a socket."""

from __future__ import annotations

from collections.abc import Iterable, MutableMapping
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote

from ep_mock.errors import UsageError

if TYPE_CHECKING:
    from starlette.types import ASGIApp

Headers = list[tuple[bytes, bytes]]


class AppReply(NamedTuple):
    """A response. `whole` is False if the application broke the connection in the middle of the body."""

    status: int
    headers: Headers
    body: bytes
    whole: bool = True


def checked_app(app: ASGIApp) -> ASGIApp:
    """The application itself.

    Raises:
        UsageError: this is no application, but for example a server.
    """
    if not callable(app) or getattr(app, "__name__", "") == "create_app":
        hint = "; write server.app" if hasattr(app, "app") else ""
        raise UsageError(f"app: expected an ASGI application, as create_app() makes it, got {app!r}{hint}")
    return app


async def call_app(
    app: ASGIApp,
    method: str,
    target: bytes,
    headers: Iterable[tuple[bytes, bytes]],
    body: bytes,
    *,
    scheme: str = "http",
    server: tuple[str, int | None] | None = None,
) -> AppReply:
    """Send one request to the application; `target` is the encoded path and query.

    Raises:
        ConnectionError: the application broke the connection before it sent anything, as a fault can demand.
    """
    raw_path, _, query = target.partition(b"?")
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": scheme,
        "path": unquote(raw_path.decode("latin-1")),
        "raw_path": raw_path,
        "query_string": query,
        "root_path": "",
        "headers": [(name.lower(), value) for name, value in headers],
        "client": None,
        "server": server,
    }
    status, answered, pieces = 0, Headers(), bytearray()

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        nonlocal status, answered, pieces
        if message["type"] == "http.response.start":
            status, answered = message["status"], list(message.get("headers", ()))
        else:
            pieces += message.get("body", b"")

    try:
        await app(scope, receive, send)
    except ConnectionError:
        if not status:
            raise
        return AppReply(status, answered, bytes(pieces), whole=False)
    return AppReply(status, answered, bytes(pieces))
