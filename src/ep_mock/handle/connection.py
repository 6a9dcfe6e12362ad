"""How a handle reaches its server: over HTTP, or by calling the application in process. Both are plain
blocking calls.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple, Protocol

from ep_mock.errors import UsageError
from ep_mock.handle.errors import UnreachableError
from ep_mock.serving.event_loops import LoopThread
from ep_mock.serving.http_client import LONGEST_SILENCE, CallError, HttpClient, reason_of
from ep_mock.serving.in_process import call_app, checked_app
from ep_mock.serving.tls import Verify, not_trusted

if TYPE_CHECKING:
    from starlette.types import ASGIApp


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
        self, method: str, target: str, headers: Mapping[str, str], body: bytes | None, server_timeout: float
    ) -> Reply:
        """One request. `target` is path and query; `server_timeout` is the number of seconds that the
        server itself may wait before it answers.

        Raises:
            UnreachableError: nobody answers.
        """
        ...

    def close(self) -> None:
        """Let go of the server."""
        ...


class HttpConnection:
    """Calls a server over HTTP, from any number of threads."""

    def __init__(self, url: str, verify: Verify = True) -> None:
        """
        Args:
            verify: whom to trust when the address begins with https.

        Raises:
            UsageError: this is no HTTP address, or `verify` cannot be used.
        """
        self._client = HttpClient(url, verify)
        self.url = self._client.url

    def call(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes | None, server_timeout: float
    ) -> Reply:
        timeout = LONGEST_SILENCE + server_timeout
        try:
            reply = self._client.call(method, target, headers, body, timeout=timeout)
        except CallError as error:
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
                f"what answers at {self.url} does not speak https as expected ({reason}); is its address "
                "http://...?"
            )
        return UnreachableError(
            f"ep-mock does not answer at {self.url} ({reason}); is the server running, and is this "
            "its address?"
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
        self, method: str, target: str, headers: Mapping[str, str], body: bytes | None, server_timeout: float
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
