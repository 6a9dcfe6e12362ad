"""The backend with `--ep-mock-url`: a server that is already running, such as a container."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
import pytest

from ep_mock.errors import UsageError
from ep_mock.handle import Handle, HandleError, RefusedError
from ep_mock.handle.connection import HttpConnection
from ep_mock.pytest_plugin import option
from ep_mock.pytest_plugin.backend import DEFAULT_CLOCK, Backend, RemoteServer, fail_with_message
from ep_mock.pytest_plugin.options import only_store_settings
from ep_mock.serving.tls import Verify, client_context
from ep_mock.settings import Settings
from ep_mock.web.app import Application
from ep_mock.web.stores import DEFAULT_STORE

_ALLOWED_SERVER_SETTINGS: Final = ("client_id", "client_secret", "control_token", "fixtures", "port")
"""The settings of a server that a client uses too, or can ignore."""


class EpMockWarning(UserWarning):
    """The session runs, but perhaps not as expected."""


class RemoteBackend(Backend):
    """A running server. Each worker of pytest-xdist uses a store of its own there."""

    @fail_with_message
    def __init__(self, config: pytest.Config, fixture_settings: Settings | Mapping[str, Any]) -> None:
        super().__init__(config, fixture_settings)
        _check_settings(self._settings)
        self._connection = HttpConnection(option(config, "url"), _trusted(config))
        worker: str | None = getattr(config, "workerinput", {}).get("workerid")
        self._store = DEFAULT_STORE if worker is None else f"pytest-{worker}"
        try:
            self._check_server()
        except BaseException:
            self._connection.close()
            raise

    def server(self) -> RemoteServer:
        return RemoteServer(self._connection.url, self._new_handle())

    @fail_with_message
    def application(self) -> Application:
        raise UsageError(
            "the fixture ep_mock_app needs the application in this process: run it without --ep-mock-url"
        )

    def close(self) -> None:
        if self._store != DEFAULT_STORE:
            with contextlib.suppress(HandleError):
                self._new_handle().delete_store()
        self._connection.close()

    def _new_handle(self) -> Handle:
        return Handle(
            self._connection,
            store=self._store,
            client_id=self._settings.get("client_id", ""),
            client_secret=self._settings.get("client_secret", ""),
            control_token=self._settings.get("control_token", ""),
        )

    def _changed_settings(self, configured: Mapping[str, Any]) -> dict[str, Any]:
        _check_settings(configured)
        return {"clock": DEFAULT_CLOCK, **only_store_settings(configured), "seed": self.seed}

    def _fixtures_to_load(self, configured: Mapping[str, Any]) -> tuple[Any, ...]:
        fixtures: tuple[Any, ...] = configured.get("fixtures", ())
        return fixtures

    def _check_server(self) -> None:
        """Check that the server is an ep-mock. Warn if the client id does not lead to the session's store.

        Raises:
            UsageError: the server is something else.
        """
        handle = self._new_handle()
        try:
            handle.health()
        except (RefusedError, msgspec.DecodeError) as error:
            raise UsageError(
                f"there is no ep-mock with a control plane at {self._connection.url}: {error}"
            ) from None
        if self._store == DEFAULT_STORE and not self._settings.get("client_id"):
            return
        handle.reset()
        self._log_in(handle)
        if not handle.requests.count(operation="create_access_token"):
            warnings.warn(
                f"requests with the client id {handle.client_id} do not reach the store of these tests at "
                f"{self._connection.url}, only requests with the header X-EP-Mock-Store: {self._store} do. "
                "Start the server with --stores client-id, or let the code under test send ep_mock.headers",
                EpMockWarning,
                stacklevel=2,
            )

    def _log_in(self, handle: Handle) -> None:
        """Log in as the code under test does: without a header that selects the store."""
        form = {
            "grant_type": "client_credentials",
            "client_id": handle.client_id,
            "client_secret": handle.client_secret,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        self._connection.call("POST", "/oauth/access_token", headers, urlencode(form).encode(), 0.0)


def _check_settings(configured: Mapping[str, Any]) -> None:
    for name in set(configured) - set(only_store_settings(configured)) - set(_ALLOWED_SERVER_SETTINGS):
        if configured[name] != getattr(Settings, name):
            raise UsageError(
                f"ep_mock_settings: {name} is a setting of the server, but the server at --ep-mock-url is "
                "already running; start that server with it, or omit --ep-mock-url"
            )


def _trusted(config: pytest.Config) -> Verify:
    """Whom to trust at an https address. A path in the configuration file is relative to that file."""
    path = option(config, "ca")
    if not path:
        return True
    if config.getoption("ep_mock_ca") is None and config.inipath is not None:
        path = str(config.inipath.parent / path)
    return client_context(path, argument="--ep-mock-ca")
