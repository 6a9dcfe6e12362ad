"""uvicorn's connections, hardened: bytes before a complete request are limited, upgrade offers are ignored.

That holds for both of uvicorn's protocols: the one with the parser in C (httptools) and the one in Python
(h11). A test pins the parts of uvicorn that this depends on.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, Final

from ep_mock.domain.display import printable
from ep_mock.serving.logs import FIELDS
from ep_mock.serving.one_write import OneWriteTransport
from ep_mock.traffic.redaction import redacted_query
from ep_mock.web.connection_faults import TRANSPORT
from ep_mock.web.long_poll import STOPPING

if TYPE_CHECKING:
    from starlette.types import ASGIApp

MAX_IDLE_BYTES: Final = 65_536
"""Maximum number of bytes without a complete head or a piece of a body: unfinished heads, and trailers. The
limit of h11.
"""

_TOO_LARGE: Final = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
)
_FRAMING: Final = (b"content-length", b"transfer-encoding")


def hardened_protocol(
    protocol_class: type[asyncio.Protocol], stopping: asyncio.Event, *, access_log: bool
) -> type[asyncio.Protocol]:
    """A hardened subclass of uvicorn's protocol. It passes `stopping` to the application, see `STOPPING`."""
    in_c = hasattr(protocol_class, "on_header")
    base: Any = _bounded(protocol_class) if in_c else _serial(protocol_class)

    class Protocol(base):  # type: ignore[misc]
        def __init__(self, **options: Any) -> None:
            super().__init__(**options)
            self._app: ASGIApp = self.config.loaded_app
            self.app = self._call
            self.access_log: bool = access_log and logging.getLogger("uvicorn.access").hasHandlers()
            self.access_logger = _RedactingLogger(logging.getLogger("uvicorn.access"))

        def connection_made(self, transport: Any) -> None:
            super().connection_made(OneWriteTransport(transport))

        def on_response_complete(self) -> None:
            self.transport.flush()
            super().on_response_complete()

        def _call(self, scope: Any, receive: Any, send: Any) -> Any:
            scope["extensions"] = {TRANSPORT: self.transport, STOPPING: stopping}
            return self._app(scope, receive, send)

        def send_400_response(self, msg: str) -> None:
            """Refuse bytes that are no HTTP. Responses to the requests before them are sent first, and the
            last one ends the connection. After the start of a response, only close the connection.
            """
            if self.finish_responses():
                return
            if _can_refuse(self.cycle) and _can_h11_respond(self):
                super().send_400_response(msg)
            else:
                self.transport.close()

        def _unsupported_upgrade_warning(self) -> None:
            """No warning: an upgrade offer may be ignored (RFC 9110, 7.8)."""

    return Protocol


def _serial(protocol_class: type[asyncio.Protocol]) -> type[asyncio.Protocol]:
    """The protocol with the parser in Python, which reads no request before the last response is sent."""
    base: Any = protocol_class

    class Serial(base):  # type: ignore[misc]
        def finish_responses(self) -> bool:
            """Whether responses to earlier requests are still to be sent: never."""
            return False

    return Serial


def _bounded(protocol_class: type[asyncio.Protocol]) -> type[asyncio.Protocol]:
    """The protocol with the parser in C, which limits neither heads nor trailers and stops at upgrade offers.

    Java's client offers HTTP/2 with each request, curl on demand. The parser treats the bytes after such a
    head as another protocol. Here a second parser continues.
    """
    import httptools

    base: Any = protocol_class

    class Parser(httptools.HttpRequestParser):
        def __init__(self, callbacks: Any, on_upgrade: Any) -> None:
            super().__init__(callbacks)
            self.set_dangerous_leniencies(lenient_data_after_close=True)
            self._on_upgrade = on_upgrade

        def feed_data(self, data: Any) -> None:
            try:
                super().feed_data(data)
            except httptools.HttpParserUpgrade as offer:
                self._on_upgrade(data[offer.args[0] :])

    class Bounded(base):  # type: ignore[misc]
        cycle: Any

        def __init__(self, **options: Any) -> None:
            super().__init__(**options)
            self.parser = Parser(self, self._continue)
            self._idle_bytes = 0
            self._running: Any = None
            self._reads_no_more = False

        def data_received(self, data: bytes) -> None:
            if self._reads_no_more:
                return
            self._idle_bytes += len(data)
            super().data_received(data)
            if self._idle_bytes > MAX_IDLE_BYTES and not self.transport.is_closing():
                if self.finish_responses():
                    return
                if _can_refuse(self.cycle):
                    self.transport.write(_TOO_LARGE)
                self.transport.close()

        def finish_responses(self) -> bool:
            """Whether responses to whole requests are still to be sent. If so, nothing more is read, and the
            last of them ends the connection.
            """
            if self.pipeline and self.cycle.more_body:
                # The rest of this request never comes.
                self.pipeline.popleft()
                self.cycle = self.pipeline[0][0] if self.pipeline else self._running
            cycle = self.cycle
            if cycle is None or cycle.more_body or cycle.response_complete:
                return False
            cycle.keep_alive = False
            self._reads_no_more = True
            return True

        def connection_lost(self, exc: Exception | None) -> None:
            # uvicorn tells only the newest request, which is not the running one if more came at once.
            running, self._running = self._running, None
            if running is not None and not running.response_complete:
                running.disconnected = True
                running.message_event.set()
            super().connection_lost(exc)

        def _start_asgi_task(self, cycle: Any, app: Any) -> None:
            self._running = cycle
            super()._start_asgi_task(cycle, app)

        def on_headers_complete(self) -> None:
            self._idle_bytes = 0
            super().on_headers_complete()
            # Trailers arrive by the same callback as headers, but must not become headers.
            self.headers: list[tuple[bytes, bytes]] = []

        def on_body(self, body: bytes) -> None:
            self._idle_bytes = 0
            super().on_body(body)

        def on_message_complete(self) -> None:
            if not self.parser.should_upgrade():
                super().on_message_complete()

        def _continue(self, rest: bytes) -> None:
            """Continue after the head of a request with an upgrade offer, as if it had none."""
            if self.scope["method"] == "CONNECT":  # the following bytes are never HTTP
                super().on_message_complete()
                return
            framing = [
                name + b": " + value + b"\r\n" for name, value in self.scope["headers"] if name in _FRAMING
            ]
            self.parser = Parser(_SecondParserCallbacks(self), self._continue)
            self.parser.feed_data(b"".join((b"POST / HTTP/1.1\r\n", *framing, b"\r\n")))
            if rest:
                self.parser.feed_data(rest)

    return Bounded


def _can_h11_respond(protocol: Any) -> bool:
    """Whether the parser in Python, where it is in use, is in a state in which it can send a response."""
    if not hasattr(protocol, "conn"):
        return True
    import h11  # only now: with the parser in C it is not loaded at all

    return protocol.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE)


def _can_refuse(cycle: Any) -> bool:
    """Whether the connection itself may write a response: no request is running, or its response has not
    begun.
    """
    if cycle is None or (cycle.response_complete and not cycle.more_body):
        return True
    return bool(cycle.more_body and not cycle.response_started)


class _SecondParserCallbacks:
    """Passes a parser's callbacks to the protocol, except those of the first head: that one is known."""

    def __init__(self, protocol: Any) -> None:
        self._protocol = protocol
        self._skips = True
        self.on_body = protocol.on_body
        self.on_message_complete = protocol.on_message_complete

    def on_message_begin(self) -> None:
        if not self._skips:
            self._protocol.on_message_begin()

    def on_url(self, url: bytes) -> None:
        if not self._skips:
            self._protocol.on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._skips:
            self._protocol.on_header(name, value)

    def on_headers_complete(self) -> None:
        if not self._skips:
            self._protocol.on_headers_complete()
        self._skips = False


class _RedactingLogger:
    """The access logger without the secrets in queries. The arguments of `info` are uvicorn's."""

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger

    def info(
        self, message: str, client: str, method: str, target: str, http_version: str, status: int
    ) -> None:
        """Log a request; `target` is its path and query."""
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
