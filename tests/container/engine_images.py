"""Images and containers in Docker or Podman."""

from __future__ import annotations

import contextlib
import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from time import perf_counter
from typing import Any

from tests.container.images import Container, Image, ids_in, output_of


class EnginesImage(Image):
    """An image in an engine's store."""

    def __init__(self, engine: str, name: str, size: int, own_size: int) -> None:
        self._engine = engine
        super().__init__(name, size, own_size)

    def _inspected(self) -> dict[str, Any]:
        [inspected] = json.loads(output_of(self._engine, "image", "inspect", self.name))
        configuration: dict[str, Any] = inspected["Config"]
        # Podman has it one level up.
        configuration.setdefault("Healthcheck", inspected.get("Healthcheck"))
        return configuration

    def output(self, *command: str, root: bool = False) -> str:
        user = ["--user", "0"] if root else []
        return output_of(
            self._engine, "run", "--rm", *user, "--entrypoint", command[0], self.name, *command[1:]
        )

    @contextlib.contextmanager
    def started(
        self,
        *arguments: str,
        variables: Mapping[str, str] | None = None,
        mounts: Mapping[str, str] | None = None,
        read_only: bool = False,
    ) -> Iterator[Container]:
        options = ["--publish", "127.0.0.1::8080", *(["--read-only", "--tmpfs", "/tmp"] if read_only else [])]
        options += [
            part for name, value in (variables or {}).items() for part in ("--env", f"{name}={value}")
        ]
        options += [
            part for inside, path in (mounts or {}).items() for part in ("--volume", f"{path}:{inside}:ro")
        ]
        begun = perf_counter()
        container_id = output_of(self._engine, "run", "--detach", *options, self.name, *arguments)
        try:
            yield _EnginesContainer(self._engine, container_id, self.configuration.health_command, begun)
        finally:
            output_of(self._engine, "rm", "--force", container_id)


class _EnginesContainer(Container):
    def __init__(self, engine: str, container_id: str, health_command: Sequence[str], begun: float) -> None:
        self._engine, self._id, self._health_command, self.begun = engine, container_id, health_command, begun
        ports = subprocess.run(
            [engine, "port", container_id, "8080"], capture_output=True, text=True, check=False
        ).stdout
        self.url = f"http://{ports.splitlines()[0]}" if ports else ""

    def announcement(self) -> str:
        with subprocess.Popen(
            [self._engine, "logs", "--follow", self._id], stdout=subprocess.PIPE, text=True
        ) as following:
            line = following.stdout.readline() if following.stdout else ""
            following.kill()
        return line

    def user(self) -> tuple[int, int]:
        return ids_in(output_of(self._engine, "exec", self._id, "cat", "/proc/1/status"))

    def health(self) -> tuple[int, str]:
        ended = subprocess.run(
            [self._engine, "exec", self._id, *self._health_command],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return ended.returncode, (ended.stdout + ended.stderr).strip()

    def stopped(self) -> int:
        subprocess.run([self._engine, "kill", "--signal", "TERM", self._id], capture_output=True, check=False)
        return int(output_of(self._engine, "wait", self._id))

    def errors(self) -> str:
        return subprocess.run(
            [self._engine, "logs", self._id], capture_output=True, text=True, check=True
        ).stderr

    def written(self) -> set[str]:
        paths = {line.partition(" ")[2] for line in output_of(self._engine, "diff", self._id).splitlines()}
        return {path for path in paths if path.split("/")[1] != "tmp"}
