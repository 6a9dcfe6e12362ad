"""How the story looks: signs, colours and columns. All lines fit into 80 columns."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import click

from ep_mock.cli.story.job_view import JobView

WIDTH = 80
_BAR = 10
_UUID = re.compile(r"([0-9a-f]{4})[0-9a-f]{4}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

Tone = Literal["title", "faint", "good", "bad", "pending", "processing", "completed", "failed", "cancelling", "cancelled"]
_STYLES: dict[str, dict[str, object]] = {
    "title": {"bold": True},
    "faint": {"dim": True},
    "good": {"fg": "green", "bold": True},
    "bad": {"fg": "red", "bold": True},
    "pending": {"fg": "yellow"},
    "processing": {"fg": "cyan"},
    "completed": {"fg": "green"},
    "failed": {"fg": "red"},
    "cancelling": {"fg": "magenta"},
    "cancelled": {"fg": "blue"},
}
HEADER = f"{'time':>7}  {'promotion':12}  {'family':8}  {'job':13}  {'status':10}  codes"


@dataclass(frozen=True)
class Look:
    """What an output can show: signs beyond ASCII, colours."""

    signs: bool
    colours: bool

    def sign(self, beautiful: str, plain: str) -> str:
        return beautiful if self.signs else plain

    def paint(self, text: str, tone: str) -> str:
        """The text in the colour of a tone or a status; a status that nobody knows stays plain."""
        return click.style(text, **_STYLES.get(tone, {})) if self.colours else text  # type: ignore[arg-type]

    def row(self, view: JobView) -> str:
        """A job as one line of the table, as wide as `HEADER`."""
        done = min(_BAR, _BAR * view.codes // view.goal) if view.goal else 0
        bar = self.sign("█", "#") * done + self.paint(self.sign("░", ".") * (_BAR - done), "faint")
        known = f"{view.at:5.2f} s  {view.role.name:12}  {view.role.family:8}  {view.work:13}  "
        return f"{known}{self.paint(f'{view.status:10}', view.status)}  {bar} {view.codes:4}"

    def call(self, method: str, path: str, status: int, outcome: str) -> str:
        """A request and its answer; ids are shortened."""
        short = _UUID.sub(rf"\1{self.sign('…', '..')}", path)
        arrow = self.paint(self.sign("→", "->"), "faint")
        return f"{method} {short} {arrow} {self.paint(f'{status} {outcome}', 'bad' if status >= 400 else 'good')}"

    def cut(self, text: str, width: int) -> str:
        """The text, shortened when it is wider."""
        dots = self.sign("…", "..")
        return text if len(text) <= width else text[: width - len(dots)] + dots
