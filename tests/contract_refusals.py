"""Refusals of requests that fit the documents: the store's state can make a request impossible.

schemathesis takes each 400 and 422 on a request that fits the schema for a finding. These are none, as no
schema can state them: each names its operation and its own problem, so any other refusal of such a request, a
validation error above all, stays a finding.
"""

from __future__ import annotations

import re
from typing import Any, Final

from schemathesis import Case, Response
from schemathesis.core.failures import Failure
from schemathesis.openapi.checks import AllowHeaderMismatch, RejectedPositiveData, UseAfterFree

_DATES: Final = "422 Unprocessable Entity: start must be before end"
_AUTO_ADD: Final = "400 Bad Request: auto_add needs an automatic promotion and a discount of 100 percent"
_AUTOMATIC_LIMIT: Final = "400 Too many automatic rule promotions: Only 50 .*"
_PRIORITY: Final = "422 Duplicate Priority: .*"
_NO_CODES: Final = "422 No codes allowed: .*"
_TOO_MANY_CODES: Final = (
    "4[0-9]{2} Too many promotion codes: Only [0-9]+ promotion codes are allowed per promotion"
)
_BACKWARDS: Final = "400 Bad Request: time cannot run backwards; it is .*"
_END_OF_TIME: Final = "400 Bad Request: expected a time before the year 9892"
# What contradicts itself or the store, in words of its own. A schema that said it all would be too long to
# read, and its errors too vague.
_CONTROL: Final = "400 Bad Request: .*"

_BY_STATE: Final[dict[str, tuple[str, ...]]] = {
    "create_promotion": (_DATES, _AUTO_ADD, _AUTOMATIC_LIMIT, _PRIORITY),
    "update_promotion": (_DATES, _AUTO_ADD, _AUTOMATIC_LIMIT, _PRIORITY),
    "create_codes": (
        _NO_CODES,
        _TOO_MANY_CODES,
        "422 Duplicate code: .*",
        # A code contradicts itself; the published refusals are no validation errors, so the schema must let
        # it pass.
        "400 Invalid Code: .* can't have limited uses or assigned to users since it's for first-time shoppers.",
        "422 Unsupported consume unit: .*",
    ),
    "create_job": (_NO_CODES, _TOO_MANY_CODES, "400 Too many jobs: .*"),
    "cancel_job": ("422 Unprocessable Entity: Only pending or processing jobs can be cancelled.?",),
    "get_job_file": ("422 Unprocessable Entity: Job has no file to download. Job status: [a-z]+",),
    "set_clock": (_BACKWARDS, _END_OF_TIME),
    "advance_clock": (_BACKWARDS, _END_OF_TIME),
    **dict.fromkeys(
        (
            "create_plan",
            "create_fault",
            "wait_for_job",
            "load_fixture",
            "restore_snapshot",
            "change_settings",
            "reset_store",
        ),
        (_CONTROL,),
    ),
    # Properties that do not go together; a schema could say so, but not why.
    "create_fault": (
        "400 Bad Request: has no effect; set one of error, answer, connection, delay",
        "400 Bad Request: cannot be combined with (error|body); set one of them",
        "400 Bad Request: [a-z]+ sends no response; leave out error and answer",
        "400 Bad Request: is only valid with error rate_limited or unavailable",
        "400 Bad Request: least .* is greater than most .*",
        "400 Bad Request: a response with status [0-9]+ has no body",
        "400 Bad Request: [A-Za-z-]+ is set by the server; leave it out",
        "400 Bad Request: (?s:.*) is not a valid header",
    ),
}


def is_finding(failure: Failure, case: Case[Any], response: Response) -> bool:
    """Whether what a check has found is wrong."""
    if isinstance(failure, RejectedPositiveData):
        return not _is_refused_by_state(case, response)
    if isinstance(failure, AllowHeaderMismatch):
        # `…/codes/x/usages` is a path of its own, and that of a code `x/usages` as well, which can be
        # deleted.
        return not case.operation.path.endswith("/codes/{code}/usages")
    if isinstance(failure, UseAfterFree):
        # Codes are deleted at `…/codes`, which is not deleted itself.
        return not (failure.operation or "").endswith("/codes")
    return True


def _is_refused_by_state(case: Case[Any], response: Response) -> bool:
    operation_id = case.operation.definition.raw["operationId"]
    item = response.json()["errors"][0]
    refusal = f"{response.status_code} {item['title']}: {item.get('detail', '')}"
    if any(re.fullmatch(pattern, refusal, re.DOTALL) for pattern in _BY_STATE.get(operation_id, ())):
        return True
    # A new `promotion_type` is held against the `schema` that the promotion has, and the other way round.
    sent = _data(case)
    return operation_id == "update_promotion" and ("promotion_type" in sent) != ("schema" in sent)


def _data(case: Case[Any]) -> dict[str, Any]:
    body = case.body
    if not isinstance(body, dict):
        return {}
    inside = body.get("data", body)
    return inside if isinstance(inside, dict) else {}
