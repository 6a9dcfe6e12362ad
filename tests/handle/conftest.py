"""A handle in process, and one over HTTP: each test runs with both."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ep_mock import MockServer
from ep_mock.handle import Handle
from tests.client import START


@pytest.fixture(scope="session")
def served() -> Iterator[MockServer]:
    """One server for all tests of a worker; each test resets its store."""
    with MockServer(clock="manual", clock_start=START, seed="tests") as server:
        yield server


@pytest.fixture(scope="session")
def over_http(served: MockServer) -> Iterator[Handle]:
    with Handle.connect(served.url) as handle:
        yield handle


@pytest.fixture(params=["in process", "over HTTP"])
def mock(request: pytest.FixtureRequest, served: MockServer, over_http: Handle) -> Handle:
    """A handle of a store with a manual clock that starts at `START`."""
    handle = served.handle if request.param == "in process" else over_http
    handle.reset()
    return handle
