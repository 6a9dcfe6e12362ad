"""The pytest plugin: fixtures, a marker, options, and a section in the report of a failed test.

pytest loads this module in every session. So it imports only pytest; the fixtures import the rest when a
test first uses them.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from ep_mock.handle import Handle
    from ep_mock.mock_server import MockServer
    from ep_mock.pytest_plugin.backend import Backend, RemoteServer
    from ep_mock.settings import Settings
    from ep_mock.web.app import Application

_MARKER: Final = (
    "ep_mock(clock=..., timings=..., codes_limit=..., seed=..., fixtures=..., ...): settings and fixtures "
    "for the store of the fixture ep_mock"
)
_USED: Final = pytest.StashKey[tuple["Backend", "Handle"]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("ep-mock", "ep-mock, a double of the promotions API")
    group.addoption(
        "--ep-mock-url",
        metavar="URL",
        help="use the running ep-mock at URL, such as a container, instead of starting one",
    )
    group.addoption(
        "--ep-mock-ca",
        metavar="FILE",
        help="certificates (a PEM file) to trust at an https URL, instead of the system's",
    )
    group.addoption(
        "--ep-mock-seed",
        metavar="SEED",
        help="the seed of all ids and codes; the report of a failed test shows it",
    )
    parser.addini("ep_mock_url", "as --ep-mock-url", default="")
    parser.addini("ep_mock_ca", "as --ep-mock-ca; the path is relative to the configuration file", default="")
    parser.addini("ep_mock_seed", "as --ep-mock-seed", default="")
    parser.addini(
        "ep_mock_settings",
        "settings for all tests, one a line: codes_limit = 50",
        type="linelist",
        default=[],
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", _MARKER)
    url = option(config, "url")
    if url:
        from ep_mock.setting_values import origin_of

        if not origin_of(url):
            raise pytest.UsageError(
                f"--ep-mock-url: expected an address such as http://127.0.0.1:8080, got {url!r}"
            )


def pytest_report_header(config: pytest.Config) -> list[str]:
    options = {"at": option(config, "url"), "seed": option(config, "seed")}
    text = ", ".join(f"{name} {value}" for name, value in options.items() if value)
    return [f"ep-mock: {text}"] if text else []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    used = item.stash.get(_USED, None)
    if used is not None and report.failed:
        backend, handle = used
        report.sections.append(("ep-mock", backend.report(handle)))
    return report


def option(config: pytest.Config, name: str) -> str:
    """Return an option from the command line, else from the configuration file, else an empty text."""
    value = config.getoption(f"ep_mock_{name}")
    return str(config.getini(f"ep_mock_{name}") if value is None else value)


@pytest.fixture(scope="session")
def ep_mock_settings() -> Settings | Mapping[str, Any]:
    """Settings for ep-mock. Override it in a conftest.py: return {"codes_limit": 50} or ep_mock.Settings."""
    return {}


@pytest.fixture(scope="session")
def _ep_mock_backend(
    pytestconfig: pytest.Config, ep_mock_settings: Settings | Mapping[str, Any]
) -> Iterator[Backend]:
    from ep_mock.pytest_plugin.embedded import EmbeddedBackend
    from ep_mock.pytest_plugin.remote import RemoteBackend

    kind: type[Backend] = RemoteBackend if option(pytestconfig, "url") else EmbeddedBackend
    backend = kind(pytestconfig, ep_mock_settings)
    yield backend
    backend.close()


@pytest.fixture(scope="session")
def ep_mock_server(_ep_mock_backend: Backend) -> MockServer | RemoteServer:
    """The server of this session (one for each xdist worker, or at --ep-mock-url): `.url` and `.handle`."""
    return _ep_mock_backend.server()


@pytest.fixture
def ep_mock(
    request: pytest.FixtureRequest, _ep_mock_backend: Backend, ep_mock_settings: Settings | Mapping[str, Any]
) -> Handle:
    """A fresh store with a poll clock: `.url`, `.promotions`, `.jobs`, `.clock`, `.requests` and more."""
    handle = _ep_mock_backend.fresh_store(request.node, ep_mock_settings)
    request.node.stash[_USED] = (_ep_mock_backend, handle)
    return handle


@pytest.fixture
def ep_mock_app(ep_mock: Handle, _ep_mock_backend: Backend) -> Application:
    """The ASGI application without a socket. Its store is that of the fixture ep_mock."""
    return _ep_mock_backend.application()
