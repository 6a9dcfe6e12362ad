"""A server and a shell beside it."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from ep_mock import MockServer
from tests.cli.shell import Shell
from tests.client import START
from tests.web.control.programs import SocketClient


@pytest.fixture
def server() -> Iterator[MockServer]:
    with MockServer(clock="manual", clock_start=START, seed="tests") as running:
        yield running


@pytest.fixture
def client(server: MockServer) -> Iterator[SocketClient]:
    connected = SocketClient(server.port)
    yield connected
    connected.close()


@pytest.fixture
def shell(server: MockServer) -> Shell:
    return Shell(server.url)


@pytest.fixture(scope="package", autouse=True)
def _no_variables_of_ours() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        for name in [name for name in os.environ if name.startswith("EP_MOCK_")]:
            patched.delenv(name)
        yield
