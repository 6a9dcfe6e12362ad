"""Answers for people: tables of plain text, as wide as the terminal at most."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import click

from ep_mock.cli import output
from ep_mock.domain.display import printable

_GAP: Final = "  "
_DOTS: Final = ".."
_NARROWEST: Final = 6
_KEPT: Final = ("no", "number", "status", "at", "since")
_ID: Final = re.compile(
    r"([0-9a-f]{4})[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{8}([0-9a-f]{4})"
)
_MOMENT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} ([0-9:.]+)")
_COLORS: Final = {
    "pending": "yellow",
    "processing": "cyan",
    "completed": "green",
    "failed": "red",
    "cancelling": "magenta",
    "cancelled": "blue",
    "served": "green",
    "refused": "yellow",
    "unmatched": "yellow",
    "faulted": "red",
}


def table(
    headings: Sequence[str], rows: Iterable[Sequence[object]], empty: str, *, expendable: str = ""
) -> str:
    """A line for each row below its headings, or the text `empty` where there is no row.

    Columns are as wide as their cells. On a terminal the table is at most as wide as that: ids and times are
        shortened first, then
    the column `expendable` is left out, then the widest ones are cut. Characters that could steer the
    terminal are escaped.
    """
    lines = [[plain(cell) for cell in row] for row in rows]
    if not lines:
        return empty
    room = output.width()
    if _is_too_wide(headings, lines, room):
        lines = [[_shortened(cell) for cell in line] for line in lines]
        if expendable and _is_too_wide(headings, lines, room):
            left_out = headings.index(expendable)
            headings, *lines = ([*line[:left_out], *line[left_out + 1 :]] for line in [headings, *lines])
    widths = _widths([headings, *lines])
    if room is not None:
        _narrow(
            widths, room - len(_GAP) * (len(headings) - 1), kept=[heading in _KEPT for heading in headings]
        )
    shown = [_line(headings, widths, {"bold": True}), *(_line(line, widths) for line in lines)]
    return "\n".join(shown)


def plain(cell: object) -> str:
    """A value as it is shown: `true` and `false`, lists and objects as JSON, nothing for None."""
    if cell is None:
        return ""
    return printable(cell if isinstance(cell, str) else json.dumps(cell, ensure_ascii=False))


def fit_line(text: str) -> str:
    """A line, cut on a terminal that is narrower."""
    room = output.width()
    return text if room is None else _cut(text, room)


def moment(text: str) -> str:
    """A time with milliseconds, floored: `2024-12-03 23:31:35.962`."""
    return text[:23].replace("T", " ")


def job_row(job: Mapping[str, Any]) -> list[object]:
    """A job as a row below `JOB_HEADINGS`."""
    number, promotion = job.get("number"), job.get("promotion_name")
    described = [number, job["id"], job["family"], job["job_type"], promotion, job.get("name")]
    return [*described, job["status"], outcome(job), moment(job["updated_at"])]


JOB_HEADINGS = ("no", "job", "family", "type", "promotion", "name", "status", "outcome", "since")


def outcome(job: Mapping[str, Any]) -> str:
    """What has come of a job: its error or its numbers."""
    if "error" in job:
        return str(job["error"])
    return ", ".join(f"{number} {name}" for name, number in job.get("result", {}).items())


def transitions(answer: Mapping[str, Any]) -> str:
    """What an advance has answered."""
    rows = [
        [
            moment(entry["at"]),
            entry["job_id"],
            entry["family"],
            entry["job_type"],
            entry["status"],
            entry["cause"],
        ]
        for entry in answer["transitions"]
    ]
    listed = table(("at", "job", "family", "type", "status", "cause"), rows, "nothing has happened")
    return f"{listed}\nadvanced {answer['advanced']:g} s, now {moment(answer['now'])}"


def history(answer: Mapping[str, Any]) -> str:
    """A job and how it came to where it is."""
    rows = [[moment(entry["at"]), entry["status"], entry["cause"]] for entry in answer["history"]]
    job = answer["job"]
    said = [
        f"job {job['id']}",
        f"{job['family']} {job['job_type']} of promotion {job['promotion_id']}",
        job["status"],
        outcome(job),
    ]
    waits_for = f"\nstill {job['status']}: {printable(answer['waits_for'])}" if "waits_for" in answer else ""
    head = ", ".join(printable(part) for part in said if part)
    return f"{head}\n{table(('at', 'status', 'cause'), rows, '')}{waits_for}"


def clock_line(clock: Mapping[str, Any]) -> str:
    """A clock in one line: `manual clock, 2024-12-03 23:31:35.962`."""
    scale = f" x{clock['scale']:g}" if clock["mode"] == "scaled" else ""
    return f"{clock['mode']} clock{scale}, {moment(clock['now'])}"


def _line(cells: Sequence[str], widths: Sequence[int], style: Mapping[str, Any] | None = None) -> str:
    last = max((number for number, cell in enumerate(cells) if cell), default=0)
    pieces = []
    for number, (cell, width) in enumerate(zip(cells, widths, strict=True)):
        if number > last:
            break
        text = _cut(cell, width)
        padding = " " * (width - _columns(text)) if number < last else ""
        pieces.append((click.style(text, **style) if style else _colored(text)) + padding)
    return _GAP.join(pieces)


def _colored(text: str) -> str:
    return click.style(text, fg=_COLORS[text]) if text in _COLORS else text


def _shortened(cell: str) -> str:
    found = _ID.fullmatch(cell)
    if found is not None:
        return found[1] + _DOTS + found[2]
    found = _MOMENT.fullmatch(cell)
    return found[1] if found is not None else cell


def _is_too_wide(headings: Sequence[str], lines: Sequence[Sequence[str]], room: int | None) -> bool:
    return room is not None and sum(_widths([headings, *lines])) + len(_GAP) * (len(headings) - 1) > room


def _widths(lines: Sequence[Sequence[str]]) -> list[int]:
    return [max(map(_columns, column)) for column in zip(*lines, strict=True)]


def _narrow(widths: list[int], room: int, kept: Sequence[bool]) -> None:
    """Take columns away from the widest, until all fit or none can give any more; then the terminal breaks
    the lines.
    """
    while (excess := sum(widths) - room) > 0:
        givers = [number for number, width in enumerate(widths) if width > _NARROWEST and not kept[number]]
        if not givers:
            return
        widest = max(widths[number] for number in givers)
        broad = [number for number in givers if widths[number] == widest]
        following = max((widths[number] for number in givers if widths[number] < widest), default=_NARROWEST)
        step = max(1, min(widest - following, excess // len(broad)))
        for number in broad[:excess]:
            widths[number] -= step


def _cut(text: str, width: int) -> str:
    if _columns(text) <= width:
        return text
    kept = text[: width - len(_DOTS)]
    while _columns(kept) > width - len(_DOTS):
        kept = kept[:-1]
    return kept + _DOTS


def _columns(text: str) -> int:
    """The number of columns that a terminal gives a text: two for the wide letters of East Asia, none for
    marks on other letters.
    """
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(sign) else 1 + (unicodedata.east_asian_width(sign) in "WF")
        for sign in text
    )
