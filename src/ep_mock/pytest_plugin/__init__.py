"""ep-mock as part of pytest: fixtures, a marker, options, and a section in the report of a test that failed.

pytest loads this module in every session, whether ep-mock is used or not; so it imports nothing but pytest.
All else comes with the first test that asks for a fixture.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from ep_mock.handle import Handle
    from ep_mock.mock_server import MockServer
    from ep_mock.pytest_plugin.backends import RemoteServer, Session
    from ep_mock.settings import Settings
    from ep_mock.web.app import Application

_MARKER: Final = (
    "ep_mock(clock=..., timings=..., codes_limit=..., seed=..., fixtures=..., ...): settings of the store "
    "that the fixture ep_mock gives "
    "to the test, and fixtures to fill it with"
)
_USED: Final = pytest.StashKey[tuple["Session", "Handle"]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("ep-mock", "ep-mock, a double of the promotions API")
    group.addoption(
        "--ep-mock-url",
        metavar="URL",
        help="use the ep-mock that runs at URL, such as a container, instead of starting one",
    )
    group.addoption(
        "--ep-mock-ca",
        metavar="FILE",
        help="certificates (a PEM file) to trust at an https URL, instead of the system's",
    )
    group.addoption(
        "--ep-mock-seed",
        metavar="SEED",
        help="the seed of all ids and codes; a failed test tells the one it had",
    )
    parser.addini("ep_mock_url", "as --ep-mock-url", default="")
    parser.addini(
        "ep_mock_ca", "as --ep-mock-ca; the file is looked for beside the configuration file", default=""
    )
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
    parts = urlsplit(url)
    if url and (parts.scheme not in ("http", "https") or not parts.netloc):
        raise pytest.UsageError(
            f"--ep-mock-url: expected an address such as http://127.0.0.1:8080, got {url!r}"
        )


def pytest_report_header(config: pytest.Config) -> list[str]:
    told = {"at": option(config, "url"), "seed": option(config, "seed")}
    given = ", ".join(f"{name} {value}" for name, value in told.items() if value)
    return [f"ep-mock: {given}"] if given else []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    used = item.stash.get(_USED, None)
    if used is not None and report.failed:
        session, handle = used
        report.sections.append(("ep-mock", session.report(handle)))
    return report


def option(config: pytest.Config, name: str) -> str:
    """What the command line says, else the configuration file, else nothing."""
    given = config.getoption(f"ep_mock_{name}")
    return str(config.getini(f"ep_mock_{name}") if given is None else given)


@pytest.fixture(scope="session")
def ep_mock_settings() -> Settings | Mapping[str, Any]:
    """Settings for ep-mock; override it in a conftest.py with a mapping such as {"codes_limit": 50}, or with
    ep_mock.Settings.
    """
    return {}


@pytest.fixture(scope="session")
def _ep_mock_session(
    pytestconfig: pytest.Config, ep_mock_settings: Settings | Mapping[str, Any]
) -> Iterator[Session]:
    from ep_mock.pytest_plugin.backends import open_session

    with open_session(pytestconfig, ep_mock_settings) as session:
        yield session


@pytest.fixture(scope="session")
def ep_mock_server(_ep_mock_session: Session) -> MockServer | RemoteServer:
    """The ep-mock of this session, one for each xdist worker, or the one that --ep-mock-url names: `.url` and
    `.handle`.
    """
    return _ep_mock_session.server()


@pytest.fixture
def ep_mock(
    request: pytest.FixtureRequest, _ep_mock_session: Session, ep_mock_settings: Settings | Mapping[str, Any]
) -> Handle:
    """A fresh store for the test, whose clock is moved by polls: `.url`, `.promotions`, `.jobs`, `.clock`,
    `.requests` and more.
    """
    handle = _ep_mock_session.fresh_store(request.node, ep_mock_settings)
    request.node.stash[_USED] = (_ep_mock_session, handle)
    return handle


@pytest.fixture
def ep_mock_app(ep_mock: Handle, _ep_mock_session: Session) -> Application:
    """ep-mock as an ASGI application, without a socket; its store is fresh, and the one that the fixture
    ep_mock steers.
    """
    return _ep_mock_session.application()
