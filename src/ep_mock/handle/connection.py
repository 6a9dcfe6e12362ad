"""The connection of a handle to its server: over HTTP, or in process. Calls block."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple, Protocol

from ep_mock.errors import UsageError
from ep_mock.handle.errors import UnreachableError
from ep_mock.serving.event_loops import LoopThread
from ep_mock.serving.http_client import CALL_ERRORS, LONGEST_SILENCE, HttpClient, reason_of
from ep_mock.serving.in_process import call_app, checked_app
from ep_mock.serving.tls import Verify, not_trusted

if TYPE_CHECKING:
    from starlette.types import ASGIApp


class Reply(NamedTuple):
    """A response."""

    status: int
    body: bytes


class Connection(Protocol):
    """A connection to a server."""

    @property
    def url(self) -> str:
        """The base URL of the server, without a slash at the end.

        Raises:
            UsageError: there is no server, only an application.
        """
        ...

    def call(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes | None, server_timeout: float
    ) -> Reply:
        """Send a request and return the response.

        Args:
            target: path and query.
            server_timeout: number of seconds that the server may wait before it responds.

        Raises:
            UnreachableError: there is no response.
        """
        ...

    def close(self) -> None:
        """Close the connection. A later call opens it again."""
        ...


class HttpConnection:
    """Calls a server over HTTP, from any number of threads."""

    def __init__(self, url: str, verify: Verify = True) -> None:
        """
        Args:
            verify: whom to trust when the address begins with https.

        Raises:
            UsageError: the URL is not an HTTP address, or `verify` cannot be used.
        """
        self._client = HttpClient(url, verify)
        self.url = self._client.url

    def call(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes | None, server_timeout: float
    ) -> Reply:
        timeout = LONGEST_SILENCE + server_timeout
        try:
            reply = self._client.call(method, target, headers, body, timeout=timeout)
        except CALL_ERRORS as error:
            raise self._unreachable(error) from None
        return Reply(reply.status, reply.body)

    def close(self) -> None:
        """Close idle connections now, and busy ones when their call ends."""
        self._client.close()

    def _unreachable(self, error: Exception) -> UnreachableError:
        if isinstance(error, ssl.SSLCertVerificationError):
            remedy = "verify='ca.pem' (pytest: --ep-mock-ca, the command ep-mock: --ca)"
            return UnreachableError(not_trusted(self.url, error, remedy))
        reason = reason_of(error)
        if isinstance(error, ssl.SSLError):
            return UnreachableError(
                f"the server at {self.url} does not speak https ({reason}); is its address http://...?"
            )
        return UnreachableError(
            f"ep-mock does not answer at {self.url} ({reason}); is the server running, and is this "
            "its address?"
        )


class InProcessConnection:
    """Calls an application without a socket. Calls are possible inside an event loop too.

    The application runs on another thread, so a call that waits blocks only its caller.
    """

    def __init__(self, app: ASGIApp, url: Callable[[], str] | None = None) -> None:
        """`url` returns the address of a server for the same application."""
        self._app = checked_app(app)
        self._url = url
        self._loop = LoopThread()

    @property
    def url(self) -> str:
        if self._url is None:
            raise UsageError(
                "this application is called in process and has no URL; serve it with MockServer to get one"
            )
        return self._url()

    def call(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes | None, server_timeout: float
    ) -> Reply:
        all_headers = {"host": "localhost", "content-length": str(len(body or b"")), **headers}
        encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in all_headers.items()]
        try:
            reply = self._loop.run(
                call_app(self._app, method, target.encode("latin-1"), encoded, body or b"")
            )
        except ConnectionError as error:
            raise UnreachableError(
                f"the application sent no response to {method} {target}: {error}"
            ) from None
        return Reply(reply.status, reply.body)

    def close(self) -> None:
        self._loop.close()
