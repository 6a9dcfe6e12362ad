"""Answers for people: tables of plain text that fit the terminal."""

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
_JOB_HEADINGS: Final = ("no", "job", "family", "type", "promotion", "name", "status", "outcome", "since")
_MOMENT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} ([0-9:.]+)")
_COLORS: Final = {
    **output.STATUS_COLORS,
    "served": "green",
    "refused": "yellow",
    "unmatched": "yellow",
    "faulted": "red",
}


def table(
    headings: Sequence[str], rows: Iterable[Sequence[object]], empty: str, *, expendable: str = ""
) -> str:
    """The headings and a line for each row; the text `empty` if there is no row.

    On a terminal the table is at most as wide as the screen: ids and times are shortened first, then the
    column `expendable` is left out, then the widest columns are cut. Control characters are escaped.
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
        fixed = [heading in _KEPT for heading in headings]
        _narrow(widths, room - len(_GAP) * (len(headings) - 1), fixed)
    shown = [_line(headings, widths, {"bold": True}), *(_line(line, widths) for line in lines)]
    return "\n".join(shown)


def partial_table(
    headings: Sequence[str], rows: Sequence[Sequence[object]], empty: str, *, total: int, flag: str
) -> str:
    """A table, and below it the number of rows that it lacks."""
    missing = total - len(rows)
    text = table(headings, rows, empty)
    return f"{text}\n{missing} more; raise {flag}" if missing > 0 else text


def plain(cell: object) -> str:
    """The text of a value: `true` and `false`, JSON for lists and objects, nothing for None."""
    if cell is None:
        return ""
    return printable(cell if isinstance(cell, str) else json.dumps(cell, ensure_ascii=False))


def fit_line(text: str) -> str:
    """The line, cut to the width of the terminal."""
    room = output.width()
    return text if room is None else _cut(text, room)


def moment(text: str) -> str:
    """A time, truncated to milliseconds: `2024-12-03 23:31:35.962`."""
    return text[:23].replace("T", " ")


def job_table(jobs: Iterable[Mapping[str, Any]]) -> str:
    """A list of jobs."""
    rows = [
        [
            *(
                job.get(name)
                for name in ("number", "id", "family", "job_type", "promotion_name", "name", "status")
            ),
            _outcome(job),
            moment(job["updated_at"]),
        ]
        for job in jobs
    ]
    return table(_JOB_HEADINGS, rows, "no jobs", expendable="job")


def transitions(answer: Mapping[str, Any]) -> str:
    """The answer to an advance."""
    rows = [
        [moment(each["at"]), *(each[name] for name in ("job_id", "family", "job_type", "status", "cause"))]
        for each in answer["transitions"]
    ]
    listed = table(("at", "job", "family", "type", "status", "cause"), rows, "nothing has happened")
    return f"{listed}\nadvanced {answer['advanced']:g} s, now {moment(answer['now'])}"


def history(answer: Mapping[str, Any]) -> str:
    """A job and its history."""
    rows = [[moment(each["at"]), each["status"], each["cause"]] for each in answer["history"]]
    job = answer["job"]
    work = f"{job['family']} {job['job_type']} of promotion {job['promotion_id']}"
    facts = [f"job {job['id']}", work, job["status"], _outcome(job)]
    head = ", ".join(printable(fact) for fact in facts if fact)
    waits_for = f"\nstill {job['status']}: {printable(answer['waits_for'])}" if "waits_for" in answer else ""
    return f"{head}\n{table(('at', 'status', 'cause'), rows, '')}{waits_for}"


def clock_line(clock: Mapping[str, Any]) -> str:
    """A clock in one line: `manual clock, 2024-12-03 23:31:35.962`."""
    scale = f" x{clock['scale']:g}" if clock["mode"] == "scaled" else ""
    return f"{clock['mode']} clock{scale}, {moment(clock['now'])}"


def _outcome(job: Mapping[str, Any]) -> str:
    """The job's error or its numbers."""
    if "error" in job:
        return str(job["error"])
    return ", ".join(f"{number} {name}" for name, number in job.get("result", {}).items())


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


def _narrow(widths: list[int], room: int, fixed: Sequence[bool]) -> None:
    """Narrow the widest columns until all fit, or until none can get narrower: then the terminal wraps."""
    while (excess := sum(widths) - room) > 0:
        wide = [number for number, width in enumerate(widths) if width > _NARROWEST and not fixed[number]]
        if not wide:
            return
        widest = max(widths[number] for number in wide)
        broad = [number for number in wide if widths[number] == widest]
        following = max((widths[number] for number in wide if widths[number] < widest), default=_NARROWEST)
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
    """The width of a text on a terminal: two columns for a wide East Asian letter, none for a mark."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(sign) else 1 + (unicodedata.east_asian_width(sign) in "WF")
        for sign in text
    )
