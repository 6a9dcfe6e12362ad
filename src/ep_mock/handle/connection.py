"""How a handle reaches its server: over HTTP, or by calling the application in process. Both are plain
blocking calls.
"""

from __future__ import annotations

import http.client
import os
import socket
import ssl
import weakref
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol
from urllib.parse import urlsplit

from ep_mock.errors import UsageError
from ep_mock.handle.errors import UnreachableError
from ep_mock.serving.event_loops import LoopThread
from ep_mock.serving.in_process import call_app, checked_app
from ep_mock.serving.tls import Verify, client_context, not_trusted

if TYPE_CHECKING:
    from starlette.types import ASGIApp

LONGEST_SILENCE = 30.0
"""Seconds without a byte after which a server counts as gone; a call that waits adds its own timeout."""

MOST_KEPT: Final = 16
"""Connections that are kept open between calls. More are used when more threads call at a time, and closed
after it.
"""

_REPEATABLE: Final = ("GET", "HEAD", "PUT", "DELETE")


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

    def call(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes | None, patience: float
    ) -> Reply:
        """One request. `target` is path and query; `patience` is how many seconds the server itself may wait
        before it answers.

        Raises:
            UnreachableError: nobody answers.
        """
        ...

    def close(self) -> None:
        """Let go of the server."""
        ...


class HttpConnection:
    """Calls over HTTP, by any number of threads at a time. A few connections are kept open between calls, and
    none of a thread's own.

    A child after a fork opens connections of its own. One that is dropped without `close` closes what it has
    open.
    """

    def __init__(self, url: str, verify: Verify = True) -> None:
        """
        Args:
            verify: whom to trust when the server is called by https.

        Raises:
            UsageError: this is no HTTP address, or `verify` cannot be used.
        """
        self._connect, self._prefix = _opener(url, verify)
        # The end of a list is taken and given back in one step each, so threads need no lock here, and a fork
        # leaves none locked.
        self._opened: list[http.client.HTTPConnection] = []
        self._era = object()
        self._process = os.getpid()
        weakref.finalize(self, _close_all, self._opened).atexit = False
        self.url = url.rstrip("/")

    def call(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes | None, patience: float
    ) -> Reply:
        call = _Call(method, self._prefix + target, headers, body, LONGEST_SILENCE + patience)
        if self._process != os.getpid():
            # What is open belongs to the parent as well. To close it here ends nothing there.
            self.close()
            self._process = os.getpid()
        era, connection = self._era, self._kept() or self._connect()
        try:
            reply = _exchange(connection, call)
        except (OSError, http.client.HTTPException) as error:
            raise self._unreachable(error) from None
        self._keep(connection, era)
        return reply

    def close(self) -> None:
        """Close what is open, and what is in use now as soon as it no longer is."""
        self._era = object()
        _close_all(self._opened)

    def _kept(self) -> http.client.HTTPConnection | None:
        """A connection that is open, as far as can be seen."""
        while True:
            try:
                connection = self._opened.pop()
            except IndexError:
                return None
            if _is_alive(connection):
                return connection
            connection.close()

    def _keep(self, connection: http.client.HTTPConnection, era: object) -> None:
        if connection.sock is None or len(self._opened) >= MOST_KEPT:
            connection.close()
            return
        self._opened.append(connection)
        if era is not self._era:
            _close_all(self._opened)

    def _unreachable(self, error: Exception) -> UnreachableError:
        if isinstance(error, ssl.SSLCertVerificationError):
            remedy = "verify='ca.pem' (pytest: --ep-mock-ca, the command ep-mock: --ca)"
            return UnreachableError(not_trusted(self.url, error, remedy))
        reason = str(error) or type(error).__name__
        if isinstance(error, ssl.SSLError):
            return UnreachableError(
                f"what answers at {self.url} does not speak https as expected ({reason}); is its address "
                f"http://...?"
            )
        return UnreachableError(
            f"ep-mock does not answer at {self.url} ({reason}); is the server running, and is this its "
            f"address?"
        )


class InProcessConnection:
    """Calls the application itself, without a socket, also from within an event loop.

    The application runs on a thread of its own meanwhile, so that waiting for something holds up nobody but
    the caller.
    """

    def __init__(self, app: ASGIApp, url: Callable[[], str] | None = None) -> None:
        """`url` tells the address of a server that serves the same application."""
        self._app = checked_app(app)
        self._url = url
        self._loop = LoopThread()

    @property
    def url(self) -> str:
        if self._url is None:
            raise UsageError(
                "this application is called in process and has no address; serve it with MockServer to have "
                "one"
            )
        return self._url()

    def call(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes | None, patience: float
    ) -> Reply:
        sent = {"host": "localhost", "content-length": str(len(body or b"")), **headers}
        encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in sent.items()]
        try:
            reply = self._loop.run(
                call_app(self._app, method, target.encode("latin-1"), encoded, body or b"")
            )
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
    """The answer to a call. The connection is closed when there is none.

    A server may close a connection that was kept just when the next call is sent. The call is then sent again
    on a new one, unless the server may have carried it out and a second time would make a difference.
    """
    kept = connection.sock is not None
    sent = False
    try:
        if kept:
            connection.sock.settimeout(call.timeout)
        connection.timeout = call.timeout
        connection.request(call.method, call.target, call.body, dict(call.headers))
        sent = True
        response = connection.getresponse()
        return Reply(response.status, response.read())
    except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
        connection.close()
        if not kept or (sent and call.method not in _REPEATABLE):
            raise
    except BaseException:
        connection.close()
        raise
    return _exchange(connection, call)


def _is_alive(connection: http.client.HTTPConnection) -> bool:
    """Whether the server has neither closed the connection nor sent anything that nobody asked for."""
    if connection.sock is None:
        return False
    try:
        connection.sock.setblocking(False)
        # The method of a plain socket: that of TLS cannot look without taking.
        socket.socket.recv(connection.sock, 1, socket.MSG_PEEK)
    except BlockingIOError:
        return True
    except OSError:
        pass
    return False


def _close_all(connections: list[http.client.HTTPConnection]) -> None:
    while True:
        try:
            connections.pop().close()
        except IndexError:
            return


def _opener(url: str, verify: Verify) -> tuple[Callable[[], http.client.HTTPConnection], str]:
    """What opens a connection to the server at an address, and the path that all of the server's paths begin
    with.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except (ValueError, TypeError, AttributeError):
        parts, port = urlsplit(""), None
    if (
        not isinstance(url, str)
        or parts.scheme not in ("http", "https")
        or not parts.hostname
        or parts.query
        or parts.fragment
    ):
        raise UsageError(f"url: expected an address such as http://127.0.0.1:8080, got {url!r}")
    prefix = parts.path.rstrip("/")
    if parts.scheme == "http":
        return partial(http.client.HTTPConnection, parts.hostname, port), prefix
    return partial(http.client.HTTPSConnection, parts.hostname, port, context=client_context(verify)), prefix
