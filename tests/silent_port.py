"""A port at which nothing answers, and which nobody else gets meanwhile: a port that was just let go may be
another test's.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator


@contextlib.contextmanager
def silent_port() -> Iterator[int]:
    """A port of this machine that is taken and refuses connections, as long as the `with` statement lasts."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]
