"""`ep-mock serve` as a separate process, and clients that use it over sockets."""

from __future__ import annotations

import http.client
import json
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.cli.commands import COMMAND, environment


class Program:
    """A server process, with its `url` and `port`. The end of a `with` statement kills it."""

    def __init__(self, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [*COMMAND, "serve", "--port", "0", *arguments],
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert "listening on" in line, line + self.process.communicate()[1]
        self.url = line.split()[-1]
        self.port = int(self.url.rpartition(":")[2])

    def end(self, number: int) -> tuple[int, str]:
        """Send a signal; return the exit code and the text on standard error."""
        self.process.send_signal(number)
        _, errors = self.process.communicate(timeout=30)
        return self.process.returncode, errors

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


class SocketClient:
    """One connection to a server, for one store. An answer of 5xx is an error of the test."""

    def __init__(self, port: int, store: str = "default") -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self._headers = {"Authorization": "Bearer of-a-test", "X-EP-Mock-Store": store}
        self.requests = 0

    def __call__(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        self._connection.request(method, path, None if body is None else json.dumps(body), self._headers)
        response = self._connection.getresponse()
        raw = response.read()
        self.requests += 1
        assert response.status < 500, f"{method} {path}: {response.status} {raw[:500]!r}"
        return response.status, json.loads(raw) if raw else None

    def text(self, target: str) -> str:
        """The file at a path, as text."""
        self._connection.request("GET", target, headers=self._headers)
        response = self._connection.getresponse()
        self.requests += 1
        assert response.status == 200, target
        return response.read().decode()

    def close(self) -> None:
        self._connection.close()


def state_arguments(path: Path) -> list[str]:
    """Arguments for a server that saves its stores."""
    return ["--state", str(path), "--clock", "manual", "--seed", "tests"]
