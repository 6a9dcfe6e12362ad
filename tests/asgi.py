"""Sends one request to an ASGI application, byte for byte: for requests that no HTTP client would send."""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_to_bytes

from starlette.types import ASGIApp

Header = tuple[bytes, bytes]


@dataclass
class RawAnswer:
    """The response of an application; the status is 0 if it sent nothing.

    Attributes:
        pieces: the pieces of the body.
        reads: number of times that the application asked for more of the request.
    """

    status: int = 0
    headers: list[Header] = field(default_factory=list)
    pieces: list[bytes] = field(default_factory=list)
    reads: int = 0

    @property
    def body(self) -> bytes:
        """The whole body."""
        return b"".join(self.pieces)


def request(
    app: ASGIApp,
    method: str,
    raw_path: bytes,
    *,
    query: bytes = b"",
    headers: Sequence[Header] = ((b"authorization", b"Bearer of-a-test"),),
    pieces: Sequence[bytes | None] = (b"",),
    server: tuple[str, int] = ("ep-mock.test", 80),
) -> RawAnswer:
    """Send a request with a body in pieces, and run the application to its end; at None the client leaves.

    The application may await only the request and the sending of its response.
    """
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote_to_bytes(raw_path).decode(errors="replace"),
        "raw_path": raw_path,
        "query_string": query,
        "root_path": "",
        "headers": list(headers),
        "client": ("127.0.0.1", 50000),
        "server": server,
    }
    answer = RawAnswer()

    async def receive() -> MutableMapping[str, Any]:
        answer.reads += 1
        piece = pieces[answer.reads - 1]
        if piece is None:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": piece, "more_body": answer.reads < len(pieces)}

    async def send(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            answer.status, answer.headers = message["status"], message["headers"]
        else:
            answer.pieces.append(message["body"])

    for awaited in app(scope, receive, send).__await__():
        raise RuntimeError(f"the application waits for {awaited!r}")
    return answer
