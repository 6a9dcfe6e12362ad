"""The handlers of the API, and of the files at its signed URLs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from ep_mock.contract.documents import load_document
from ep_mock.contract.validation import validate_body
from ep_mock.domain import problems
from ep_mock.domain.paging import Page
from ep_mock.domain.plans import Plan, check_plan
from ep_mock.errors import ApiError, UsageError
from ep_mock.operations import codes, exports, jobs, promotions, usages
from ep_mock.operations.listing import Listing
from ep_mock.simulation.promotion import CachedJobs
from ep_mock.web.request import PLAN_HEADER, Handler, Request
from ep_mock.web.response import (
    Response,
    data_response,
    encoded_response,
    json_response,
    list_response,
    records_response,
)

_KEPT = ("filter", "sort")
"""Parameters that the links of a list repeat."""

_PLAN_SOURCE: Final = "X-EP-Mock-Plan"
_SELECTING: Final = ("family", "promotion_id", "job_type", "name", "times")


def respond_with_list(request: Request, look_up: Callable[[Page], Listing]) -> Response:
    """The page that the request asks for, with links that keep its filter and its sorting."""
    page, query = request.page, request.query
    extra = tuple((name, query[name]) for name in _KEPT if name in query) if query else ()
    return list_response(look_up(page), page, request.url, extra)


def list_jobs(request: Request) -> Response:
    """GET …/jobs: what clients poll."""
    promotion, store = request.promotion, request.store
    # Most polls find nothing new. Then the answer is the same as before, with all its links.
    key = (store.state.transitions_total, store.settings, *request.address)
    cached = promotion.cached_jobs
    if cached is not None and cached.key == key:
        return encoded_response(200, cached.body)
    answer = respond_with_list(
        request, lambda page: jobs.list_jobs(store, promotion, page, request.query.get("filter"))
    )
    if isinstance(answer.body, bytes):
        promotion.cached_jobs = CachedJobs(key, answer.body)
    return answer


def create_job(request: Request) -> Response:
    """POST …/jobs; the request may bring a plan of its own along."""
    promotion = request.promotion
    job = jobs.create_job(request.store, promotion, request.validated_body(), _plan_in_header(request))
    return data_response(201, msgspec.json.encode(job.document(nanoseconds=True)))


def cancel_job(request: Request) -> Response:
    """POST …/jobs/{job_id}/cancel; the body, if any, is ignored."""
    promotion = request.promotion
    job = jobs.cancel_job(request.store, promotion, request.parameters[1])
    return data_response(
        200, msgspec.json.encode(job.document(nanoseconds=request.family.cancel_in_nanoseconds))
    )


def get_job_file(request: Request) -> Response:
    """GET …/jobs/{job_id}/file."""
    promotion = request.promotion
    path = exports.file_url(
        request.store, promotion, jobs.find_job(request.store, promotion, request.parameters[1])
    )
    return json_response(200, {"href": request.base_url + path})


def list_promotions(request: Request) -> Response:
    """GET the family's promotions."""
    return respond_with_list(
        request,
        lambda page: promotions.list_promotions(
            request.store, request.family, page, request.query.get("filter")
        ),
    )


def create_promotion(request: Request) -> Response:
    """POST a promotion."""
    return data_response(
        201, promotions.create_promotion(request.store, request.family, request.validated_body()).listed()
    )


def get_promotion(request: Request) -> Response:
    """GET one promotion."""
    return data_response(200, request.promotion.listed())


def update_promotion(request: Request) -> Response:
    """PUT a promotion: what is sent changes, the rest stays, and both must go together (a `schema` with a
    `promotion_type`).
    """
    promotion, changes = request.promotion, request.validated_body()
    request.validate({**promotion.fields, **changes})
    return data_response(200, promotions.update_promotion(request.store, promotion, changes).listed())


def get_promotion_history(request: Request) -> Response:
    """GET …/history."""
    promotion = request.promotion
    return respond_with_list(request, lambda page: promotions.list_history(promotion, page))


def delete_promotion(request: Request) -> Response:
    """DELETE a promotion with all that belongs to it."""
    promotions.delete_promotion(request.store, request.promotion)
    return Response(204)


def list_codes(request: Request) -> Response:
    """GET …/codes."""
    promotion, query = request.promotion, request.query
    return respond_with_list(
        request,
        lambda page: codes.list_codes(request.store, promotion, page, query.get("filter"), query.get("sort")),
    )


def create_codes(request: Request) -> Response:
    """POST …/codes: answered with the codes, or with the promotion, as the family has it."""
    promotion = request.promotion
    created = codes.create_codes(request.store, promotion, request.validated_body())
    if not request.family.lists_created_codes:
        return data_response(201, promotion.listed())
    encoded = codes.encode_codes(request.store, promotion, created.codes, stored=False)
    return records_response(201, encoded, _about(created.repeated))


def delete_codes(request: Request) -> Response:
    """DELETE …/codes, several with a body that names them."""
    codes.delete_codes(request.store, request.promotion, request.validated_body())
    return Response(204)


def delete_code(request: Request) -> Response:
    """DELETE …/codes/{code}; a body, which a published client sends, is ignored."""
    codes.delete_code(request.store, request.promotion, request.parameters[1])
    return Response(204)


def _about(repeated: list[str]) -> dict[str, object]:
    """The published message about codes that other promotions have as well."""
    if not repeated:
        return {}
    message = {
        "source": {"type": "promotion_codes", "codes": repeated},
        "title": "Duplicate code names",
        "description": "Code names duplicated in other promotions",
    }
    return {"messages": [message]}


def list_usages(request: Request) -> Response:
    """GET …/usages."""
    promotion, query = request.promotion, request.query
    return respond_with_list(
        request,
        lambda page: usages.list_usages(
            request.store, promotion, page, query.get("filter"), query.get("sort")
        ),
    )


def list_code_usages(request: Request) -> Response:
    """GET …/codes/{code}/usages."""
    promotion, code, query = request.promotion, request.parameters[1], request.query
    return respond_with_list(
        request,
        lambda page: usages.list_code_usages(
            request.store, promotion, code, page, query.get("filter"), query.get("sort")
        ),
    )


def anonymize_usages(request: Request) -> Response:
    """POST usages/anonymize; ids that nobody knows stand in `errors` beside what was done."""
    done = usages.anonymize_usages(request.store, request.family, request.validated_body())
    if not done.unknown:
        return records_response(200, done.usages)
    if not done.usages:
        raise problems.no_known_usage(request.family, done.unknown)
    return records_response(200, done.usages, {"errors": problems.unknown_usages(done.unknown).errors})


FILE_TEMPLATE: Final = f"{exports.FILES}/{{store}}/{{promotion_id}}/{{file_name}}"


def get_file(request: Request) -> Response:
    """GET an exported file, as CSV; a large one is streamed."""
    _, promotion_id, name = request.parameters
    pieces = exports.open_file(request.store, promotion_id, name, request.query)
    disposition = f'attachment; filename="{name}"'.encode()
    return Response(
        200, pieces, ((b"content-type", b"text/csv; charset=utf-8"), (b"content-disposition", disposition))
    )


def _plan_in_header(request: Request) -> Plan | None:
    """The plan that came with the request, None where there is none or the control plane is off.

    Raises:
        ApiError: 400, it cannot be used.
    """
    raw = request.headers.get(PLAN_HEADER)
    if raw is None or not request.store.settings.control:
        return None
    try:
        wanted = validate_body(load_document("control").operation("create_plan"), raw)
        if selecting := [name for name in _SELECTING if name in wanted]:
            raise UsageError(
                f"{selecting[0]}: a plan in a header is for the job that comes with it; leave this out"
            )
        plan = msgspec.convert(wanted, Plan)
        check_plan(plan)
    except UsageError as error:
        raise problems.bad_request(str(error), _PLAN_SOURCE) from None
    except ApiError as error:
        raise ApiError(
            400, [{**item, "source": _PLAN_SOURCE, "detail": _placed(item)} for item in error.errors]
        ) from None
    return plan


def _placed(item: dict[str, Any]) -> str:
    detail: str = item["detail"].replace("The request body", "The plan")
    return f"{item['source']}: {detail}" if "source" in item else detail


HANDLERS: Final[Mapping[str, Handler]] = {
    handler.__name__: handler
    for handler in (
        list_promotions,
        create_promotion,
        get_promotion,
        update_promotion,
        delete_promotion,
        get_promotion_history,
        list_codes,
        create_codes,
        delete_codes,
        delete_code,
        list_jobs,
        create_job,
        cancel_job,
        get_job_file,
        list_usages,
        list_code_usages,
        anonymize_usages,
    )
}
"""The handlers by the ids of their operations. `create_access_token` is in `ep_mock.web.auth`."""
