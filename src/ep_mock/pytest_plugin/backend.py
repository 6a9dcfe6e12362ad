"""The backend of the fixtures: an ep-mock server with one store, which is reset for each test."""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, Final, ParamSpec, TypeVar

import pytest

from ep_mock.entropy import new_seed
from ep_mock.errors import EpMockError, UsageError
from ep_mock.fixtures.files import fixture_paths, read_document
from ep_mock.handle import Handle, HandleError, RefusedError
from ep_mock.mock_server import MockServer
from ep_mock.pytest_plugin import option
from ep_mock.pytest_plugin.options import configured_settings, marker_arguments
from ep_mock.settings import Settings, setting_names
from ep_mock.web.app import Application

DEFAULT_CLOCK: Final = "poll"
"""The clock of tests. A client that polls jobs sees every status, however slow the worker is."""

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")


class RemoteServer:
    """The server that `--ep-mock-url` names.

    Attributes:
        url: its address, without a slash at the end.
        handle: steers the store of this session.
    """

    def __init__(self, url: str, handle: Handle) -> None:
        self.url = url
        self.handle = handle


def fail_with_message(function: Callable[_Arguments, _Result]) -> Callable[_Arguments, _Result]:
    """Turn errors of ep-mock into a failed test that shows only the message."""

    @functools.wraps(function)
    def wrapper(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Result:
        try:
            return function(*args, **kwargs)
        except EpMockError as error:
            message = f"ep-mock: {error}"
        pytest.fail(message, pytrace=False)

    return wrapper


class Backend(ABC):
    """The server of one pytest session.

    Attributes:
        seed: the seed of the session.
    """

    def __init__(self, config: pytest.Config, fixture_settings: Settings | Mapping[str, Any]) -> None:
        self._config = config
        self._settings = configured_settings(config, fixture_settings)
        self._documents: dict[str, list[Any]] = {}
        self.seed = option(config, "seed") or self._settings.get("seed") or new_seed()
        self._seed_of_test = self.seed

    @abstractmethod
    def server(self) -> MockServer | RemoteServer:
        """Return the running server."""

    @abstractmethod
    def application(self) -> Application:
        """Return the application in this process.

        Raises:
            UsageError: there is none.
        """

    @abstractmethod
    def close(self) -> None:
        """Stop everything that this backend started."""

    @fail_with_message
    def fresh_store(self, test: pytest.Item, fixture_settings: Settings | Mapping[str, Any]) -> Handle:
        """Reset the store to the settings and fixtures of a test, and return a handle for it."""
        marker = marker_arguments(test)
        configured = configured_settings(self._config, fixture_settings)
        changes = {**self._changed_settings(configured), **marker.settings}
        self._seed_of_test = marker.settings.get("seed") or self.seed
        handle = self._new_handle()
        fixtures = (*self._fixtures_to_load(configured), *marker.fixtures)
        documents = [document for fixture in fixtures for document in self._documents_of(fixture)]
        try:
            handle.reset(**changes)
            for document in documents:
                handle.load_fixture(document)
        except RefusedError as error:
            raise UsageError(
                f"the store refused the settings or fixtures of this test: {error.reasons}"
            ) from None
        of_marker = {name: value for name, value in marker.settings.items() if name in setting_names("store")}
        if of_marker and any("settings" in document for document in documents):
            # Settings of the marker override those of fixtures.
            handle.settings(**of_marker)
        return handle

    def report(self, handle: Handle) -> str:
        """Describe the store of a failed test, and how to repeat the test."""
        try:
            return f"{handle.report()}\nto repeat the same ids and codes: --ep-mock-seed={self._seed_of_test}"
        except HandleError as error:
            return str(error)

    @abstractmethod
    def _new_handle(self) -> Handle:
        """Return a new handle for the store of this session."""

    @abstractmethod
    def _changed_settings(self, configured: Mapping[str, Any]) -> dict[str, Any]:
        """Return the settings that a reset has to change to get the configured ones.

        Raises:
            UsageError: one of them cannot change while the server runs.
        """

    def _fixtures_to_load(self, configured: Mapping[str, Any]) -> tuple[Any, ...]:
        """Return the configured fixtures that the server does not load itself."""
        return ()

    def _documents_of(self, fixture: Any) -> list[Any]:
        """Read a fixture: one document, or all of a folder. Each file is read once in a session."""
        if not isinstance(fixture, str):
            return [fixture]
        if fixture not in self._documents:
            self._documents[fixture] = [read_document(path) for path in fixture_paths(fixture)]
        return self._documents[fixture]
