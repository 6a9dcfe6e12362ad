"""The backend without `--ep-mock-url`: a server in this process, started when a test needs its address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from ep_mock.errors import UsageError
from ep_mock.handle import Handle
from ep_mock.handle.connection import InProcessConnection
from ep_mock.mock_server import MockServer
from ep_mock.pytest_plugin.backend import DEFAULT_CLOCK, Backend, fail_with_message
from ep_mock.settings import RESET_SCOPES, Settings, setting_names
from ep_mock.web.app import Application


class EmbeddedBackend(Backend):
    """A server in this process. Handles call its application without a socket."""

    @fail_with_message
    def __init__(self, config: pytest.Config, fixture_settings: Settings | Mapping[str, Any]) -> None:
        super().__init__(config, fixture_settings)
        settings = {"port": 0, "clock": DEFAULT_CLOCK, **self._settings, "seed": self.seed}
        self._server = MockServer(Settings(**settings))
        self._connection = InProcessConnection(self._server.app, lambda: self.server().url)
        self._running = False

    @fail_with_message
    def server(self) -> MockServer:
        if not self._running:
            self._server.start()
            self._running = True
        return self._server

    def application(self) -> Application:
        return self._server.app

    def close(self) -> None:
        self._connection.close()
        self._server.stop()

    def _new_handle(self) -> Handle:
        settings = self._server.settings
        return Handle(
            self._connection,
            client_id=settings.client_id,
            client_secret=settings.client_secret,
            control_token=settings.control_token,
        )

    def _changed_settings(self, configured: Mapping[str, Any]) -> dict[str, Any]:
        settings = {"clock": DEFAULT_CLOCK, **configured, "seed": self.seed}
        changed = {
            name: value for name, value in settings.items() if getattr(self._server.settings, name) != value
        }
        for name in set(changed) - set(setting_names(*RESET_SCOPES)):
            raise UsageError(
                f"ep_mock_settings: {name} is a setting of the server, which is already running with "
                f"{getattr(self._server.settings, name)!r}; override the fixture for the whole session, or "
                "start another server with ep_mock.MockServer"
            )
        return changed
