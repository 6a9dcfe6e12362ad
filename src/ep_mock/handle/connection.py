"""How a handle reaches its server: over HTTP, or by calling the application in process. Both are plain blocking calls."""

from __future__ import annotations

import contextlib
import http.client
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple, Protocol
from urllib.parse import urlsplit

from ep_mock.errors import UsageError
from ep_mock.event_loops import LoopThread
from ep_mock.handle.errors import UnreachableError
from ep_mock.in_process import call_app

if TYPE_CHECKING:
    from starlette.types import ASGIApp

LONGEST_SILENCE = 30.0
"""Seconds without a byte after which a server counts as gone; a call that waits adds its own timeout."""


class Reply(NamedTuple):
    """What came back."""

    status: int
    body: bytes


class Connection(Protocol):
    """A way to a server."""

    @property
    def url(self) -> str:
        """Where clients of the API find the server, without a slash at the end.

        Raises:
            UsageError: it is served nowhere.
        """
        ...

    def call(self, method: str, target: str, headers: Mapping[str, str], body: bytes | None, patience: float) -> Reply:
        """One request. `target` is path and query; `patience` is how many seconds the server itself may wait before it answers.

        Raises:
            UnreachableError: nobody answers.
        """
        ...

    def close(self) -> None:
        """Let go of the server."""
        ...


class HttpConnection:
    """Calls over HTTP. Each thread keeps a connection of its own, so a handle can be shared."""

    def __init__(self, url: str) -> None:
        """
        Raises:
            UsageError: this is no HTTP address.
        """
        parts = urlsplit(url)
        try:
            port = parts.port
        except ValueError:
            port = -1
        if parts.scheme not in ("http", "https") or not parts.hostname or port == -1 or parts.query or parts.fragment:
            raise UsageError(f"url: expected an address such as http://127.0.0.1:8080, got {url!r}")
        self._kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._host, self._port = parts.hostname, port
        self._prefix = parts.path.rstrip("/")
        self._own = threading.local()
        self._opened: list[http.client.HTTPConnection] = []
        self.url = url.rstrip("/")

    def call(self, method: str, target: str, headers: Mapping[str, str], body: bytes | None, patience: float) -> Reply:
        call = _Call(method, self._prefix + target, headers, body, LONGEST_SILENCE + patience)
        if patience:
            # It may be made by a thread that lives no longer than it.
            with contextlib.closing(self._kind(self._host, self._port)) as connection:
                return self._answer(connection, call)
        kept: http.client.HTTPConnection | None = getattr(self._own, "connection", None)
        if kept is not None:
            try:
                return _exchange(kept, call)
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
                # A server closes a connection that was idle for long. On a fresh one the same is another matter.
                kept.close()
            except (OSError, http.client.HTTPException) as error:
                raise self._unreachable(kept, error) from None
            return self._answer(kept, call)
        self._own.connection = self._kind(self._host, self._port)
        self._opened.append(self._own.connection)
        return self._answer(self._own.connection, call)

    def close(self) -> None:
        for connection in self._opened:
            connection.close()

    def _answer(self, connection: http.client.HTTPConnection, call: _Call) -> Reply:
        try:
            return _exchange(connection, call)
        except (OSError, http.client.HTTPException) as error:
            raise self._unreachable(connection, error) from None

    def _unreachable(self, connection: http.client.HTTPConnection, error: Exception) -> UnreachableError:
        connection.close()
        reason = str(error) or type(error).__name__
        return UnreachableError(f"ep-mock does not answer at {self.url} ({reason}); is the server running, and is this its address?")


class InProcessConnection:
    """Calls the application itself, without a socket, also from within an event loop.

    The application runs on a thread of its own meanwhile, so that waiting for something holds up nobody but the caller.
    """

    def __init__(self, app: ASGIApp, url: Callable[[], str] | None = None) -> None:
        """`url` tells the address of a server that serves the same application."""
        self._app = app
        self._url = url
        self._loop = LoopThread()

    @property
    def url(self) -> str:
        if self._url is None:
            raise UsageError("this application is called in process and has no address; serve it with MockServer to have one")
        return self._url()

    def call(self, method: str, target: str, headers: Mapping[str, str], body: bytes | None, patience: float) -> Reply:
        sent = {"host": "localhost", "content-length": str(len(body or b"")), **headers}
        encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in sent.items()]
        try:
            reply = self._loop.run(call_app(self._app, method, target.encode("latin-1"), encoded, body or b""))
        except ConnectionError as error:
            raise UnreachableError(f"the application gave no answer to {method} {target}: {error}") from None
        return Reply(reply.status, reply.body)

    def close(self) -> None:
        self._loop.close()


class _Call(NamedTuple):
    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes | None
    timeout: float


def _exchange(connection: http.client.HTTPConnection, call: _Call) -> Reply:
    connection.timeout = call.timeout
    if connection.sock is not None:
        connection.sock.settimeout(call.timeout)
    # A closed connection opens itself again.
    connection.request(call.method, call.target, call.body, dict(call.headers))
    response = connection.getresponse()
    return Reply(response.status, response.read())
