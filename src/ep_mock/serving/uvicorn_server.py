"""uvicorn without its ticks: it starts and stops when told, not at the next tenth of a second.

A stock `uvicorn.Server` looks every 0.1 s whether it should stop, and sleeps 0.1 s while it stops. A test
suite that starts a server a test would wait 0.2 s in each. Here both waits are for events. A test pins what
this relies on of uvicorn.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterator
from socket import socket
from typing import TYPE_CHECKING, Any, cast

import uvicorn

from ep_mock.serving.connections import adapted

if TYPE_CHECKING:
    from ssl import SSLContext

    from starlette.types import ASGIApp

_KEEP_ALIVE_SECONDS = 75
"""Longer than clients keep idle connections: otherwise a request now and then meets a connection that is just
being closed.
"""


class UvicornServer(uvicorn.Server):
    """Serves `app` on sockets that listen already, until `stop`.

    Reads no environment, installs no signal handler, and changes no logger unless `log_config` is given.
    Answers carry neither
    `server` nor `date`: nothing in them depends on the machine's time. The application finds the connection's
        transport in the scope, under
    `TRANSPORT` in `extensions`, and under `STOPPING` whether the server stops. What comes before a request is
    complete is bounded.

    Args:
        app: any ASGI 3 application; it gets no lifespan events.
        grace: how many seconds requests that are being answered get to finish after `stop`; then they are
            cancelled.
        access_log: log each request to the logger `uvicorn.access`.
        log_config: what `logging.config` is to set up; None leaves logging alone.
        tls: serves https with this; None serves http.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        grace: float,
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
                # False would take the handlers of the logger away from every other server in this process.
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
        self._grace = grace
        self._stopping = asyncio.Event()
        self._patience: asyncio.Timeout | None = None
        self._connections = _Connections()
        self.server_state.connections = self._connections

    async def serve(
        self, sockets: list[socket] | None = None, *, on_listening: Callable[[], None] = lambda: None
    ) -> None:
        """Call `on_listening` once requests are accepted; return when stopped, all connections closed and all
        requests done.
        """
        self.config.load()
        self.config.ssl = self._tls
        self.config.http_protocol_class = adapted(
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
        """Stop accepting and finish, within the grace. To be called in the server's event loop."""
        self._stopping.set()

    def force_stop(self) -> None:
        """As `stop`, without any grace, even when it is running out already. To be called in the server's
        event loop.
        """
        self._grace = 0
        if self._patience:
            self._patience.reschedule(0)
        self.stop()

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for sock in sockets or ():
            sock.close()
        for connection in list(self._connections):
            connection.shutdown()
        try:
            async with asyncio.timeout(self._grace) as self._patience:
                await self._quiet()
        except TimeoutError:
            with _cancellations_unlogged():
                for task in self.server_state.tasks:
                    task.cancel()
                for connection in list(self._connections):
                    connection.transport.abort()
                await self._quiet()
        finally:
            self._patience = None

    async def _quiet(self) -> None:
        """Wait until no request is being answered and no connection is open."""
        while self.server_state.tasks:
            await asyncio.wait(self.server_state.tasks)
        await self._connections.wait_until_none()


class _Connections(set[Any]):
    """The open connections of a server. uvicorn's protocols add and discard themselves."""

    def __init__(self) -> None:
        super().__init__()
        self._emptied = asyncio.Event()

    def discard(self, connection: Any) -> None:
        super().discard(connection)
        if not self:
            self._emptied.set()

    async def wait_until_none(self) -> None:
        while self:
            self._emptied.clear()
            await self._emptied.wait()


@contextlib.contextmanager
def _cancellations_unlogged() -> Iterator[None]:
    """uvicorn reports a cancelled request as a crash of the application; here it is meant."""

    def is_crash(record: logging.LogRecord) -> bool:
        return not (record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError))

    logger = logging.getLogger("uvicorn.error")
    logger.addFilter(is_crash)
    try:
        yield
    finally:
        logger.removeFilter(is_crash)
