"""The errors of the API, each with its published status, title and detail.

The `status` in a document is a string in some published errors and a number in others, and is kept so. Texts
marked as ours are not published; docs/fidelity.md lists them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from ep_mock.domain.families import Family
from ep_mock.errors import ApiError

LONGEST_DAYS: Final = 365
_LONGEST: Final = LONGEST_DAYS * 86_400 * 1_000_000_000


class CodesQuota(msgspec.Struct, frozen=True, gc=False):
    """The maximum number of codes of a promotion, and whether its duration lowers it."""

    limit: int
    lasts_long: bool

    @property
    def sentence(self) -> str:
        """The published sentence with the limit, and with the reason if the duration lowers it."""
        reason = f" that lasts more than {LONGEST_DAYS} days" if self.lasts_long else ""
        return f"Only {self.limit} promotion codes are allowed per promotion{reason}"


def codes_quota(limit: int, long_limit: int, *, start: int, end: int) -> CodesQuota:
    """The quota of a promotion from `start` to `end` (nanoseconds).

    It is `limit`, or `long_limit` for a long promotion if that is lower. A `long_limit` of 0 has no effect.
    """
    if end - start > _LONGEST and 0 < long_limit < limit:
        return CodesQuota(long_limit, lasts_long=True)
    return CodesQuota(limit, lasts_long=False)


def bad_request(detail: str, source: str | None = None) -> ApiError:
    """400: the request cannot be used; `source` names the place."""
    place = {} if source is None else {"source": source}
    return ApiError(400, [{"status": 400, **place, "title": "Bad Request", "detail": detail}])


def unauthorized() -> ApiError:
    """401: the request has no valid bearer token."""
    return ApiError(
        401, [{"status": 401, "title": "Unable to validate access token"}], {"WWW-Authenticate": "Bearer"}
    )


def forbidden() -> ApiError:
    """403: the grant of the token does not allow promotions."""
    return ApiError(403, [{"status": 403, "title": "Forbidden"}])


def not_found(detail: str) -> ApiError:
    """404 with a reason."""
    return ApiError(404, [{"detail": detail, "status": 404, "title": "Not Found"}])


def promotion_not_found() -> ApiError:
    """404: the store has no such promotion."""
    return not_found("promotion not found")


def job_not_found() -> ApiError:
    """404: the promotion has no such job."""
    return not_found("job not found")


def code_not_found() -> ApiError:
    """404: the promotion has no such code."""
    return not_found("promotion code not found")


def conflict() -> ApiError:
    """409: a concurrent write. Only faults give it."""
    return ApiError(409, [{"status": 409, "detail": "Write conflict detected", "title": "Conflict"}])


def rate_limited(retry_after: int) -> ApiError:
    """429: too many requests per second; `retry_after` is in seconds (the title is ours)."""
    return ApiError(429, [{"status": 429, "title": "Too Many Requests"}], {"Retry-After": str(retry_after)})


def unavailable(retry_after: int | None = None) -> ApiError:
    """503 (the title is ours). Only faults give it."""
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return ApiError(503, [{"status": 503, "title": "Service Unavailable"}], headers)


def method_not_allowed(method: str, allowed: Sequence[str]) -> ApiError:
    """405 with the methods of the path."""
    names = ", ".join(allowed)
    detail = f"{method} is not allowed here; allowed: {names}"
    return ApiError(405, [{"status": 405, "title": "Method Not Allowed", "detail": detail}], {"Allow": names})


def body_too_large(limit: int) -> ApiError:
    """413 with the limit in bytes."""
    detail = f"the request body is larger than {limit} bytes"
    return ApiError(413, [{"status": 413, "title": "Request Entity Too Large", "detail": detail}])


def compressed_body(coding: str) -> ApiError:
    """415: the body has a content encoding such as gzip (status and text are ours)."""
    detail = f"the request body is encoded as {coding[:60]!r}; send it without Content-Encoding, as it is"
    return ApiError(
        415,
        [{"status": 415, "title": "Unsupported Media Type", "detail": detail}],
        {"Accept-Encoding": "identity"},
    )


def too_many_codes(quota: CodesQuota) -> ApiError:
    """400: one job asks for more codes than a promotion may have."""
    item = {
        "status": 400,
        "source": "data.parameters.number_of_codes",
        "title": "Too many promotion codes",
        "detail": quota.sentence,
    }
    return ApiError(400, [item])


def codes_limit_reached(quota: CodesQuota) -> ApiError:
    """422: codes added by hand would exceed the promotion's limit (status and text are ours)."""
    return ApiError(422, [{"status": "422", "title": "Too many promotion codes", "detail": quota.sentence}])


def lasts_too_long(limit: int) -> ApiError:
    """422: the promotion has too many codes for a long duration (status and text are ours)."""
    return unprocessable(f"A promotion with more than {limit} codes lasts at most {LONGEST_DAYS} days")


def duplicate_code() -> ApiError:
    """422: a code exists already; the request adds no code."""
    return ApiError(
        422, [{"status": "422", "title": "Duplicate code", "detail": "Promotion code already in use"}]
    )


def invalid_first_time_code(code: str) -> ApiError:
    """400: a code for first-time shoppers has limits or a user."""
    detail = f"Code - {code} can't have limited uses or assigned to users since it's for first-time shoppers."
    return ApiError(400, [{"status": 400, "source": "", "title": "Invalid Code", "detail": detail}])


def unsupported_consume_unit(unit: str) -> ApiError:
    """422: a limit per shopper cannot be counted in this unit."""
    detail = f"Consume unit '{unit}' is not supported when using 'max_uses_per_shopper' features."
    return ApiError(
        422, [{"status": "422", "source": "", "title": "Unsupported consume unit", "detail": detail}]
    )


def bad_sort(sort: str, accepted: Sequence[str]) -> ApiError:
    """400: the list cannot be sorted by this."""
    expected = f"expected one of {', '.join(accepted)}" if accepted else "this list cannot be sorted"
    return bad_request(f"sort: {expected}, given: {sort[:60]!r}", "sort")


def too_many_automatic(limit: int, *, updating: bool) -> ApiError:
    """400: too many automatic Rule promotions; creating and updating have different texts."""
    which = "active and future automatic" if updating else "active automatic"
    detail = f"Only {limit} {which} rule promotions are allowed per store"
    return ApiError(400, [{"status": "400", "title": "Too many automatic rule promotions", "detail": detail}])


def duplicate_priority() -> ApiError:
    """422: another running or scheduled promotion has the same priority."""
    detail = "Priority already in use in another running or scheduled promotion"
    return ApiError(422, [{"title": "Duplicate Priority", "status": "422", "detail": detail}])


def too_many_codes_to_reactivate(family: Family) -> ApiError:
    """422: an expired promotion has too many codes for a later end."""
    return ApiError(422, [family.reactivation_refused])


def too_many_jobs() -> ApiError:
    """400: the promotion has an unfinished job."""
    detail = "Only 1 pending or processing job is allowed per promotion."
    return ApiError(400, [{"status": "400", "title": "Too many jobs", "detail": detail}])


def no_codes_allowed(family: Family) -> ApiError:
    """422: an automatic promotion takes no codes."""
    return ApiError(422, [{"status": "422", "title": "No codes allowed", "detail": family.automatic_refused}])


def unknown_usages(ids: Sequence[str]) -> ApiError:
    """404 for some unknown usages; it is an item beside the others in a response with status 200."""
    item = {"status": "404", "title": "Could not anonymize some usages", "detail": "Usages not found."}
    return ApiError(404, [{**item, "meta": {"usage_ids": list(ids)}}])


def no_known_usage(family: Family, ids: Sequence[str]) -> ApiError:
    """404: all usages to anonymize are unknown."""
    return ApiError(404, [{**family.usages_unknown, "meta": {"usage_ids": list(ids)}}])


def unprocessable(detail: str) -> ApiError:
    """422 with a reason."""
    return ApiError(422, [{"status": "422", "title": "Unprocessable Entity", "detail": detail}])


def cancel_refused(family: Family) -> ApiError:
    """422: the job is neither pending nor processing."""
    return unprocessable(family.cancel_refused)


def no_file(status: str) -> ApiError:
    """422: the job has no file, or not yet."""
    return unprocessable(f"Job has no file to download. Job status: {status}")


def internal(request_id: str) -> ApiError:
    """500: a defect of ep-mock."""
    detail = "There was an internal server error, you can report with your request id."
    return ApiError(
        500, [{"status": 500, "title": "Internal Server Error", "detail": detail, "request_id": request_id}]
    )


def time_stands_still(detail: str) -> ApiError:
    """503 of ep-mock: a client polls a job while no time passes. Retrying does not help."""
    return ApiError(503, [{"status": 503, "title": "Time stands still", "detail": detail}])


def store_gone() -> ApiError:
    """409 of ep-mock: the store was reset, restored or deleted during the request, which has no effect."""
    detail = (
        "the store was reset, restored or deleted during this request, which has no effect: send it again"
    )
    return ApiError(409, [{"status": 409, "title": "Store is gone", "detail": detail}])


def server_stopping(detail: str) -> ApiError:
    """503 of ep-mock: the server stops before the response is ready."""
    return ApiError(
        503, [{"status": 503, "title": "Server is stopping", "detail": f"the server is stopping; {detail}"}]
    )
