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
from dataclasses import dataclass
from typing import Any, NamedTuple

import click

from ep_mock.cli.output import STATUS_COLORS

WIDTH = 80
HEADER = f"{'time':>7}  {'promotion':12}  {'family':8}  {'job':13}  {'status':10}  codes"
_UUID = re.compile(r"([0-9a-f]{4})[0-9a-f]{4}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_UNICODE, _ASCII = ("…", "→", "✓", "✗", "█", "░"), ("..", "->", "ok:", "NOT OK:", "#", ".")
_UP_AND_CLEAR = "\x1b[{}A\x1b[J"


class Promotion(NamedTuple):
    """A promotion: its family, its name and its path in the API."""

    family: str
    name: str
    path: str


@dataclass
class JobRow:
    """A job as the API last showed it: one row of the table.

    Attributes:
        goal: number of codes that the promotion has if all goes well.
        codes: number of codes that it had at `at`, in seconds since the demo began.
        statuses: the statuses that the job was seen in, in order.
    """

    promotion: Promotion
    work: str
    goal: int
    document: dict[str, Any]
    codes: int
    at: float
    statuses: tuple[str, ...] = ("pending",)

    @property
    def path(self) -> str:
        return f"{self.promotion.path}/jobs/{self.document['id']}"

    @property
    def status(self) -> str:
        return self.statuses[-1]

    @property
    def ended(self) -> bool:
        return self.status in ("completed", "failed", "cancelled")

    def update(self, document: dict[str, Any], codes: int, at: float) -> None:
        """Show what the API shows now. The time of an ended job stays."""
        self.at = self.at if self.ended else at
        self.document, self.codes = document, codes
        if document["status"] != self.status:
            self.statuses += (document["status"],)


class Screen:
    """A log: each line stays as it was written.

    Args:
        write: gets whole lines, with their line ends.
        unicode, colors: whether the output can show signs beyond ASCII, and colours.
        speed: seconds of the demo per second; 0 never waits.
    """

    def __init__(
        self, write: Callable[[str], None], *, unicode: bool = False, colors: bool = False, speed: float = 0
    ) -> None:
        self._write = write
        self._dots, self._arrow, self._good, self._bad, self._full, self._empty = (
            _UNICODE if unicode else _ASCII
        )
        self._colors = colors
        self._speed = speed
        self._needs_header = True
        self._logged: dict[str, tuple[str, int]] = {}

    def line(self, text: str = "") -> None:
        self._write(text + "\n")

    def heading(self, text: str) -> None:
        """A heading; the next table gets a header of its own."""
        self._needs_header = True
        self.line(self.paint(text, bold=True))

    def tell(self, text: str) -> None:
        """A remark within a scene."""
        self.line(f"  {self.cut(text, WIDTH - 2)}")

    def call(self, method: str, path: str, status: int, outcome: str) -> None:
        """A request and its answer, with short ids."""
        short = _UUID.sub(rf"\1{self._dots}", path)
        answer = self.paint(f"{status} {outcome}", "red" if status >= 400 else "green", bold=True)
        self.line(f"  {method} {short} {self.paint(self._arrow, dim=True)} {answer}")

    def show(self, rows: Sequence[JobRow]) -> None:
        """The table as it is now. A log has a line for each status and each quarter of the codes."""
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

    def mark(self, ok: bool, width: int | None = None) -> str:
        """The sign of success or failure."""
        sign, color = (self._good, "green") if ok else (self._bad, "red")
        return self.paint(sign[:width], color, bold=True)

    def paint(
        self, text: str, color: str | None = None, *, bold: bool | None = None, dim: bool | None = None
    ) -> str:
        return click.style(text, color, bold=bold, dim=dim) if self._colors else text

    def cut(self, text: str, width: int) -> str:
        """The text, shortened to a width."""
        return text if len(text) <= width else text[: width - len(self._dots)] + self._dots

    def _header(self) -> None:
        if self._needs_header:
            self._needs_header = False
            self.line(f"  {self.paint(HEADER, dim=True)}")

    def _row(self, row: JobRow) -> str:
        done = min(10, 10 * row.codes // row.goal)
        bar = self._full * done + self.paint(self._empty * (10 - done), dim=True)
        promotion, status = row.promotion, self.paint(f"{row.status:10}", STATUS_COLORS[row.status])
        job = f"{promotion.name:12}  {promotion.family:8}  {row.work:13}"
        return f"  {row.at:5.2f} s  {job}  {status}  {bar} {row.codes:4}"


class LiveScreen(Screen):
    """A terminal of at least 80 columns: the last rows are redrawn in place until another line follows."""

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
    """A live screen if standard output can show one, else a log. By default only a live screen waits."""
    columns = shutil.get_terminal_size((WIDTH, 24)).columns
    live = sys.stdout.isatty() and os.environ.get("TERM") != "dumb" and columns >= WIDTH
    return (LiveScreen if live else Screen)(
        lambda text: click.echo(text, nl=False, color=live),
        unicode=live and "utf" in (sys.stdout.encoding or "").lower(),
        colors=live and not os.environ.get("NO_COLOR"),
        speed=float(live) if speed is None else speed,
    )
