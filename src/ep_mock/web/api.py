"""The handlers and the routes of the API, and of its signed files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from ep_mock.contract.documents import load_document
from ep_mock.contract.validation import validate_body
from ep_mock.domain import problems
from ep_mock.domain.families import FAMILIES
from ep_mock.domain.paging import Page
from ep_mock.domain.plans import Plan, check_plan
from ep_mock.errors import ApiError, UsageError
from ep_mock.operations import codes, exports, jobs, promotions, usages
from ep_mock.operations.listing import Listing
from ep_mock.simulation.promotion import CachedJobs
from ep_mock.web.auth import Authenticator
from ep_mock.web.request import PLAN_HEADER, Handler, Request, Route
from ep_mock.web.response import (
    JSON,
    Response,
    data_response,
    json_response,
    list_response,
    records_response,
)
from ep_mock.web.routes import RouteTable

_KEPT: Final = ("filter", "sort")
"""Parameters that the links of a list repeat."""

_PLAN_SOURCE: Final = "X-EP-Mock-Plan"
_SELECTING: Final = ("family", "promotion_id", "job_type", "name", "times")
"""What selects the jobs of a plan. A plan in a header is for one job only."""


def _list(request: Request, list_page: Callable[[Page], Listing]) -> Response:
    """The requested page of a list, with links that keep the filter and the order."""
    page, query = request.page, request.query
    extra = tuple((name, query[name]) for name in _KEPT if name in query) if query else ()
    return list_response(list_page(page), page, request.url, extra)


def _filter_and_sort(request: Request) -> tuple[str | None, str | None]:
    return request.query.get("filter"), request.query.get("sort")


def list_jobs(request: Request) -> Response:
    """GET …/jobs: what clients poll."""
    promotion, store = request.promotion, request.store
    # Most polls find nothing new, and get the previous response.
    key = (store.state.transitions_total, store.settings, *request.address)
    cached = promotion.cached_jobs
    if cached is not None and cached.key == key:
        return Response(200, cached.body, JSON)
    text = request.query.get("filter")
    response = _list(request, lambda page: jobs.list_jobs(store, promotion, page, text))
    if isinstance(response.body, bytes):
        promotion.cached_jobs = CachedJobs(key, response.body)
    return response


def create_job(request: Request) -> Response:
    """POST …/jobs; a header may give the plan of the job."""
    promotion = request.promotion
    job = jobs.create_job(request.store, promotion, request.validated_body(), _plan_in_header(request))
    return data_response(201, msgspec.json.encode(job.document(nanoseconds=True)))


def cancel_job(request: Request) -> Response:
    """POST …/jobs/{job_id}/cancel; the body, if any, is ignored."""
    promotion = request.promotion
    job = jobs.cancel_job(request.store, promotion, request.parameters[1])
    document = job.document(nanoseconds=request.family.cancel_in_nanoseconds)
    return data_response(200, msgspec.json.encode(document))


def get_job_file(request: Request) -> Response:
    """GET …/jobs/{job_id}/file."""
    promotion, store = request.promotion, request.store
    path = exports.file_url(store, promotion, jobs.find_job(store, promotion, request.parameters[1]))
    return json_response(200, {"href": request.base_url + path})


def list_promotions(request: Request) -> Response:
    """GET the family's promotions."""
    store, family, text = request.store, request.family, request.query.get("filter")
    return _list(request, lambda page: promotions.list_promotions(store, family, page, text))


def create_promotion(request: Request) -> Response:
    """POST a promotion."""
    promotion = promotions.create_promotion(request.store, request.family, request.validated_body())
    return data_response(201, promotion.listed())


def get_promotion(request: Request) -> Response:
    """GET one promotion."""
    return data_response(200, request.promotion.listed())


def update_promotion(request: Request) -> Response:
    """PUT a promotion: the fields in the body change, the others stay, and all must fit together (such as
    `schema` and `promotion_type`).
    """
    promotion, changes = request.promotion, request.validated_body()
    request.validate({**promotion.fields, **changes})
    return data_response(200, promotions.update_promotion(request.store, promotion, changes).listed())


def get_promotion_history(request: Request) -> Response:
    """GET …/history."""
    promotion = request.promotion
    return _list(request, lambda page: promotions.list_history(promotion, page))


def delete_promotion(request: Request) -> Response:
    """DELETE a promotion with its codes, jobs and usages."""
    promotions.delete_promotion(request.store, request.promotion)
    return Response(204)


def list_codes(request: Request) -> Response:
    """GET …/codes."""
    store, promotion, (text, order) = request.store, request.promotion, _filter_and_sort(request)
    return _list(request, lambda page: codes.list_codes(store, promotion, page, text, order))


def create_codes(request: Request) -> Response:
    """POST …/codes. The response has the codes, or the promotion, depending on the family."""
    promotion = request.promotion
    created = codes.create_codes(request.store, promotion, request.validated_body())
    if not request.family.lists_created_codes:
        return data_response(201, promotion.listed())
    encoded = codes.encode_codes(request.store, promotion, created.codes, stored=False)
    return records_response(201, encoded, _repeated_codes(created.repeated))


def delete_codes(request: Request) -> Response:
    """DELETE …/codes; the body names the codes."""
    codes.delete_codes(request.store, request.promotion, request.validated_body())
    return Response(204)


def delete_code(request: Request) -> Response:
    """DELETE …/codes/{code}; a body, which a published client sends, is ignored."""
    codes.delete_code(request.store, request.promotion, request.parameters[1])
    return Response(204)


def _repeated_codes(repeated: list[str]) -> dict[str, object]:
    """The published message about codes that other promotions have too."""
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
    store, promotion, (text, order) = request.store, request.promotion, _filter_and_sort(request)
    return _list(request, lambda page: usages.list_usages(store, promotion, page, text, order))


def list_code_usages(request: Request) -> Response:
    """GET …/codes/{code}/usages."""
    store, promotion, (text, order) = request.store, request.promotion, _filter_and_sort(request)
    code = request.parameters[1]
    return _list(request, lambda page: usages.list_code_usages(store, promotion, code, page, text, order))


def anonymize_usages(request: Request) -> Response:
    """POST usages/anonymize; unknown ids are listed in `errors`, beside the anonymized usages."""
    done = usages.anonymize_usages(request.store, request.family, request.validated_body())
    if not done.unknown:
        return records_response(200, done.usages)
    if not done.usages:
        raise problems.no_known_usage(request.family, done.unknown)
    return records_response(200, done.usages, {"errors": problems.unknown_usages(done.unknown).errors})


def get_file(request: Request) -> Response:
    """GET an exported file, as CSV; streamed if it is large."""
    _, promotion_id, name = request.parameters
    pieces = exports.open_file(request.store, promotion_id, name, request.query)
    disposition = f'attachment; filename="{name}"'.encode()
    return Response(
        200, pieces, ((b"content-type", b"text/csv; charset=utf-8"), (b"content-disposition", disposition))
    )


def _plan_in_header(request: Request) -> Plan | None:
    """The plan in the request's header; None without one, or when the control plane is off.

    Raises:
        ApiError: 400, the plan is not valid.
    """
    raw = request.headers.get(PLAN_HEADER)
    if raw is None or not request.store.settings.control:
        return None
    try:
        fields = validate_body(load_document("control").operation("create_plan"), raw)
        if selecting := [name for name in _SELECTING if name in fields]:
            raise UsageError(
                f"{selecting[0]}: a plan in a header is for the job that comes with it; leave this out"
            )
        plan = msgspec.convert(fields, Plan)
        check_plan(plan)
    except UsageError as error:
        raise problems.bad_request(str(error), _PLAN_SOURCE) from None
    except ApiError as error:
        errors = [{**item, "source": _PLAN_SOURCE, "detail": _plan_detail(item)} for item in error.errors]
        raise ApiError(400, errors) from None
    return plan


def _plan_detail(item: dict[str, Any]) -> str:
    detail: str = item["detail"].replace("The request body", "The plan")
    return f"{item['source']}: {detail}" if "source" in item else detail


_HANDLERS: Final[Mapping[str, Handler]] = {
    "list_promotions": list_promotions,
    "create_promotion": create_promotion,
    "get_promotion": get_promotion,
    "update_promotion": update_promotion,
    "delete_promotion": delete_promotion,
    "get_promotion_history": get_promotion_history,
    "list_codes": list_codes,
    "create_codes": create_codes,
    "delete_codes": delete_codes,
    "delete_code": delete_code,
    "list_jobs": list_jobs,
    "create_job": create_job,
    "cancel_job": cancel_job,
    "get_job_file": get_job_file,
    "list_usages": list_usages,
    "list_code_usages": list_code_usages,
    "anonymize_usages": anonymize_usages,
}


def api_routes(authenticator: Authenticator) -> RouteTable[Route]:
    """All routes of the API, and that of the signed files.

    Raises:
        UsageError: an operation of a document has no handler.
    """
    routes: RouteTable[Route] = RouteTable()
    handlers = {**_HANDLERS, "create_access_token": authenticator.create_access_token}
    for family in FAMILIES:
        for operation in load_document(family.name).operations:
            handler = handlers.get(operation.operation_id)
            if handler is None:
                raise UsageError(f"{operation!r} of the document {family.name} has no handler")
            authorized = operation.raw.get("security") != []
            route = Route(handler, operation=operation, family=family, authorized=authorized)
            routes.add(operation.method, operation.path, route)
    path = f"{exports.FILES}/{{store}}/{{promotion_id}}/{{file_name}}"
    routes.add("GET", path, Route(get_file, name="get_file", names_store=True))
    return routes
