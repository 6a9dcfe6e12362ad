"""The ep-mock of one pytest session: started for it, or running elsewhere. Each test gets a store that begins
anew.
"""

from __future__ import annotations

import contextlib
import functools
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, ParamSpec, TypeVar

import msgspec
import pytest

from ep_mock.entropy import new_seed
from ep_mock.errors import EpMockError, UsageError
from ep_mock.fixtures.files import fixture_paths, read_document
from ep_mock.handle import Handle, HandleError, RefusedError
from ep_mock.handle.connection import Connection, HttpConnection, InProcessConnection
from ep_mock.mock_server import MockServer
from ep_mock.pytest_plugin import option
from ep_mock.pytest_plugin.options import marked, only_of_a_store, settings_given
from ep_mock.serving.tls import Verify, client_context
from ep_mock.settings import Settings, setting_names
from ep_mock.web.app import Application
from ep_mock.web.stores import DEFAULT_STORE

Given = Settings | Mapping[str, Any]

CLOCK: Final = "poll"
"""The clock of a test that says nothing: a client that polls jobs sees every status, whatever the pace of the
worker.
"""

_OF_CLIENTS: Final = ("client_id", "client_secret", "control_token", "fixtures", "port")
"""The settings of a server that a client of one elsewhere has a use for, or can do without."""

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")


class EpMockWarning(UserWarning):
    """Something about ep-mock that will surprise somebody."""


def _explained(function: Callable[_Arguments, _Result]) -> Callable[_Arguments, _Result]:
    """An error of ep-mock's own ends the test with its message alone."""

    @functools.wraps(function)
    def explaining(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Result:
        try:
            return function(*args, **kwargs)
        except EpMockError as error:
            message = f"ep-mock: {error}"
        pytest.fail(message, pytrace=False)

    return explaining


class Session(ABC):
    """What the fixtures are made of."""

    def __init__(self, config: pytest.Config, seed: str) -> None:
        self._config = config
        self._documents: dict[str, list[Any]] = {}
        self._seed_of_test = seed
        self.seed = seed

    @abstractmethod
    def server(self) -> MockServer | RemoteServer:
        """The server, running."""

    @abstractmethod
    def application(self) -> Application:
        """The application, where there is one in this process."""

    @abstractmethod
    def close(self) -> None:
        """End what was started."""

    @_explained
    def fresh_store(self, item: pytest.Item, given: Given) -> Handle:
        """A store that begins anew, as the settings and the markers of the test want it."""
        wanted = marked(item)
        said = settings_given(self._config, given)
        changes = {**self._differing(said), **wanted.changes}
        self._seed_of_test = wanted.changes.get("seed") or self.seed
        handle = self._handle()
        documents = [
            document
            for each in (*self._own_fixtures(said), *wanted.fixtures)
            for document in self._documents_of(each)
        ]
        try:
            handle.reset(**changes)
            for document in documents:
                handle.load_fixture(document)
        except RefusedError as error:
            raise UsageError(f"the store cannot be as this test wants it: {error.reasons}") from None
        own = {name: value for name, value in wanted.changes.items() if name in setting_names("store")}
        if own and any("settings" in document for document in documents):
            # What the test itself says beats what a fixture brings.
            handle.settings(**own)
        return handle

    def report(self, handle: Handle) -> str:
        """What has happened in a store, and how to have the same again."""
        try:
            return f"{handle.report()}\nto repeat the same ids and codes: --ep-mock-seed={self._seed_of_test}"
        except HandleError as error:
            return str(error)

    @abstractmethod
    def _handle(self) -> Handle:
        """A new handle for the store of this session."""

    @abstractmethod
    def _differing(self, said: Mapping[str, Any]) -> dict[str, Any]:
        """What a reset has to change so that a store is as these settings want it.

        Raises:
            UsageError: one of them is none that the server can still take.
        """

    def _own_fixtures(self, said: Mapping[str, Any]) -> tuple[Any, ...]:
        """Fixtures of the settings that the server does not load itself."""
        return ()

    def _documents_of(self, fixture: Any) -> list[Any]:
        """A fixture as plain data, of a folder all; each file is read once in a session."""
        if not isinstance(fixture, str):
            return [fixture]
        if fixture not in self._documents:
            self._documents[fixture] = [read_document(path) for path in fixture_paths(fixture)]
        return self._documents[fixture]


class _EmbeddedSession(Session):
    def __init__(self, config: pytest.Config, said: Mapping[str, Any]) -> None:
        super().__init__(config, option(config, "seed") or said.get("seed") or new_seed())
        self._server = MockServer(Settings(**{"port": 0, "clock": CLOCK, **said, "seed": self.seed}))
        self._connection: Connection = InProcessConnection(self._server.app, lambda: self.server().url)
        self._running = False

    @_explained
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

    def _handle(self) -> Handle:
        settings = self._server.settings
        return Handle(
            self._connection,
            client_id=settings.client_id,
            client_secret=settings.client_secret,
            control_token=settings.control_token,
        )

    def _differing(self, said: Mapping[str, Any]) -> dict[str, Any]:
        wanted = {"clock": CLOCK, **said, "seed": self.seed}
        differing = {
            name: value for name, value in wanted.items() if getattr(self._server.settings, name) != value
        }
        for name in set(differing) - set(setting_names("start", "store")):
            raise UsageError(
                f"ep_mock_settings: {name} is a setting of the server, which runs already with "
                f"{getattr(self._server.settings, name)!r}; "
                "override the fixture for the whole session, or start a server of your own with "
                "ep_mock.MockServer"
            )
        return differing


class RemoteServer:
    """The ep-mock that `--ep-mock-url` names.

    Attributes:
        url: its address, without a slash at the end.
        handle: steers the store of this session.
    """

    def __init__(self, url: str, handle: Handle) -> None:
        self.url = url
        self.handle = handle


class _RemoteSession(Session):
    def __init__(self, config: pytest.Config, said: Mapping[str, Any], url: str) -> None:
        super().__init__(config, option(config, "seed") or said.get("seed") or new_seed())
        self._check(said)
        self._connection = HttpConnection(url, _trusted(config))
        self._said = said
        worker: str | None = getattr(config, "workerinput", {}).get("workerid")
        self._store = DEFAULT_STORE if worker is None else f"pytest-{worker}"
        try:
            self._check_server()
        except BaseException:
            self._connection.close()
            raise

    def server(self) -> RemoteServer:
        return RemoteServer(self._connection.url, self._handle())

    @_explained
    def application(self) -> Application:
        raise UsageError(
            "the fixture ep_mock_app needs an application in this process, but --ep-mock-url names a server "
            "elsewhere"
        )

    def close(self) -> None:
        if self._store != DEFAULT_STORE:
            with contextlib.suppress(HandleError):
                self._handle().delete_store()
        self._connection.close()

    def _handle(self) -> Handle:
        said = self._said
        return Handle(
            self._connection,
            store=self._store,
            client_id=said.get("client_id", ""),
            client_secret=said.get("client_secret", ""),
            control_token=said.get("control_token", ""),
        )

    def _differing(self, said: Mapping[str, Any]) -> dict[str, Any]:
        self._check(said)
        return {"clock": CLOCK, **only_of_a_store(said), "seed": self.seed}

    def _own_fixtures(self, said: Mapping[str, Any]) -> tuple[Any, ...]:
        fixtures: tuple[Any, ...] = said.get("fixtures", ())
        return fixtures

    def _check(self, said: Mapping[str, Any]) -> None:
        for name in set(said) - set(only_of_a_store(said)) - set(_OF_CLIENTS):
            if said[name] != getattr(Settings, name):
                raise UsageError(
                    f"ep_mock_settings: {name} is a setting of the server, and --ep-mock-url names one that "
                    f"runs already; "
                    f"start that one with it, or leave out --ep-mock-url"
                )

    def _check_server(self) -> None:
        """Whether ep-mock is there, and whether code that logs in as this session reaches the session's own
        store.

        Raises:
            UsageError: something else is there.
        """
        handle = self._handle()
        try:
            handle.health()
        except (RefusedError, msgspec.DecodeError) as error:
            raise UsageError(
                f"at {self._connection.url} there is no ep-mock with a control plane: {error}"
            ) from None
        if self._store == DEFAULT_STORE and not self._said.get("client_id"):
            return
        handle.reset()
        form = (
            f"grant_type=client_credentials&client_id={handle.client_id}&client_secret={handle.client_secret}"
        )
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        self._connection.call("POST", "/oauth/access_token", headers, form.encode(), 0.0)
        if not handle.requests.count(operation="create_access_token"):
            warnings.warn(
                f"the server at {self._connection.url} does not choose the store by client id, or not by "
                f"this one: only requests with the "
                f"header X-EP-Mock-Store: {self._store} reach the store of these tests. Start it with "
                f"--stores client-id, or let the code "
                "under test send ep_mock.headers",
                EpMockWarning,
                stacklevel=2,
            )


def _trusted(config: pytest.Config) -> Verify:
    """Whom to trust at an https address."""
    path = option(config, "ca")
    if not path:
        return True
    if config.getoption("ep_mock_ca") is None and config.inipath is not None:
        path = str(config.inipath.parent / path)
    return client_context(path, said_by="--ep-mock-ca")


@contextlib.contextmanager
def open_session(config: pytest.Config, given: Given) -> Iterator[Session]:
    """The session's ep-mock, ended on the way out."""
    session = _open(config, given)
    try:
        yield session
    finally:
        session.close()


@_explained
def _open(config: pytest.Config, given: Given) -> Session:
    said = settings_given(config, given)
    url = option(config, "url")
    return _RemoteSession(config, said, url) if url else _EmbeddedSession(config, said)
