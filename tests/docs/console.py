"""Examples for a terminal: commands after `$ `, each with its output below it.

In the output, `…` means any text, and an id means any id.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from tests.cli.commands import environment

END = "--- end of command ---"
_ID = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class Example(NamedTuple):
    """A command and its output on the page."""

    command: str
    output: str


def examples(block: str) -> list[Example]:
    """The commands of a block with their outputs."""
    parts = re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]
    return [Example(*part.split("\n", 1)) for part in parts]


def prints(output: str, printed: str) -> bool:
    """Whether a command has printed the `output` of the page, ignoring blanks at the ends of lines."""
    pattern = _ID.sub(
        _ID.pattern, ".*?".join(re.escape(piece) for piece in _trimmed(output).split("…")).replace(r"\-", "-")
    )
    return re.fullmatch(pattern, _trimmed(printed), re.DOTALL) is not None


class Terminal:
    """One shell for all commands of a page, so that variables last. `ep-mock` is that of this environment."""

    def __init__(self, folder: Path, **variables: str) -> None:
        self._shell = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            cwd=folder,
            env=environment(**variables),
        )
        self.run(f'ep-mock() {{ "{Path(sys.executable).as_posix()}" -m ep_mock "$@"; }}')

    def run(self, command: str) -> str:
        """The output of a command, with its errors."""
        assert self._shell.stdin is not None
        assert self._shell.stdout is not None
        # The marker is always on its own line; the line break before it is removed again.
        self._shell.stdin.write(f"{command}\necho; echo '{END}'\n")
        self._shell.stdin.flush()
        lines: list[str] = []
        for line in self._shell.stdout:
            if line.rstrip("\n") == END:
                break
            lines.append(line)
        return "".join(lines)[:-1]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._shell.kill()
        self._shell.communicate()


def _trimmed(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip("\n").split("\n"))
