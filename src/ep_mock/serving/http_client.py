"""The one HTTP client of ep-mock: for handles, shell verbs, the health check and the demo."""

from __future__ import annotations

import http.client
import os
import socket
import weakref
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from ep_mock.errors import UsageError
from ep_mock.serving.tls import Verify, client_context

LONGEST_SILENCE: Final = 30.0
"""Number of seconds without a byte after which a server counts as gone; where the server itself waits, its
timeout is added.
"""

MOST_KEPT: Final = 16
"""Number of connections kept open between calls. More are opened while more threads call at once, and closed
afterwards.
"""

CALL_ERRORS: Final = (OSError, ValueError, http.client.HTTPException)
"""The exceptions of a call without a complete response."""

_REPEATABLE: Final = ("GET", "HEAD", "PUT", "DELETE")


class HttpReply(NamedTuple):
    """A complete response."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes


class HttpClient:
    """Calls one server, from any number of threads. Idle connections are shared by all threads.

    After a fork, the child opens connections of its own. A client that is dropped without `close` closes its
    idle connections.

    Attributes:
        url: the server's address, without a slash at the end.
    """

    def __init__(self, url: str, verify: Verify = True, *, argument: str = "url") -> None:
        """
        Args:
            verify: whom to trust when the address begins with https.
            argument: the name of the address in error messages.

        Raises:
            UsageError: this is no HTTP address, or `verify` cannot be used.
        """
        self._connect, self._prefix = _connector(url, verify, argument)
        # Threads take from and add to the end of the list, each in one atomic step. So it needs no lock, and
        # a fork cannot leave one locked.
        self._idle: list[http.client.HTTPConnection] = []
        self._generation = object()
        self._process = os.getpid()
        weakref.finalize(self, _close_all, self._idle).atexit = False
        self.url = url.rstrip("/")

    def call(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes | None, *, timeout: float
    ) -> HttpReply:
        """Send one request and return the response.

        Args:
            target: path and query.
            timeout: number of seconds without a byte after which the server counts as gone.

        Raises:
            OSError, ValueError, HTTPException: no complete response came; `reason_of` says why.
        """
        if self._process != os.getpid():
            # The idle connections belong to the parent too. Closing them here does not end them there.
            self.close()
            self._process = os.getpid()
        request = _Request(method, self._prefix + target, headers, body, timeout)
        generation, connection = self._generation, self._take_idle() or self._connect()
        reply = _exchange(connection, request)
        self._put_back(connection, generation)
        return reply

    def close(self) -> None:
        """Close idle connections now, and busy ones when their call ends. A later call opens new ones."""
        self._generation = object()
        _close_all(self._idle)

    def _take_idle(self) -> http.client.HTTPConnection | None:
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                return None
            if _is_alive(connection):
                return connection
            connection.close()

    def _put_back(self, connection: http.client.HTTPConnection, generation: object) -> None:
        if connection.sock is None or len(self._idle) >= MOST_KEPT:
            connection.close()
            return
        self._idle.append(connection)
        if generation is not self._generation:
            _close_all(self._idle)


def reason_of(error: Exception) -> str:
    """Why a call got no response, in a few words."""
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


class _Request(NamedTuple):
    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes | None
    timeout: float


def _exchange(connection: http.client.HTTPConnection, request: _Request) -> HttpReply:
    """Send a request on a connection and read the response. Without a response the connection is closed.

    A server may close an idle connection just when the next request is sent. Then the request is sent again
    on a new connection, unless the server may have received it and repeating it would change something.
    """
    reused = connection.sock is not None
    sent = False
    try:
        if reused:
            connection.sock.settimeout(request.timeout)
        connection.timeout = request.timeout
        connection.request(request.method, request.target, request.body, dict(request.headers))
        sent = True
        response = connection.getresponse()
        return HttpReply(response.status, response.headers, response.read())
    except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
        connection.close()
        if not reused or (sent and request.method not in _REPEATABLE):
            raise
    except BaseException:
        connection.close()
        raise
    return _exchange(connection, request)


def _is_alive(connection: http.client.HTTPConnection) -> bool:
    """Whether the server has neither closed the connection nor sent anything unasked."""
    if connection.sock is None:
        return False
    try:
        connection.sock.setblocking(False)
        # The method of a plain socket: the one of TLS sockets cannot peek.
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


def _connector(
    url: str, verify: Verify, argument: str
) -> tuple[Callable[[], http.client.HTTPConnection], str]:
    """A function that makes a connection to the server, and the path that all of its paths begin with."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except (ValueError, TypeError, AttributeError):
        parts, port = urlsplit(""), None
    is_address = isinstance(url, str) and parts.scheme in ("http", "https") and parts.hostname
    if not is_address or not parts.hostname or parts.query or parts.fragment:
        raise UsageError(f"{argument}: expected an address such as http://127.0.0.1:8080, got {url!r}")
    prefix = parts.path.rstrip("/")
    if parts.scheme == "http":
        return partial(http.client.HTTPConnection, parts.hostname, port), prefix
    return partial(http.client.HTTPSConnection, parts.hostname, port, context=client_context(verify)), prefix
