"""The command line as a process of its own, as users have it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import pytest

COMMAND = [sys.executable, "-m", "ep_mock"]
_MEANT_FOR_US = ("EP_MOCK_", "NO_COLOR", "COLUMNS", "LINES")


class Ended(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


def environment(**variables: str) -> dict[str, str]:
    """This process's environment without what changes the command's behaviour, and with these variables."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_MEANT_FOR_US)}
    return {**kept, "PYTHONIOENCODING": "utf-8", **variables}


def run(*arguments: str, variables: Mapping[str, str] | None = None) -> Ended:
    """Run `ep-mock` to its end."""
    ended = subprocess.run(
        [*COMMAND, *arguments],
        env=environment(**variables or {}),
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    return Ended(ended.returncode, ended.stdout, ended.stderr)


@contextlib.contextmanager
def started(*arguments: str, variables: Mapping[str, str] | None = None) -> Iterator[subprocess.Popen[str]]:
    """Run `ep-mock` beside the test; whatever still runs at the end is killed."""
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        env=environment(**variables or {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def on_terminal(*arguments: str, columns: int = 80, **variables: str) -> tuple[int, str]:
    """Exit code and output of a command that writes to a terminal."""
    pty = pytest.importorskip("pty", reason="terminals of this system are of another kind")
    import fcntl
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    variables = {"TERM": "xterm", "LC_ALL": "C.UTF-8", **variables}
    process = subprocess.Popen(
        [*COMMAND, *arguments], env=environment(**variables), stdout=theirs, stdin=subprocess.DEVNULL
    )
    os.close(theirs)
    output = b""
    try:
        while piece := os.read(ours, 65536):
            output += piece
    except OSError:  # Linux says so when nobody has the terminal open any more
        pass
    finally:
        os.close(ours)
    return process.wait(timeout=30), output.decode()
