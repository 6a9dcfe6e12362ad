"""A reserved port that refuses connections. A port that was just released may belong to another test."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator


@contextlib.contextmanager
def silent_port() -> Iterator[int]:
    """A port that is taken and refuses connections, during the `with` statement."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]
