"""Images and containers without an engine: files that buildah has unpacked, and namespaces of this
machine.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from time import perf_counter
from typing import IO, Any

from tests.container.images import Container, Image, ids_in, output_of

BUILDAH = ("buildah", "--storage-driver", "vfs")

_ENTER = """
set -e
root=$1 user=$2 read_only=$3 mounts=$4
shift 4
mount --bind "$root" "$root"
printf '%s' "$mounts" | while IFS='|' read -r path inside; do
  mount --bind -o ro "$path" "$root$inside"
done
if [ "$read_only" = yes ]; then mount -o remount,ro,bind "$root"; mount -t tmpfs tmpfs "$root/tmp"; fi
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
cd "$root"
exec chroot --userspec="$user" "$root" /usr/bin/env --ignore-environment "$@"
"""
"""A container without an engine: its own mounts and process numbers, but the machine's network."""


class UnpackedImage(Image):
    """An image in buildah's storage. Its containers share one copy of its files, in which they must not
    change anything.
    """

    def __init__(self, name: str, size: int, own_size: int, folder: str) -> None:
        super().__init__(name, size, own_size)
        self._folder = folder

    def _inspected(self) -> dict[str, Any]:
        inspected: dict[str, Any] = json.loads(output_of(*BUILDAH, "inspect", "--type", "image", self.name))[
            "Docker"
        ]["config"]
        return inspected

    def output(self, *command: str, root: bool = False) -> str:
        return output_of(*self._entering(command, user="0:0" if root else self.configuration.user))

    @contextlib.contextmanager
    def started(
        self,
        *arguments: str,
        variables: Mapping[str, str] | None = None,
        mounts: Mapping[str, str] | None = None,
        read_only: bool = False,
    ) -> Iterator[Container]:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = str(free.getsockname()[1])
        given = {"EP_MOCK_PORT": port, **(variables or {})}
        command = [*self.configuration.command[:1], *(arguments or self.configuration.command[1:])]
        user = self.configuration.user
        entering = self._entering(
            command, user=user, variables=given, mounts=mounts or {}, read_only=read_only
        )
        checking = self._entering(self.configuration.health_command, user=user, variables=given)
        before = _files(self._folder)
        with tempfile.TemporaryFile("w+") as errors:
            begun = perf_counter()
            process = subprocess.Popen(entering, stdout=subprocess.PIPE, stderr=errors, text=True)
            container = _Process(
                process, errors, f"http://127.0.0.1:{port}", checking, self._folder, before, begun
            )
            try:
                yield container
            finally:
                container.signal("KILL")
                process.communicate(timeout=60)

    def _entering(
        self,
        command: Sequence[str],
        *,
        user: str,
        variables: Mapping[str, str] | None = None,
        mounts: Mapping[str, str] | None = None,
        read_only: bool = False,
    ) -> list[str]:
        merged = {**self.configuration.variables, **(variables or {})}
        mounted = "".join(f"{path}|{inside}\n" for inside, path in (mounts or {}).items())
        arguments = [
            self._folder,
            user,
            "yes" if read_only else "no",
            mounted,
            *(f"{name}={value}" for name, value in merged.items()),
        ]
        return ["unshare", "--mount", "--pid", "--fork", "sh", "-c", _ENTER, "sh", *arguments, *command]


class _Process(Container):
    def __init__(
        self,
        process: subprocess.Popen[str],
        errors: IO[str],
        url: str,
        checking: Sequence[str],
        folder: str,
        before: Mapping[str, object],
        begun: float,
    ) -> None:
        self._process, self._errors, self.url, self.begun = process, errors, url, begun
        self._checking, self._folder, self._before = checking, folder, before

    def announcement(self) -> str:
        return self._process.stdout.readline() if self._process.stdout else ""

    def user(self) -> tuple[int, int]:
        return ids_in(Path(f"/proc/{self._first()}/status").read_text())

    def health(self) -> tuple[int, str]:
        ended = subprocess.run(self._checking, capture_output=True, text=True, check=False, timeout=60)
        return ended.returncode, (ended.stdout + ended.stderr).strip()

    def stopped(self) -> int:
        self.signal("TERM")
        return self._process.wait(timeout=60)

    def signal(self, name: str) -> None:
        """To its first process: `unshare` ends with it, but not the other way round."""
        first = self._first()
        if first is not None:
            subprocess.run(["kill", f"-{name}", first], check=False)

    def errors(self) -> str:
        self._errors.seek(0)
        return self._errors.read()

    def written(self) -> set[str]:
        after = _files(self._folder)
        return {
            path for path in self._before.keys() | after.keys() if self._before.get(path) != after.get(path)
        }

    def _first(self) -> str | None:
        """The number, outside, of the process that is number 1 inside."""
        own = self._process.pid
        children = Path(f"/proc/{own}/task/{own}/children")
        return next(iter(children.read_text().split()), None) if children.exists() else None


def _files(folder: str) -> dict[str, object]:
    """What is known of each file below a folder, /tmp left out."""
    found: dict[str, object] = {}
    for parent, folders, files in os.walk(folder):
        inside = parent.removeprefix(folder) or "/"
        if inside == "/tmp":
            folders.clear()
            continue
        for name in (*folders, *files):
            about = os.lstat(os.path.join(parent, name))
            if not (inside == "/" and name == "tmp"):
                found[os.path.join(inside, name)] = (
                    about.st_mode,
                    about.st_uid,
                    about.st_gid,
                    about.st_size,
                    about.st_mtime_ns,
                )
    return found
