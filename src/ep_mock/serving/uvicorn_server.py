"""uvicorn without polling: it starts and stops at once, not at the next tenth of a second.

A stock `uvicorn.Server` checks every 0.1 s whether it should stop, and sleeps 0.1 s while it stops. That
costs a test suite 0.2 s per server. Here both waits are for events. A test pins the parts of uvicorn that
this depends on.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterator
from socket import socket
from typing import TYPE_CHECKING, Any, cast

import uvicorn

from ep_mock.serving.connections import hardened_protocol

if TYPE_CHECKING:
    from ssl import SSLContext

    from starlette.types import ASGIApp

_KEEP_ALIVE_SECONDS = 75
"""Longer than clients keep idle connections. Otherwise a request sometimes meets a closing connection."""


class UvicornServer(uvicorn.Server):
    """Serves `app` on listening sockets until `stop`.

    Reads no environment, installs no signal handler, and changes no logger unless `log_config` is given.
    Responses have neither `server` nor `date`: nothing in them depends on the machine's time. The extensions
    of the scope hold the connection's transport (`TRANSPORT`) and whether the server is stopping
    (`STOPPING`). Bytes before a complete request are limited.

    Args:
        app: any ASGI 3 application; it gets no lifespan events.
        shutdown_timeout: number of seconds that running requests get to finish after `stop`; then they are
            cancelled.
        access_log: log each request to the logger `uvicorn.access`.
        log_config: a configuration for `logging.config`; None leaves logging alone.
        tls: None serves http.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        shutdown_timeout: float,
        access_log: bool = False,
        log_config: dict[str, Any] | None = None,
        tls: SSLContext | None = None,
    ) -> None:
        super().__init__(
            uvicorn.Config(
                cast("Any", app),
                interface="asgi3",
                ws="none",
                lifespan="off",
                log_config=log_config,
                # False would remove the handlers of the logger, which other servers in this process use too.
                access_log=True,
                proxy_headers=False,
                server_header=False,
                date_header=False,
                workers=1,
                forwarded_allow_ips="",
                timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            )
        )
        self._access_log = access_log
        self._tls = tls
        self._shutdown_timeout = shutdown_timeout
        self._stopping = asyncio.Event()
        self._deadline: asyncio.Timeout | None = None
        self._connections = _OpenConnections()
        self.server_state.connections = self._connections

    async def serve(
        self, sockets: list[socket] | None = None, *, on_listening: Callable[[], None] = lambda: None
    ) -> None:
        """Call `on_listening` when requests are accepted. Return when stopped, with no request or connection
        left.
        """
        self.config.load()
        self.config.ssl = self._tls
        self.config.http_protocol_class = hardened_protocol(
            self.config.http_protocol_class, self._stopping, access_log=self._access_log
        )
        self.lifespan = self.config.lifespan_class(self.config)
        await self.startup(sockets)
        try:
            on_listening()
            await self._stopping.wait()
        finally:
            await self.shutdown(sockets)

    def stop(self) -> None:
        """Stop accepting; finish within the shutdown timeout. Call it in the server's event loop."""
        self._stopping.set()

    def force_stop(self) -> None:
        """Stop without a shutdown timeout, even if one is running. Call it in the server's event loop."""
        self._shutdown_timeout = 0
        if self._deadline:
            self._deadline.reschedule(0)
        self.stop()

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for sock in sockets or ():
            sock.close()
        for connection in list(self._connections):
            connection.shutdown()
        try:
            async with asyncio.timeout(self._shutdown_timeout) as self._deadline:
                await self._wait_until_idle()
        except TimeoutError:
            with _cancellations_unlogged():
                for task in self.server_state.tasks:
                    task.cancel()
                for connection in list(self._connections):
                    connection.transport.abort()
                await self._wait_until_idle()
        finally:
            self._deadline = None

    async def _wait_until_idle(self) -> None:
        """Wait until no request is running and no connection is open."""
        while self.server_state.tasks:
            await asyncio.wait(self.server_state.tasks)
        await self._connections.wait_until_empty()


class _OpenConnections(set[Any]):
    """The open connections of a server. uvicorn's protocols add and remove themselves."""

    def __init__(self) -> None:
        super().__init__()
        self._emptied = asyncio.Event()

    def discard(self, connection: Any) -> None:
        super().discard(connection)
        if not self:
            self._emptied.set()

    async def wait_until_empty(self) -> None:
        while self:
            self._emptied.clear()
            await self._emptied.wait()


@contextlib.contextmanager
def _cancellations_unlogged() -> Iterator[None]:
    """Drop uvicorn's reports of cancelled requests as crashes: here they are intended."""

    def is_crash(record: logging.LogRecord) -> bool:
        return not (record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError))

    logger = logging.getLogger("uvicorn.error")
    logger.addFilter(is_crash)
    try:
        yield
    finally:
        logger.removeFilter(is_crash)
