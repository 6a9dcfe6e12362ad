"""Sessions of pytest inside a test, with no plugin but ep-mock's."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import uvicorn.protocols.http.auto  # noqa: F401  before the first in-process run: see `run`

from ep_mock import MockServer

Run = Callable[..., pytest.RunResult]


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run tests, given as source, with these arguments, in this process: it takes a tenth of a second.

    pytest forgets the modules that such a run imported first. httptools is a C extension whose exceptions
    change when it is imported again, so this file imports it before any run.
    """
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    for name in ("PYTEST_XDIST_WORKER", "PYTEST_XDIST_TESTRUNUID", "PYTEST_ADDOPTS"):
        monkeypatch.delenv(name, raising=False)

    def run(source: str, *arguments: str, **files: str) -> pytest.RunResult:
        pytester.makepyfile(test_sample=source, **files)
        return pytester.runpytest_inprocess(
            "-p", "ep_mock.pytest_plugin", "-p", "no:cacheprovider", "--strict-markers", *arguments
        )

    return run


@pytest.fixture(scope="session")
def elsewhere() -> Iterator[MockServer]:
    """A server that was started outside the session."""
    with MockServer(clock="manual") as server:
        yield server
