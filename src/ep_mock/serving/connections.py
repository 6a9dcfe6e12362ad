"""uvicorn's connections, hardened: what comes before a request is complete is bounded, and offers of other
protocols are ignored.

That holds for both of uvicorn's protocols: with the parser in C (httptools) and with the one in Python (h11).
A test pins what this relies on.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, Final

import h11

from ep_mock.domain.display import printable
from ep_mock.serving.logs import FIELDS
from ep_mock.serving.one_write import OneWriteTransport
from ep_mock.traffic.redaction import redacted_query
from ep_mock.web.connection_faults import TRANSPORT
from ep_mock.web.long_poll import STOPPING

if TYPE_CHECKING:
    from starlette.types import ASGIApp

MOST_BYTES: Final = 65_536
"""Most bytes that bring neither a complete head nor a piece of a body: an unfinished head, or trailers. As
with h11.
"""

_TOO_LARGE: Final = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
)
_FRAMING: Final = (b"content-length", b"transfer-encoding")


def adapted(
    protocol_class: type[asyncio.Protocol], stopping: asyncio.Event, *, access_log: bool
) -> type[asyncio.Protocol]:
    """uvicorn's protocol, made fit; `stopping` is handed down to the application, see `STOPPING`."""
    hardened: Any = _hardened(protocol_class) if hasattr(protocol_class, "on_header") else protocol_class

    class Protocol(hardened):  # type: ignore[misc]
        def __init__(self, **options: Any) -> None:
            super().__init__(**options)
            self._app: ASGIApp = self.config.loaded_app
            self.app = self._call
            self.access_log: bool = access_log and logging.getLogger("uvicorn.access").hasHandlers()
            self.access_logger = _Discreet(logging.getLogger("uvicorn.access"))

        def connection_made(self, transport: Any) -> None:
            super().connection_made(OneWriteTransport(transport))

        def on_response_complete(self) -> None:
            self.transport.flush()
            super().on_response_complete()

        def _call(self, scope: Any, receive: Any, send: Any) -> Any:
            scope["extensions"] = {TRANSPORT: self.transport, STOPPING: stopping}
            return self._app(scope, receive, send)

        def send_400_response(self, msg: str) -> None:
            """Say that what came is no HTTP, unless an answer is under way already: there can be no second
            one.
            """
            state = self.conn.our_state if hasattr(self, "conn") else h11.IDLE
            if _can_refuse(self.cycle) and state in (h11.IDLE, h11.SEND_RESPONSE):
                super().send_400_response(msg)
            else:
                self.transport.close()

        def _unsupported_upgrade_warning(self) -> None:
            """An offer may be ignored (RFC 9110, 7.8): nothing to warn of."""

    return Protocol


def _hardened(protocol_class: type[asyncio.Protocol]) -> type[asyncio.Protocol]:
    """The protocol with the parser in C, without two of its faults: it reads heads and trailers without end,
    and an offer ends it.

    Java's client offers HTTP/2 with each request, curl when asked to. The parser takes what follows such a
    head for another protocol; here a second parser reads on.
    """
    import httptools

    base: Any = protocol_class

    class Parser(httptools.HttpRequestParser):
        def __init__(self, callbacks: Any, go_on: Any) -> None:
            super().__init__(callbacks)
            self.set_dangerous_leniencies(lenient_data_after_close=True)
            self._go_on = go_on

        def feed_data(self, data: Any) -> None:
            try:
                super().feed_data(data)
            except httptools.HttpParserUpgrade as offer:
                self._go_on(data[offer.args[0] :])

    class Hardened(base):  # type: ignore[misc]
        def __init__(self, **options: Any) -> None:
            super().__init__(**options)
            self.parser = Parser(self, self._go_on)
            self._idle_bytes = 0

        def data_received(self, data: bytes) -> None:
            self._idle_bytes += len(data)
            super().data_received(data)
            if self._idle_bytes > MOST_BYTES and not self.transport.is_closing():
                if _can_refuse(self.cycle):
                    self.transport.write(_TOO_LARGE)
                self.transport.close()

        def on_headers_complete(self) -> None:
            self._idle_bytes = 0
            super().on_headers_complete()
            self.headers: list[
                tuple[bytes, bytes]
            ] = []  # trailers come the same way as headers, but are none

        def on_body(self, body: bytes) -> None:
            self._idle_bytes = 0
            super().on_body(body)

        def on_message_complete(self) -> None:
            if not self.parser.should_upgrade():
                super().on_message_complete()

        def _go_on(self, rest: bytes) -> None:
            """Read on after the head of a request that offers another protocol, as if it did not."""
            if self.scope["method"] == "CONNECT":  # what follows is no HTTP, whatever we say
                super().on_message_complete()
                return
            framing = [
                name + b": " + value + b"\r\n" for name, value in self.scope["headers"] if name in _FRAMING
            ]
            self.parser = Parser(_AfterTheHead(self), self._go_on)
            self.parser.feed_data(b"".join((b"POST / HTTP/1.1\r\n", *framing, b"\r\n")))
            if rest:
                self.parser.feed_data(rest)

    return Hardened


def _can_refuse(cycle: Any) -> bool:
    """Whether an answer can be written that is not the application's: to a head, or to a request whose answer
    has not begun.
    """
    if cycle is None or (cycle.response_complete and not cycle.more_body):
        return True
    return bool(cycle.more_body and not cycle.response_started)


class _AfterTheHead:
    """Hands a parser's findings on, from the end of the first head on: that one is known already."""

    def __init__(self, protocol: Any) -> None:
        self._protocol = protocol
        self._known = True
        self.on_body = protocol.on_body
        self.on_message_complete = protocol.on_message_complete

    def on_message_begin(self) -> None:
        if not self._known:
            self._protocol.on_message_begin()

    def on_url(self, url: bytes) -> None:
        if not self._known:
            self._protocol.on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._known:
            self._protocol.on_header(name, value)

    def on_headers_complete(self) -> None:
        if not self._known:
            self._protocol.on_headers_complete()
        self._known = False


class _Discreet:
    """The logger of requests, without the secrets that queries may hold. Its own arguments are uvicorn's."""

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger

    def info(
        self, message: str, client: str, method: str, target: str, http_version: str, status: int
    ) -> None:
        """Log one request; `target` is its path and query."""
        path, mark, query = target.partition("?")
        target = printable(path + mark + redacted_query(query.encode()).decode(errors="replace"))
        fields = {
            "client": client,
            "method": method,
            "target": target,
            "http_version": http_version,
            "status": status,
        }
        self._logger.info(message, client, method, target, http_version, status, extra={FIELDS: fields})
