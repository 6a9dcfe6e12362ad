"""Running an application on uvicorn: in the foreground until a signal comes, or on a thread beside other
work.
"""

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

FOREGROUND_GRACE_SECONDS = 0.3
THREAD_GRACE_SECONDS = 0.025


class ServerThread:
    """An application, served over HTTP by one background thread with an event loop of its own.

    `start` returns when requests are accepted, `stop` when the port is free again; neither sleeps. A request
    that is still being answered at `stop` gets `THREAD_GRACE_SECONDS` to finish and is then cancelled, so
    `stop` stays under 50 ms whatever the clients do. A server that was stopped can be started again; with
    port 0 it then listens on another port. No signal handler is installed and no logger is changed. The
    thread never keeps the process alive. All methods may be called by any thread.

    A server that is dropped without `stop` is stopped, with a `ResourceWarning`. After a fork it stays with
        the parent: `stop` in the
    child does nothing to it.
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
        self._listeners: BoundSockets | None = None
        self._thread: threading.Thread | None = None
        self._changing = threading.Lock()
        self._process = 0

    @property
    def url(self) -> str:
        """Where clients on this machine reach the server, or did until it stopped:
        `http://127.0.0.1:43210`.
        """
        return self._bound.client_url

    @property
    def port(self) -> int:
        """The real port, also when 0 was asked for."""
        return self._bound.port

    @property
    def _bound(self) -> BoundSockets:
        if self._listeners is None:
            raise UsageError(
                "the server has no address before it is started; call start(), or use it in a with statement"
            )
        return self._listeners

    def start(self) -> Self:
        """
        Raises:
            UsageError: the host or port cannot be used, or the server is running already.
        """
        with self._changing:
            if self._thread is not None and self._process == os.getpid():
                raise UsageError(f"the server is running already, on {self.url}")
            from ep_mock.serving.uvicorn_server import UvicornServer

            self._listeners = listen(self._host, self._port, scheme=_scheme(self._tls))
            self._server = UvicornServer(
                self._app, grace=THREAD_GRACE_SECONDS, access_log=self._access_log, tls=self._tls
            )
            runner = asyncio.Runner(loop_factory=new_event_loop)
            self._loop = runner.get_loop()
            listening: Future[None] = Future()
            # What the thread holds on to must not lead back here: otherwise a server that nobody has any more
            # would run for ever.
            arguments = (runner, self._server, self._listeners, listening)
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
        """Stop the server; does nothing when it is not running. When several threads call it, each returns
        once the port is free.
        """
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
    runner: asyncio.Runner, server: UvicornServer, listeners: BoundSockets, listening: Future[None]
) -> None:
    try:
        with runner, contextlib.closing(listeners):
            runner.run(server.serve(listeners.sockets, on_listening=lambda: listening.set_result(None)))
    except BaseException as error:
        if listening.done():
            raise
        listening.set_exception(error)


def _stop_soon(loop: asyncio.AbstractEventLoop, server: UvicornServer) -> None:
    with contextlib.suppress(RuntimeError):  # the loop is closed: the server has ended by itself
        loop.call_soon_threadsafe(server.stop)


def _stop_dropped(loop: asyncio.AbstractEventLoop, server: UvicornServer, url: str, process: int) -> None:
    if process != os.getpid():
        return
    _stop_soon(loop, server)
    warnings.warn(
        f"the server at {url} was dropped without stop() and ends now; use it in a with statement, or keep "
        f"it and call stop()",
        ResourceWarning,
        stacklevel=1,
    )


def serve(
    app: ASGIApp,
    host: str,
    port: int,
    *,
    on_listening: Callable[[str], None],
    grace: float = FOREGROUND_GRACE_SECONDS,
    access_log: bool = False,
    log_format: LogFormat = "text",
    tls: SSLContext | None = None,
) -> int:
    """Serve `app` until SIGINT, SIGTERM or SIGHUP (on Windows Ctrl+C or Ctrl+Break), and return the exit code
    for the process.

    `on_listening` gets the URL, with the real port, once requests are accepted. The first signal lets
    requests that are being answered finish, for `grace` seconds at most, and the code is 0. A second signal
    cuts them off, and the code is 128 plus its
    number. The handlers that were there before are put back. To be called in the main thread: only there
        signals arrive.

    Raises:
        UsageError: the host or port cannot be used; raised before anything else happens.
    """
    with contextlib.closing(listen(host, port, scheme=_scheme(tls))) as listeners:
        from ep_mock.serving.logs import foreground_logging
        from ep_mock.serving.uvicorn_server import UvicornServer

        server = UvicornServer(
            app, grace=grace, access_log=access_log, log_config=foreground_logging(log_format), tls=tls
        )
        with (
            asyncio.Runner(loop_factory=new_event_loop) as runner,
            _stopped_by_signals(server, runner.get_loop()) as signals,
        ):
            runner.run(server.serve(listeners.sockets, on_listening=lambda: on_listening(listeners.url)))
    return 128 + signals[-1] if len(signals) > 1 else 0


def _scheme(tls: SSLContext | None) -> str:
    return "https" if tls else "http"


@contextlib.contextmanager
def _stopped_by_signals(server: UvicornServer, loop: asyncio.AbstractEventLoop) -> Iterator[list[int]]:
    """The first signal stops, a second forces; yields the signals that came, in order."""
    received: list[int] = []

    def receive(number: int, _: FrameType | None) -> None:
        received.append(number)
        # Windows has no `loop.add_signal_handler`; this works everywhere, and wakes the loop.
        loop.call_soon_threadsafe(server.stop if len(received) == 1 else server.force_stop)

    handled = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGBREAK") if hasattr(signal, name)]
    # Where it is ignored, somebody wants the server to outlive its terminal: `nohup`.
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        handled.append(signal.SIGHUP)
    previous = {number: signal.signal(number, receive) for number in handled}
    try:
        yield received
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
