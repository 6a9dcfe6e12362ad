"""Where the demo is shown: a log with a line for each change, or a terminal whose table changes in place.

All lines fit into 80 columns.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import threading
from collections.abc import Callable, Sequence

import click

from ep_mock.cli.demo.client import JobRow

WIDTH = 80
HEADER = f"{'time':>7}  {'promotion':12}  {'family':8}  {'job':13}  {'status':10}  codes"
_UUID = re.compile(r"([0-9a-f]{4})[0-9a-f]{4}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_UP_AND_CLEAR = "\x1b[{}A\x1b[J"
_COLOURS = {
    "good": "green",
    "bad": "red",
    "pending": "yellow",
    "processing": "cyan",
    "completed": "green",
    "failed": "red",
    "cancelling": "magenta",
    "cancelled": "blue",
}


class Screen:
    """A log: each line stays as it was written.

    Args:
        write: gets whole lines, with their line ends.
        signs, colours: whether the output shows signs beyond ASCII, and colours.
        speed: seconds of the demo that pass in one second; 0 never waits.
    """

    def __init__(
        self, write: Callable[[str], None], *, signs: bool = False, colours: bool = False, speed: float = 0
    ) -> None:
        self._write = write
        self._signs = signs
        self._colours = colours
        self._speed = speed
        self._needs_header = True
        self._logged: dict[str, tuple[str, int]] = {}

    def line(self, text: str = "") -> None:
        self._write(text + "\n")

    def heading(self, text: str) -> None:
        """The heading of what follows; its table gets a header of its own."""
        self._needs_header = True
        self.line(self.paint(text, bold=True))

    def tell(self, text: str) -> None:
        """A remark within a scene."""
        self.line(f"  {self.cut(text, WIDTH - 2)}")

    def call(self, method: str, path: str, status: int, outcome: str) -> None:
        """A request and its answer; ids are shortened."""
        short = _UUID.sub(rf"\1{self.sign('…', '..')}", path)
        answer = self.paint(f"{status} {outcome}", "bad" if status >= 400 else "good", bold=True)
        self.line(f"  {method} {short} {self.paint(self.sign('→', '->'), dim=True)} {answer}")

    def verdict(self, text: str, ok: bool) -> None:
        sign = self.sign("✓", "ok:") if ok else self.sign("✗", "NOT OK:")
        self.line(f"  {self.paint(sign, 'good' if ok else 'bad', bold=True)} {text}")

    def show(self, rows: Sequence[JobRow]) -> None:
        """The table as it is now: a log notes each change of status and each quarter of the codes."""
        for row in rows:
            state = (row.status, 4 * row.codes // row.goal)
            if self._logged.get(row.path) != state:
                self._logged[row.path] = state
                self._header()
                self.line(self._row(row))

    def wait(self, seconds: float) -> None:
        """Let the reader's time pass along with the demo's."""
        if self._speed:
            threading.Event().wait(seconds / self._speed)

    def sign(self, beautiful: str, plain: str) -> str:
        return beautiful if self._signs else plain

    def paint(self, text: str, style: str = "", *, bold: bool | None = None, dim: bool | None = None) -> str:
        """The text in the colour of a status or a verdict."""
        return click.style(text, _COLOURS.get(style), bold=bold, dim=dim) if self._colours else text

    def cut(self, text: str, width: int) -> str:
        dots = self.sign("…", "..")
        return text if len(text) <= width else text[: width - len(dots)] + dots

    def _header(self) -> None:
        if self._needs_header:
            self._needs_header = False
            self.line(f"  {self.paint(HEADER, dim=True)}")

    def _row(self, row: JobRow) -> str:
        done = min(10, 10 * row.codes // row.goal)
        bar = self.sign("█", "#") * done + self.paint(self.sign("░", ".") * (10 - done), dim=True)
        promotion, status = row.promotion, self.paint(f"{row.status:10}", row.status)
        job = f"{promotion.name:12}  {promotion.family:8}  {row.work:13}"
        return f"  {row.at:5.2f} s  {job}  {status}  {bar} {row.codes:4}"


class LiveScreen(Screen):
    """A terminal of at least 80 columns: the last rows are drawn anew in place, until another line
    follows.
    """

    _drawn = 0

    def line(self, text: str = "") -> None:
        self._drawn = 0
        super().line(text)

    def show(self, rows: Sequence[JobRow]) -> None:
        self._header()
        lines = "".join(f"{self._row(row)}\n" for row in rows)
        self._write((_UP_AND_CLEAR.format(self._drawn) if self._drawn else "") + lines)
        self._drawn = len(rows)


def screen_for_stdout(speed: float | None) -> Screen:
    """A live screen where standard output can show one, else a log. By default only a live screen waits."""
    columns = shutil.get_terminal_size((WIDTH, 24)).columns
    live = sys.stdout.isatty() and os.environ.get("TERM") != "dumb" and columns >= WIDTH
    return (LiveScreen if live else Screen)(
        lambda text: click.echo(text, nl=False, color=live),
        signs=live and _can_encode("█░→…✓✗", sys.stdout.encoding),
        colours=live and not os.environ.get("NO_COLOR"),
        speed=float(live) if speed is None else speed,
    )


def _can_encode(text: str, encoding: str | None) -> bool:
    try:
        text.encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
