"""One write for a response: its head waits for the first piece of its body.

uvicorn writes the head and the body of a response one after the other, which are two system calls. They are
half of what a short response costs.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

_HEAD: Final = b"HTTP/1.1 "
_INTERIM: Final = b"HTTP/1.1 1"


class OneWriteTransport:
    """A connection's transport that holds the head of a response back until something follows it.

    What follows is the next write, `flush` (to be called when a response is complete: one to HEAD has no
    body) or `close`. An interim response (`100 Continue`) is not held back. What is written after the
    connection was closed is dropped: with some event loops the transport itself would raise. Everything
    else is the transport's own.
    """

    __slots__ = ("_held", "_transport")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._held = b""

    def write(self, data: bytes) -> None:
        """Write the data, behind the head that was held back."""
        if self._held:
            data, self._held = self._held + data, b""
        elif data.startswith(_HEAD) and not data.startswith(_INTERIM):
            self._held = data
            return
        if data and not self._transport.is_closing():
            self._transport.write(data)

    def flush(self) -> None:
        """Write what is held back."""
        if self._held:
            self.write(b"")

    def close(self) -> None:
        """Write what is held back, and close the connection."""
        self.flush()
        self._transport.close()

    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
