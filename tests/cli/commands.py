"""The command line as a process of its own, as users have it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import NamedTuple

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
        [*COMMAND, *arguments], env=environment(**variables or {}), capture_output=True, encoding="utf-8", timeout=60, check=False
    )
    return Ended(ended.returncode, ended.stdout, ended.stderr)


@contextlib.contextmanager
def started(*arguments: str, variables: Mapping[str, str] | None = None) -> Iterator[subprocess.Popen[str]]:
    """Run `ep-mock` beside the test; whatever still runs at the end is killed."""
    process = subprocess.Popen(
        [*COMMAND, *arguments], env=environment(**variables or {}), stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()
