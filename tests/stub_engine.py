"""A container engine for Testcontainers: its HTTP API, with processes of this machine instead of containers.

Starting a container runs `ep-mock` with the container's environment and command on a free port. Files that
are copied into it are stored in a folder; paths in its environment point there.
"""

from __future__ import annotations

import io
import json
import re
import struct
import subprocess
import tarfile
import tempfile
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from tests.cli.commands import COMMAND, environment

_ID = "c" * 64
_MOCKS_PORT = "8080/tcp"


class StubEngine:
    """Serves the API for one container during a `with` statement, and ends its process.

    Attributes:
        created: the client's request that created the container.
        removed: whether the container was removed.
    """

    def __init__(self) -> None:
        self.created: dict[str, Any] = {}
        self.removed = False
        self._folder = tempfile.TemporaryDirectory()
        self._process: subprocess.Popen[str] | None = None
        self._lines: dict[int, list[str]] = {1: [], 2: []}
        self._readers: list[threading.Thread] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def variables(self) -> dict[str, str]:
        """The environment that makes Testcontainers use this engine and ignore the machine's configuration."""
        return {
            "DOCKER_HOST": f"tcp://127.0.0.1:{self._server.server_port}",
            "DOCKER_CONFIG": "no-such-folder",
            "TESTCONTAINERS_RYUK_DISABLED": "true",
            "TESTCONTAINERS_CONNECTION_MODE": "docker_host",
        }

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._end()
        self._folder.cleanup()

    def answer(self, method: str, target: str, body: bytes) -> tuple[int, bytes]:
        """Status and body of the response to a request; the version in the path is ignored."""
        query = parse_qs(urlsplit(target).query)
        match method, re.sub(r"^/v[0-9.]+", "", urlsplit(target).path):
            case "GET", "/version":
                return 200, json.dumps(
                    {"ApiVersion": "1.44", "MinAPIVersion": "1.24", "Version": "25.0.0"}
                ).encode()
            case "GET", path if path.startswith("/images/") and path.endswith("/json"):
                return 200, json.dumps({"Id": path.removeprefix("/images/").removesuffix("/json")}).encode()
            case "POST", "/containers/create":
                self.created = json.loads(body)
                return 201, json.dumps({"Id": _ID, "Warnings": []}).encode()
            case "PUT", path if path.endswith("/archive"):
                with tarfile.open(fileobj=io.BytesIO(body)) as archive:
                    for member in archive:
                        member.name = member.name.lstrip("/")
                        archive.extract(member, self._folder.name, filter="data")
                return 200, b""
            case "POST", path if path.endswith("/start"):
                self._start()
                return 204, b""
            case "GET", path if path == f"/containers/{_ID}/json":
                return 200, json.dumps(self._inspection()).encode()
            case "GET", path if path.endswith("/logs"):
                return 200, self._logs(
                    {stream for stream, name in ((1, "stdout"), (2, "stderr")) if query.get(name) == ["1"]}
                )
            case "DELETE", _:
                self._end()
                self.removed = True
                return 204, b""
        return 404, json.dumps({"message": f"the stub has no {method} {target}"}).encode()

    def _start(self) -> None:
        given: Mapping[str, str] = dict(variable.split("=", 1) for variable in self.created["Env"])
        inside = {name: value.replace("/etc/", f"{self._folder.name}/etc/") for name, value in given.items()}
        variables = environment(**inside, EP_MOCK_HOST="127.0.0.1", EP_MOCK_PORT="0")
        command = [*COMMAND, *(self.created.get("Cmd") or ["serve"])]
        process = self._process = subprocess.Popen(
            command, env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"
        )
        for stream, pipe in ((1, process.stdout), (2, process.stderr)):
            reader = threading.Thread(
                target=lambda lines, pipe: lines.extend(pipe), args=(self._lines[stream], pipe)
            )
            reader.start()
            self._readers.append(reader)

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            for reader in self._readers:
                reader.join()
            for pipe in (self._process.stdout, self._process.stderr):
                if pipe is not None:
                    pipe.close()

    def _inspection(self) -> dict[str, Any]:
        running = self._process is not None and self._process.poll() is None
        status = "created" if self._process is None else "running" if running else "exited"
        port = next(
            (line.rsplit(":", 1)[1].strip() for line in self._lines[1] if "listening on" in line), None
        )
        ports = {_MOCKS_PORT: [{"HostIp": "127.0.0.1", "HostPort": port}] if port else None}
        return {
            "Id": _ID,
            "Image": self.created["Image"],
            "Config": {"Tty": False},
            "State": {
                "Status": status,
                "Running": running,
                "ExitCode": self._process.poll() if self._process else None,
            },
            "NetworkSettings": {"Ports": ports},
        }

    def _logs(self, streams: set[int]) -> bytes:
        """Each line in a frame with the number of its stream."""
        if self._process is not None and self._process.poll() is not None:
            for reader in self._readers:
                reader.join()
        lines = [(stream, line.encode()) for stream in sorted(streams) for line in self._lines[stream]]
        return b"".join(struct.pack(">BxxxL", stream, len(line)) + line for stream, line in lines)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        engine = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _answer(self) -> None:
                body = (
                    self._chunks()
                    if self.headers.get("Transfer-Encoding")
                    else self.rfile.read(int(self.headers["Content-Length"] or 0))
                )
                status, answer = engine.answer(self.command, self.path, body)
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(answer)

            do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815 - the names that the server looks for

            def _chunks(self) -> bytes:
                body = b""
                while size := int(self.rfile.readline(), 16):
                    body += self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
                return body

            def log_message(self, format: str, *_: object) -> None:  # noqa: A002
                pass

        return Handler
