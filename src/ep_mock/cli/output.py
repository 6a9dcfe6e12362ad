"""Standard output: its width, its colours, and errors in writing to it."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import sys
from collections.abc import Iterator
from typing import Final

import click

_CANNOT_WRITE: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF}
COLORS: Final = ("auto", "always", "never")
STATUS_COLORS: Final = {
    "pending": "yellow",
    "processing": "cyan",
    "completed": "green",
    "failed": "red",
    "cancelling": "magenta",
    "cancelled": "blue",
}


def width() -> int | None:
    """Number of columns of the terminal; None if standard output is no terminal: then lines may be long."""
    if sys.stdout is None or not sys.stdout.isatty():
        return None
    return shutil.get_terminal_size().columns


def fit_height(text: str) -> str:
    """The first lines of a text, as many as fit the terminal, and the number of the others."""
    lines = text.split("\n")
    room = shutil.get_terminal_size().lines - 1
    if len(lines) <= room:
        return text
    kept = max(1, room - 1)
    return "\n".join([*lines[:kept], f"{len(lines) - kept} more lines"])


def use_color(choice: str) -> None:
    """Turn the colours of the current command on or off. `auto`: on a terminal, unless NO_COLOR is set."""
    context = click.get_current_context()
    if choice != "auto":
        context.color = choice == "always"
    elif os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        context.color = False


@contextlib.contextmanager
def output_errors() -> Iterator[None]:
    """Turn a failure to write to standard output into one line of error, or silence if its reader has gone.

    Raises:
        ClickException: standard output cannot be written.
        Exit: the reader has gone; the exit code is 1.
    """
    try:
        yield
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        _discard_output()
        raise click.exceptions.Exit(1) from None
    except OSError as error:
        if error.errno not in _CANNOT_WRITE:
            raise
        _discard_output()
        raise click.ClickException(f"cannot write to standard output: {error.strerror}") from None


def _discard_output() -> None:
    """Drop the buffer: flushing it at exit would fail again."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        sink = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(sink, sys.stdout.fileno())
        finally:
            os.close(sink)
