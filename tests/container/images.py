"""A built image and containers of it, wherever they run."""

from __future__ import annotations

import contextlib
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple


class Configuration(NamedTuple):
    """How an image says it is to be run. Durations are seconds."""

    user: str
    variables: Mapping[str, str]
    command: Sequence[str]
    ports: Sequence[str]
    labels: Mapping[str, str]
    health_command: Sequence[str]
    health_interval: float


class Container(ABC):
    """A container that runs the image's command, or a command's arguments of a test's own. `begun` is when,
    by `perf_counter`.
    """

    url: str
    begun: float

    @abstractmethod
    def announcement(self) -> str:
        """The first line of its output, as soon as it is there; empty when it ends without one."""

    @abstractmethod
    def user(self) -> tuple[int, int]:
        """The user and group of its process."""

    @abstractmethod
    def health(self) -> tuple[int, str]:
        """How the image's health check ends inside it, and what it says."""

    @abstractmethod
    def stopped(self) -> int:
        """The exit code after a TERM, or after its end where it has ended by itself."""

    @abstractmethod
    def errors(self) -> str:
        """Its standard error, once it has stopped."""

    @abstractmethod
    def written(self) -> set[str]:
        """The paths outside /tmp that have changed since it began, once it has stopped."""


class Image(ABC):
    """An image as it was built."""

    def __init__(self, name: str, size: int, own_size: int) -> None:
        self.name, self.size, self.own_size = name, size, own_size
        self.configuration = _configuration(self._inspected())

    @abstractmethod
    def _inspected(self) -> dict[str, Any]: ...

    @abstractmethod
    def output(self, *command: str, root: bool = False) -> str:
        """What a command prints that runs in the image as its user, or as root."""

    @abstractmethod
    def started(
        self,
        *arguments: str,
        variables: Mapping[str, str] | None = None,
        mounts: Mapping[str, str] | None = None,
        read_only: bool = False,
    ) -> contextlib.AbstractContextManager[Container]:
        """A container beside the test. `mounts` are paths of this machine by paths inside, where they can
        only be read.
        """


def _configuration(config: Mapping[str, Any]) -> Configuration:
    health = config["Healthcheck"]
    return Configuration(
        user=config["User"],
        variables=dict(variable.split("=", 1) for variable in config["Env"]),
        command=[*config["Entrypoint"], *config["Cmd"]],
        ports=sorted(config["ExposedPorts"]),
        labels=config["Labels"],
        # Without a shell: `CMD`, and then the command.
        health_command=health["Test"][1:] if health["Test"][0] == "CMD" else [],
        health_interval=health["Interval"] / 1e9,
    )


def ids_in(status: str) -> tuple[int, int]:
    """The effective user and group in a process's status."""
    fields = dict(line.split(":", 1) for line in status.splitlines())
    return int(fields["Uid"].split()[1]), int(fields["Gid"].split()[1])


def output_of(*command: str) -> str:
    """What a command of this machine prints."""
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    if ended.returncode != 0:
        raise AssertionError(f"{command} ended with {ended.returncode}: {ended.stderr[-2000:]}")
    return ended.stdout.strip()
