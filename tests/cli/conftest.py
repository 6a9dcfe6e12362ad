"""The commands are tested without what the environment of the tests says to ep-mock."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="package", autouse=True)
def _no_variables_of_ours() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        for name in [name for name in os.environ if name.startswith("EP_MOCK_")]:
            patched.delenv(name)
        yield
