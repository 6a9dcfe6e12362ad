"""Exported files: their signed, expiring URLs and their content.

The URL has the published shape: its path ends `{job id}_{YYYYMMDD}_{HHMMSS}_codes.csv`, and its query has
`Expires` (in seconds), `Signature` and `Key-Pair-Id`. It names its store and needs no token. The signature
covers every part of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from hmac import compare_digest
from itertools import islice
from typing import Final, NamedTuple
from urllib.parse import quote

from ep_mock.domain import problems
from ep_mock.domain.codes import Batch, as_code
from ep_mock.domain.dates import format_compact, format_millis, format_seconds
from ep_mock.entropy import Entropy
from ep_mock.errors import ApiError
from ep_mock.simulation.code_book import CapturedCodes
from ep_mock.simulation.job import Job
from ep_mock.simulation.promotion import EXPORTS_KEPT, Promotion
from ep_mock.simulation.store import Store
from ep_mock.timings import SECOND


class ExportRow(NamedTuple):
    """One code in the export. `uses` is the rest of `max_uses`; both are None when unlimited."""

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
    """The file in pieces: the header, then the lines of `size` rows at a time. It reads `rows` lazily.

    A lone surrogate, which UTF-8 cannot encode, becomes a question mark.
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
    """Whether no field contains a quote or a separator.

    One check of a thousand lines costs far less than a check of each of their fields.
    """
    return (
        '"' not in text
        and text.count(",") == rows * (len(COLUMNS) - 1)
        and text.count("\r") == rows
        and text.count("\n") == rows
    )


def _quoted(row: ExportRow) -> ExportRow:
    return ExportRow._make(_field(value) if isinstance(value, str) else value for value in row)


def _field(text: str) -> str:
    if '"' in text or "," in text or "\r" in text or "\n" in text:
        return '"' + text.replace('"', '""') + '"'
    return text


FILES = "/files"
FILE_GONE = (
    f"The file is gone: a promotion keeps those of its latest {EXPORTS_KEPT} exports. Export the codes again."
)


def file_url(store: Store, promotion: Promotion, job: Job) -> str:
    """Path and query of a completed export's file, valid for a limited time from now.

    Raises:
        ApiError: 422, the job has no file: not yet, no longer, or because it never makes one.
    """
    if job.id not in promotion.exports or job.status != "completed":
        if job.status == "completed" and job.parameters is None:
            raise problems.unprocessable(FILE_GONE)
        raise problems.no_file(job.status)
    name = file_name(job.id, job.updated_at)
    expires = str(store.now // SECOND + store.settings.export_url_seconds)
    signature, key = _signature(store.signer, promotion.id, name, expires)
    path = f"{FILES}/{quote(store.state.name, safe='')}/{promotion.id}/{name}"
    return f"{path}?Expires={expires}&Signature={signature}&Key-Pair-Id={key}"


def open_file(store: Store, promotion_id: str, name: str, query: Mapping[str, str]) -> Iterator[bytes]:
    """The CSV behind a signed URL, in pieces.

    Raises:
        ApiError: 403 the signature is wrong or expired, 404 the promotion, the job or the file is gone.
    """
    expires = query.get("Expires", "")
    signature, key = _signature(store.signer, promotion_id, name, expires)
    genuine = compare_digest(query.get("Signature", "").encode("utf-8", "replace"), signature.encode())
    if not genuine or query.get("Key-Pair-Id") != key:
        raise _denied("the URL's signature is not valid; use the href of the job's file unchanged")
    if int(expires) * SECOND < store.now:
        ended = format_seconds(int(expires) * SECOND)
        raise _denied(f"the URL expired at {ended} by the store's clock; ask for the job's file again")
    job = store.state.jobs.get(name.split("_")[0])
    promotion = None if job is None else store.state.promotions[job.family].find(promotion_id)
    if job is None or promotion is None:
        raise problems.not_found("the file is gone, for its promotion was deleted or the store was reset")
    captured = promotion.exports.get(job.id)
    if captured is None:
        raise problems.not_found(FILE_GONE)
    return csv_chunks(_rows(captured))


def _rows(captured: CapturedCodes) -> Iterator[ExportRow]:
    batch: Batch | None = None
    created_at = ""
    for key, entry in captured.entries.items():
        code = as_code(key, entry)
        if code.batch is not batch:
            batch, created_at = code.batch, format_millis(code.batch.created_at)
        user = code.user if code.user is None or isinstance(code.user, str) else " ".join(code.user)
        yield ExportRow(
            code.code, code.uses, code.max_uses, code.consume_unit, user, batch.created_by, created_at
        )


def _signature(signer: Entropy, promotion_id: str, name: str, expires: str) -> tuple[str, str]:
    key = signer.signature("key pair")[:13].upper()
    return signer.signature("file", promotion_id, name, expires), f"K{key}"


def _denied(detail: str) -> ApiError:
    return ApiError(403, [{"status": 403, "title": "Forbidden", "detail": detail}])
