"""A server and its handle in one object: `with MockServer(clock="manual") as mock: ...`."""

from __future__ import annotations

import os
import threading
from functools import cached_property, partial
from typing import TYPE_CHECKING, Self, Unpack

from ep_mock.serving.run import ServerThread
from ep_mock.serving.tls import tls_context
from ep_mock.setting_keywords import SettingKeywords
from ep_mock.settings import Settings, resolve_settings
from ep_mock.web.app import create_app

if TYPE_CHECKING:
    from ep_mock.handle import Handle


class MockServer:
    """ep-mock, served over HTTP by a background thread.

    A `with` statement starts the server, and stops it and frees the port at the end, without sleeping.
    `MockServer(clock="manual", codes_limit=50)` changes single settings; the default port is any free one.
    Environment variables have no effect. A server that is stopped and started again keeps its promotions,
    codes and jobs. A server that is dropped without `stop` ends with a `ResourceWarning` and does not save
    its state. In a child process after a fork, `stop` does nothing.

    Attributes:
        settings: all settings of the server.
        app: the ASGI application, for calls without HTTP.

    Raises:
        UsageError: a setting, a fixture, a certificate, the host or the port is invalid.
    """

    def __init__(self, settings: Settings | None = None, **changes: Unpack[SettingKeywords]) -> None:
        self.settings = resolve_settings(settings, Settings(port=0), changes)
        self.app = create_app(self.settings)
        self._process: int | None = None
        self._stopping = threading.Lock()
        tls = tls_context(self.settings.tls_certificate, self.settings.tls_key)
        self._server = ServerThread(
            self.app, self.settings.host, self.settings.port, access_log=self.settings.access_log, tls=tls
        )

    @property
    def url(self) -> str:
        """The base URL for clients, without a slash at the end: `http://127.0.0.1:43210`."""
        return self._server.url

    @property
    def port(self) -> int:
        """The port that the server listens on, even if the setting is 0."""
        return self._server.port

    @property
    def seed(self) -> str:
        """The seed of all ids and codes, even if the setting is empty.

        The same seed, clock start and requests give the same ids and codes.
        """
        return self.app.stores.seed

    @cached_property
    def handle(self) -> Handle:
        """The handle for the store `default`. It works in process. `handle.of_store("x")` is for store x."""
        # Imported here because a server without a handle does not need it.
        from ep_mock.handle.connection import InProcessConnection
        from ep_mock.handle.handle import Handle

        settings = self.settings
        return Handle(
            # The connection keeps the server thread alive, and a reference to `self` would make a cycle that
            # only the garbage collector frees.
            InProcessConnection(self.app, partial(_url_of, self._server)),
            client_id=settings.client_id,
            client_secret=settings.client_secret,
            control_token=settings.control_token,
        )

    def start(self) -> Self:
        """Start to accept requests.

        Raises:
            UsageError: the host or port is unavailable, the server is already running, or another server
                uses the same state file.
        """
        self.app.claim_state()
        self._server.start()
        self._process = os.getpid()
        return self

    def stop(self) -> None:
        """Stop the server if it is running, and save the stores if there is a state file.

        Raises:
            UsageError: the state file cannot be written.
        """
        if self._process not in (None, os.getpid()):
            return
        if "handle" in vars(self):
            self.handle.close()
        with self._stopping:
            self._server.stop()
            self.app.save_state()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


def _url_of(server: ServerThread) -> str:
    return server.url
