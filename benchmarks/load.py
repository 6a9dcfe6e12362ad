"""A load generator: it repeats a few requests over keep-alive connections, on bare sockets.

It runs in another process than the server and needs less time per request than any server, so it measures the
server.
"""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import cycle, islice
from typing import NamedTuple, cast

from processes import Server

CONNECTIONS = 16

_END_OF_HEAD = b"\r\n\r\n"
_RECEIVE_BYTES = 262_144
_PATIENCE_SECONDS = 20.0


class Load(NamedTuple):
    """A number of requests, their time, and the server's processor time (0 if it is not available)."""

    requests: int
    seconds: float
    cpu_seconds: float

    def __add__(self, other: Load) -> Load:  # type: ignore[override]
        return Load(
            self.requests + other.requests, self.seconds + other.seconds, self.cpu_seconds + other.cpu_seconds
        )


def request(method: str, path: str, body: bytes = b"", *, headers: str = "") -> bytes:
    """A request as clients of the API send it, with optional header lines."""
    content = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if body else ""
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer benchmark\r\nAccept: "
        f"*/*\r\n{headers}{content}\r\n"
    )
    return head.encode() + body


def ask(port: int, message: bytes) -> tuple[bytes, bytes]:
    """The head and the body of the answer to one request."""
    with socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE_SECONDS) as connection:
        return _exchange(connection, message)


def put_load(server: Server, messages: Sequence[bytes], requests: int) -> Load:
    """Send a number of requests, the messages in turn, on several connections.

    Each connection sends its next request after the response to the last one. All responses must have the
    status line and the length of the first one. The first request and opening connections do not count.

    Raises:
        RuntimeError: an answer was different, or none came.
    """
    pending = islice(cycle(messages), requests)
    head, body = ask(server.port, next(pending))
    status, length = head.partition(b"\r\n")[0], len(head) + len(_END_OF_HEAD) + len(body)
    with ExitStack() as opened:
        selector = opened.enter_context(selectors.DefaultSelector())
        missing: dict[socket.socket, int] = {}
        for _ in range(min(CONNECTIONS, requests - 1)):
            connection = opened.enter_context(_connection(server.port))
            selector.register(connection, selectors.EVENT_READ)
            missing[connection] = length
        cpu, began = server.cpu_seconds(), time.perf_counter()
        for connection in missing:
            connection.sendall(next(pending))
        unanswered = requests - 1
        while unanswered:
            ready = selector.select(_PATIENCE_SECONDS)
            if not ready:
                raise RuntimeError(f"no answer for {_PATIENCE_SECONDS:.0f} s")
            for key, _ in ready:
                connection = cast("socket.socket", key.fileobj)
                received = connection.recv(_RECEIVE_BYTES)
                rest = missing[connection]
                if (
                    not received
                    or len(received) > rest
                    or (rest == length and not received.startswith(status))
                ):
                    raise RuntimeError(
                        f"expected {length} bytes that begin with {status!r}, got {received[:300]!r}"
                    )
                if len(received) < rest:
                    missing[connection] = rest - len(received)
                    continue
                missing[connection] = length
                unanswered -= 1
                message = next(pending, None)
                if message is not None:
                    connection.sendall(message)
        return Load(requests - 1, time.perf_counter() - began, server.cpu_seconds() - cpu)


def _connection(port: int) -> socket.socket:
    """A connection that has been used already."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE_SECONDS)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    _exchange(connection, request("GET", "/"))
    return connection


def _exchange(connection: socket.socket, message: bytes) -> tuple[bytes, bytes]:
    connection.sendall(message)
    received = b""
    while True:
        received += connection.recv(_RECEIVE_BYTES)
        head, end, body = received.partition(_END_OF_HEAD)
        if end and len(body) >= _content_length(head):
            return head, body


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    if b" 204 " not in head.partition(b"\r\n")[0]:
        raise RuntimeError(f"an answer without Content-Length: {head!r}")
    return 0
