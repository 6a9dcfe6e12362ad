"""The measured servers, each in a process, and the system's numbers about them."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

MOCK = (sys.executable, "-m", "ep_mock", "serve")
REFERENCE = (sys.executable, str(Path(__file__).with_name("reference.py")))

_PATIENCE_SECONDS = 20.0
_LOOK_EVERY_SECONDS = 0.0005


class Server:
    """A new server.

    Attributes:
        port: where it listens, on 127.0.0.1.
        start_seconds: from the start of the process to the last byte of its first answer.
    """

    def __init__(self, command: tuple[str, ...], port: int, first_request: bytes) -> None:
        """Start it and wait for its answer to the first request.

        Raises:
            RuntimeError: it ended, or gave no answer with status 200.
        """
        self.port = port
        self._name = " ".join(command)
        began = time.perf_counter()
        self._process = subprocess.Popen(
            command, env=_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            answer = self._first_answer(first_request, began + _PATIENCE_SECONDS)
            self.start_seconds = time.perf_counter() - began
            if not answer.startswith(b"HTTP/1.1 200 "):
                raise RuntimeError(f"{self._name} answered {answer[:200]!r}")
        except BaseException:
            self.stop()
            raise

    def cpu_seconds(self) -> float:
        """Processor time used so far; 0 on systems other than Linux."""
        with contextlib.suppress(OSError):
            threads = Path(f"/proc/{self._process.pid}/task").glob("*/schedstat")
            return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e9
        return 0.0

    def memory_bytes(self) -> int | None:
        """Resident memory; None on systems other than Linux."""
        with contextlib.suppress(OSError):
            return int(Path(f"/proc/{self._process.pid}/statm").read_text().split()[1]) * os.sysconf(
                "SC_PAGE_SIZE"
            )
        return None

    def stop(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()

    def _first_answer(self, request: bytes, deadline: float) -> bytes:
        while True:
            try:
                with socket.create_connection(
                    ("127.0.0.1", self.port), timeout=_PATIENCE_SECONDS
                ) as connection:
                    connection.sendall(request)
                    return connection.recv(65536)
            except ConnectionRefusedError:
                if self._process.poll() is not None:
                    raise RuntimeError(f"{self._name} ended with {self._process.returncode}") from None
                if time.perf_counter() > deadline:
                    raise
                time.sleep(_LOOK_EVERY_SECONDS)


@contextlib.contextmanager
def running(command: tuple[str, ...], port: int, first_request: bytes) -> Iterator[Server]:
    """A server, stopped at the end."""
    server = Server(command, port, first_request)
    try:
        yield server
    finally:
        server.stop()


def free_port() -> int:
    """A port without a listener."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _environment() -> dict[str, str]:
    # Installed packages have bytecode. A shell that forbids writing it would compile at each start.
    return {
        name: value
        for name, value in os.environ.items()
        if name != "PYTHONDONTWRITEBYTECODE" and not name.startswith("EP_MOCK_")
    }
