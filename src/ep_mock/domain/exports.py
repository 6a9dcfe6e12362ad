"""The file that a finished export job offers: its name, which is published, and its lines, which are our choice.

The lines are RFC 4180 in UTF-8 with a header; a field is quoted only when it must be. An absent value is an empty field.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final, NamedTuple

from ep_mock.domain.dates import format_compact


class ExportRow(NamedTuple):
    """One code as the export shows it. `uses` is what remains of `max_uses`; both are absent when unlimited."""

    code: str
    uses: int | None
    max_uses: int | None
    consume_unit: str | None
    user: str | None
    created_by: str | None
    created_at: str


COLUMNS: Final = ExportRow._fields

_HEADER: Final = (",".join(COLUMNS) + "\r\n").encode()


def file_name(job_id: str, at_ns: int) -> str:
    """`{job id}_{YYYYMMDD}_{HHMMSS}_codes.csv`, as published; `at_ns` in UTC."""
    return f"{job_id}_{format_compact(at_ns)}_codes.csv"


def csv_chunks(rows: Iterable[ExportRow], size: int = 1000) -> Iterator[bytes]:
    """The file in pieces: the header, then the lines of `size` rows at a time. `rows` is read no faster than the pieces are.

    A lone surrogate, which UTF-8 cannot carry, comes out as a question mark.
    """
    yield _HEADER
    source = iter(rows)
    while batch := list(islice(source, size)):
        text = _lines(batch)
        if not _is_plain(text, len(batch)):
            text = _lines([_quoted(row) for row in batch])
        yield text.encode(errors="replace")


def _lines(rows: Sequence[ExportRow]) -> str:
    return "".join(
        [
            f"{code},{'' if uses is None else uses},{'' if max_uses is None else max_uses}"
            f",{consume_unit or ''},{user or ''},{created_by or ''},{created_at}\r\n"
            for code, uses, max_uses, consume_unit, user, created_by, created_at in rows
        ]
    )


def _is_plain(text: str, rows: int) -> bool:
    """Whether the text holds no quote and no more separators than its rows need, so that no field hides one.

    One look at a thousand lines costs far less than a look at each of their fields.
    """
    return '"' not in text and text.count(",") == rows * (len(COLUMNS) - 1) and text.count("\r") == rows and text.count("\n") == rows


def _quoted(row: ExportRow) -> ExportRow:
    return ExportRow(
        _field(row.code),
        row.uses,
        row.max_uses,
        _field(row.consume_unit or ""),
        _field(row.user or ""),
        _field(row.created_by or ""),
        _field(row.created_at),
    )


def _field(text: str) -> str:
    if '"' in text or "," in text or "\r" in text or "\n" in text:
        return '"' + text.replace('"', '""') + '"'
    return text
