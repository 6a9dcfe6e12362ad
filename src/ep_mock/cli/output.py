"""Standard output: its width, its colours, and what happens when it cannot be written."""

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


def width() -> int | None:
    """The number of columns of the terminal; None where standard output is something else, which takes lines
    of any length.
    """
    if sys.stdout is None or not sys.stdout.isatty():
        return None
    return shutil.get_terminal_size().columns


def fit_height(text: str) -> str:
    """The first lines of a text, as many as the terminal shows at once, and the number of those left out."""
    lines = text.split("\n")
    room = shutil.get_terminal_size().lines - 1
    if len(lines) <= room:
        return text
    kept = max(1, room - 1)
    return "\n".join([*lines[:kept], f"{len(lines) - kept} more lines"])


def use_color(choice: str) -> None:
    """Decide whether the current command prints colours: `auto` is on a terminal only, and not with
    NO_COLOR.
    """
    context = click.get_current_context()
    if choice != "auto":
        context.color = choice == "always"
    elif os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        context.color = False


@contextlib.contextmanager
def output_errors() -> Iterator[None]:
    """Turn a failure to write to standard output into one line of error; a reader that has gone is no error
    to tell.

    Raises:
        ClickException: standard output cannot be written.
        Exit: its reader has gone; the exit code is 1.
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
    """What is still in the buffer would fail once more when the process ends."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        sink = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(sink, sys.stdout.fileno())
        finally:
            os.close(sink)
