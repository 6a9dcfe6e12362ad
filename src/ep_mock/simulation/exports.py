"""Exported files: the signed, expiring URL of one, and its content.

The URL has the published shape: its path ends `{job id}_{YYYYMMDD}_{HHMMSS}_codes.csv`, its query has `Expires` (in seconds), `Signature`
and `Key-Pair-Id`. It names its store and needs no token; whoever changes a part of it has no valid signature.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hmac import compare_digest
from urllib.parse import quote

from ep_mock.domain import problems
from ep_mock.domain.codes import Batch, Code, plain
from ep_mock.domain.dates import format_millis, format_seconds
from ep_mock.domain.exports import ExportRow, csv_chunks, file_name
from ep_mock.entropy import Entropy
from ep_mock.errors import ApiError
from ep_mock.simulation.codebook import CapturedCodes
from ep_mock.simulation.job import Job
from ep_mock.simulation.promotion import EXPORTS_KEPT, Promotion
from ep_mock.simulation.store import Store
from ep_mock.timings import SECOND

FILES = "/files"
FILE_GONE = f"The file is gone: a promotion keeps those of its latest {EXPORTS_KEPT} exports. Export the codes again."


def file_url(store: Store, promotion: Promotion, job: Job) -> str:
    """Path and query at which the file of a completed export can be fetched from now on, for a while.

    Raises:
        ApiError: 422, the job has no file: not yet, not any more, or because it never makes one.
    """
    if job.id not in promotion.exports or job.status != "completed":
        if job.status == "completed" and job.parameters is None:
            raise problems.unprocessable(FILE_GONE)
        raise problems.no_file(job.status)
    name = file_name(job.id, job.updated_at)
    expires = str(store.now // SECOND + store.settings.export_url_seconds)
    signature, key = _signature(store.signer, promotion.id, name, expires)
    path = f"{FILES}/{quote(store.content.name, safe='')}/{promotion.id}/{name}"
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
    job = store.content.jobs.get(name.split("_")[0])
    promotion = None if job is None else store.content.promotions[job.family.name].find(promotion_id)
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
        code: Code = plain(key, entry) if isinstance(entry, Batch) else entry
        if code.batch is not batch:
            batch, created_at = code.batch, format_millis(code.batch.created_at)
        user = code.user if code.user is None or isinstance(code.user, str) else " ".join(code.user)
        yield ExportRow(code.code, code.uses, code.max_uses, code.consume_unit, user, batch.created_by, created_at)


def _signature(signer: Entropy, promotion_id: str, name: str, expires: str) -> tuple[str, str]:
    return signer.signature("file", promotion_id, name, expires), "K" + signer.signature("key pair")[:13].upper()


def _denied(detail: str) -> ApiError:
    return ApiError(403, [{"status": 403, "title": "Forbidden", "detail": detail}])
