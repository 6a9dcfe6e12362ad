"""Examples for a terminal: commands after `$ `, and below each what it prints, in which `…` stands for any
text and an id for any id.
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
    """A command and what it is said to print."""

    command: str
    output: str


def examples(block: str) -> list[Example]:
    """The commands of a block with their outputs."""
    parts = re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]
    return [Example(*part.split("\n", 1)) for part in parts]


def prints(output: str, printed: str) -> bool:
    """Whether what was printed is what is said; blanks at the ends of lines do not matter."""
    pattern = _ID.sub(
        _ID.pattern, ".*?".join(re.escape(piece) for piece in _trimmed(output).split("…")).replace(r"\-", "-")
    )
    return re.fullmatch(pattern, _trimmed(printed), re.DOTALL) is not None


class Terminal:
    """One shell for all commands of a page, so that what one sets is there for the next. `ep-mock` is the one
    of this environment.
    """

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
        """All that a command prints, errors as well."""
        assert self._shell.stdin is not None
        assert self._shell.stdout is not None
        # The marker begins a line of its own whatever the command prints; that line break is taken away
        # again.
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
