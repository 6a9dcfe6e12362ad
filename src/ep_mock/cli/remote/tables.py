"""Answers for people: tables of plain text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_GAP = "  "


def table(headings: Sequence[str], rows: Iterable[Sequence[object]], empty: str) -> str:
    """A line for each row below its headings, in columns as wide as they have to be; the text `empty` where there is no row."""
    lines = [[_shown(cell) for cell in row] for row in rows]
    if not lines:
        return empty
    widths = [max(len(line[column]) for line in [headings, *lines]) for column in range(len(headings))]
    return "\n".join(_GAP.join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in [headings, *lines])


def moment(text: str) -> str:
    """A time with milliseconds, floored: `2024-12-03 23:31:35.962`."""
    return text[:23].replace("T", " ")


def job_row(job: Mapping[str, Any]) -> list[object]:
    """A job as a row below `JOB_HEADINGS`."""
    return [job["id"], job["family"], job["job_type"], job.get("name"), job["status"], outcome(job), moment(job["updated_at"])]


JOB_HEADINGS = ("job", "family", "type", "name", "status", "outcome", "since")


def outcome(job: Mapping[str, Any]) -> str:
    """What has come of a job: its error or its numbers."""
    if "error" in job:
        return str(job["error"])
    return ", ".join(f"{number} {name}" for name, number in job.get("result", {}).items())


def transitions(answer: Mapping[str, Any]) -> str:
    """What an advance has answered."""
    rows = [
        [moment(entry["at"]), entry["job_id"], entry["family"], entry["job_type"], entry["status"], entry["cause"]]
        for entry in answer["transitions"]
    ]
    listed = table(("at", "job", "family", "type", "status", "cause"), rows, "nothing has happened")
    return f"{listed}\nadvanced {answer['advanced']:g} s, now {moment(answer['now'])}"


def history(answer: Mapping[str, Any]) -> str:
    """A job and how it came to where it is."""
    rows = [[moment(entry["at"]), entry["status"], entry["cause"]] for entry in answer["history"]]
    job = answer["job"]
    said = [f"job {job['id']}", f"{job['family']} {job['job_type']} of promotion {job['promotion_id']}", job["status"], outcome(job)]
    waits_for = f"\nstill {job['status']}: {answer['waits_for']}" if "waits_for" in answer else ""
    return f"{', '.join(part for part in said if part)}\n{table(('at', 'status', 'cause'), rows, '')}{waits_for}"


def _shown(cell: object) -> str:
    return "" if cell is None else str(cell)
