"""The whole mock beside other work: `with MockServer(clock="manual") as mock: ...`."""

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

    In a `with` statement requests are accepted at its start and the port is free again at its end; neither
    sleeps. Without settings, any free port is taken; `MockServer(clock="manual", codes_limit=50)` changes
    single settings. The environment is not looked at. A server that was stopped and is started again still
    has its promotions, codes and jobs. One that is dropped without `stop` ends with a
    `ResourceWarning`, its state unsaved. A child after a fork has no part in it: there `stop` does nothing.

    Attributes:
        settings: what it was made with.
        app: the ASGI application, for calls that need no HTTP.

    Raises:
        UsageError: a setting, a fixture, a certificate, the host or the port cannot be used.
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
        """What a client takes for the address of the real service: `http://127.0.0.1:43210`, without a slash
        at the end.
        """
        return self._server.url

    @property
    def port(self) -> int:
        """The real port, also when 0 was asked for."""
        return self._server.port

    @property
    def seed(self) -> str:
        """The seed of all ids and codes, also when none was given; the same seed and clock start give the
        same ones again.
        """
        return self.app.stores.seed

    @cached_property
    def handle(self) -> Handle:
        """Steers the store `default`; `handle.of_store("other")` steers another one. It calls the application
        in process.
        """
        # Imported when needed: who only serves does without it.
        from ep_mock.handle.connection import InProcessConnection
        from ep_mock.handle.handle import Handle

        settings = self.settings
        return Handle(
            # It keeps the server itself running, and is not part of a circle that only the collector of
            # garbage would find.
            InProcessConnection(self.app, partial(_url_of, self._server)),
            client_id=settings.client_id,
            client_secret=settings.client_secret,
            control_token=settings.control_token,
        )

    def start(self) -> Self:
        """Accept requests, from now on.

        Raises:
            UsageError: the host or port cannot be used, the server is running already, or another one has its
                state file.
        """
        self.app.claim_state()
        self._server.start()
        self._process = os.getpid()
        return self

    def stop(self) -> None:
        """Stop accepting requests, if it does, and save the stores in the state file, if there is to be one.

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
