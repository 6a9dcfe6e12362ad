"""A server that counts its connections and responds when the test says so."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PATIENCE = 60.0
"""Seconds after which a test fails. Nothing takes that long."""


class CountingServer(ThreadingHTTPServer):
    """Answers every request alike, that it is well, and keeps connections open.

    Attributes:
        opened: the number of connections that there were.
        requests: the methods of the requests that came.
        hang_up: whether the next request gets no answer but the end of its connection.
        gate: answers wait until it is set.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.changed = threading.Condition()
        self.opened = 0
        self.connections: set[socket.socket] = set()
        self.requests: list[str] = []
        self.hang_up = False
        self.gate = threading.Event()
        self.gate.set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def open_now(self) -> int:
        """The number of connections that are open."""
        return len(self.connections)

    def wait_until_open(self, number: int) -> None:
        """Return when exactly this number of connections is open."""
        with self.changed:
            assert self.changed.wait_for(lambda: self.open_now == number, PATIENCE), (
                f"{self.open_now} are open, not {number}"
            )

    def close_connections(self) -> None:
        """End every connection."""
        with self.changed:
            for connection in self.connections:
                connection.shutdown(socket.SHUT_RDWR)

    def wait_until_asked(self, number: int) -> None:
        """Return when this number of requests has arrived."""
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.requests) == number, PATIENCE), self.requests


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: CountingServer

    def setup(self) -> None:
        super().setup()
        with self.server.changed:
            self.server.opened += 1
            self.server.connections.add(self.connection)
            self.server.changed.notify_all()

    def finish(self) -> None:
        super().finish()
        with self.server.changed:
            self.server.connections.discard(self.connection)
            self.server.changed.notify_all()

    def answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with self.server.changed:
            self.server.requests.append(self.command)
            self.server.changed.notify_all()
        self.server.gate.wait(PATIENCE)
        if self.server.hang_up:
            self.server.hang_up = False
            self.close_connection = True
            return
        body = b'{"status":"ok","data":{"id":"1","type":"promotion"},"now":"","paused":true,"queue":[]}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_DELETE = answer  # noqa: N815  names that http.server looks for

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def counting_server() -> Iterator[CountingServer]:
    """A server that runs inside the `with` statement."""
    with CountingServer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.gate.set()
            server.shutdown()
            thread.join()
