"""Run an application on uvicorn: in the foreground until a signal, or on a background thread."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import threading
import warnings
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from types import FrameType
from typing import TYPE_CHECKING, Self

from ep_mock.errors import UsageError
from ep_mock.serving.event_loops import new_event_loop
from ep_mock.serving.sockets import BoundSockets, listen

if TYPE_CHECKING:
    from ssl import SSLContext

    from starlette.types import ASGIApp

    from ep_mock.serving.uvicorn_server import UvicornServer
    from ep_mock.settings import LogFormat

FOREGROUND_SHUTDOWN_TIMEOUT = 0.3
THREAD_SHUTDOWN_TIMEOUT = 0.025
"""Seconds that running requests get to finish when a server stops."""


class ServerThread:
    """An application, served over HTTP by a background thread with an event loop of its own.

    `start` returns when requests are accepted, `stop` when the port is free again; neither sleeps. Requests
    that are running at `stop` get `THREAD_SHUTDOWN_TIMEOUT` seconds to finish, then they are cancelled: so
    `stop` takes less than 50 ms. A stopped server can be started again; with port 0 the port changes. No
    signal handler is installed and no logger is changed. The thread never keeps the process alive. Every
    thread may call all methods.

    A server that is dropped without `stop` is stopped, with a `ResourceWarning`. After a fork the server
    belongs to the parent: `stop` in the child has no effect.
    """

    def __init__(
        self,
        app: ASGIApp,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        access_log: bool = False,
        tls: SSLContext | None = None,
    ) -> None:
        self._app = app
        self._host = host
        self._port = port
        self._access_log = access_log
        self._tls = tls
        self._bound_sockets: BoundSockets | None = None
        self._thread: threading.Thread | None = None
        self._changing = threading.Lock()
        self._process = 0

    @property
    def url(self) -> str:
        """The address for clients on this machine, `http://127.0.0.1:43210`; it stays after a stop."""
        return self._bound.client_url

    @property
    def port(self) -> int:
        """The real port, even if the requested one was 0."""
        return self._bound.port

    @property
    def _bound(self) -> BoundSockets:
        if self._bound_sockets is None:
            raise UsageError(
                "the server has no address before it is started; call start(), or use it in a with statement"
            )
        return self._bound_sockets

    def start(self) -> Self:
        """
        Raises:
            UsageError: the host or port cannot be used, or the server is running already.
        """
        with self._changing:
            if self._thread is not None and self._process == os.getpid():
                raise UsageError(f"the server is running already, on {self.url}")
            from ep_mock.serving.uvicorn_server import UvicornServer

            self._bound_sockets = listen(self._host, self._port, scheme=_scheme(self._tls))
            self._server = UvicornServer(
                self._app,
                shutdown_timeout=THREAD_SHUTDOWN_TIMEOUT,
                access_log=self._access_log,
                tls=self._tls,
            )
            runner = asyncio.Runner(loop_factory=new_event_loop)
            self._loop = runner.get_loop()
            listening: Future[None] = Future()
            # The thread must not hold a reference to `self`: otherwise a dropped server would run for ever.
            arguments = (runner, self._server, self._bound_sockets, listening)
            self._thread = threading.Thread(
                target=_serve_in_thread, args=arguments, name="ep-mock-server", daemon=True
            )
            self._process = os.getpid()
            self._dropped = weakref.finalize(
                self, _stop_dropped, self._loop, self._server, self.url, self._process
            )
            self._dropped.atexit = False
            self._thread.start()
        try:
            listening.result()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Stop the server if it is running. Returns when the port is free, in each thread that calls it."""
        if self._process != os.getpid():
            return
        with self._changing:
            if self._thread is None:
                return
            self._dropped.detach()
            _stop_soon(self._loop, self._server)
            self._thread.join()
            self._thread = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


def _serve_in_thread(
    runner: asyncio.Runner, server: UvicornServer, bound: BoundSockets, listening: Future[None]
) -> None:
    try:
        with runner, contextlib.closing(bound):
            runner.run(server.serve(bound.sockets, on_listening=lambda: listening.set_result(None)))
    except BaseException as error:
        if listening.done():
            raise
        listening.set_exception(error)


def _stop_soon(loop: asyncio.AbstractEventLoop, server: UvicornServer) -> None:
    with contextlib.suppress(RuntimeError):  # the loop is closed: the server has ended
        loop.call_soon_threadsafe(server.stop)


def _stop_dropped(loop: asyncio.AbstractEventLoop, server: UvicornServer, url: str, process: int) -> None:
    if process != os.getpid():
        return
    _stop_soon(loop, server)
    hint = "use it in a with statement, or keep it and call stop()"
    warnings.warn(
        f"the server at {url} was dropped without stop() and ends now; {hint}", ResourceWarning, stacklevel=1
    )


def serve(
    app: ASGIApp,
    host: str,
    port: int,
    *,
    on_listening: Callable[[str], None],
    shutdown_timeout: float = FOREGROUND_SHUTDOWN_TIMEOUT,
    access_log: bool = False,
    log_format: LogFormat = "text",
    tls: SSLContext | None = None,
) -> int:
    """Serve `app` until SIGINT, SIGTERM or SIGHUP (on Windows Ctrl+C or Ctrl+Break); return the exit code.

    The first signal gives running requests `shutdown_timeout` seconds to finish; the code is 0. A second
    signal cuts them off; the code is 128 plus its number. The previous signal handlers are restored. Call it
    in the main thread: only that one receives signals.

    Args:
        on_listening: gets the URL, with the real port, when requests are accepted.

    Raises:
        UsageError: the host or port cannot be used. Nothing else has happened then.
    """
    with contextlib.closing(listen(host, port, scheme=_scheme(tls))) as bound:
        from ep_mock.serving.logs import foreground_logging
        from ep_mock.serving.uvicorn_server import UvicornServer

        server = UvicornServer(
            app,
            shutdown_timeout=shutdown_timeout,
            access_log=access_log,
            log_config=foreground_logging(log_format),
            tls=tls,
        )
        with (
            asyncio.Runner(loop_factory=new_event_loop) as runner,
            _stopped_by_signals(server, runner.get_loop()) as signals,
        ):
            runner.run(server.serve(bound.sockets, on_listening=lambda: on_listening(bound.url)))
    return 128 + signals[-1] if len(signals) > 1 else 0


def _scheme(tls: SSLContext | None) -> str:
    return "https" if tls else "http"


@contextlib.contextmanager
def _stopped_by_signals(server: UvicornServer, loop: asyncio.AbstractEventLoop) -> Iterator[list[int]]:
    """The first signal stops the server, a second one forces it. Yields the received signals in order."""
    received: list[int] = []

    def receive(number: int, _: FrameType | None) -> None:
        received.append(number)
        # Unlike `loop.add_signal_handler`, this works on Windows too.
        loop.call_soon_threadsafe(server.stop if len(received) == 1 else server.force_stop)

    handled = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGBREAK") if hasattr(signal, name)]
    # With `nohup` the signal is ignored: the server should outlive its terminal.
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        handled.append(signal.SIGHUP)
    previous = {number: signal.signal(number, receive) for number in handled}
    try:
        yield received
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
