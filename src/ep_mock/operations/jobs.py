"""Operations on jobs: create, list, find, cancel. The store must be settled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ep_mock.domain import problems
from ep_mock.domain.filters import Attribute
from ep_mock.domain.lifecycle import CANCELLABLE
from ep_mock.domain.paging import Page
from ep_mock.domain.plans import NO_PLAN, Plan
from ep_mock.operations.listing import Listing, list_newest_first, read_filter
from ep_mock.simulation.job import Job
from ep_mock.simulation.promotion import Promotion
from ep_mock.simulation.store import Store

# Every published page filters by `complete`, although the status is `completed`.
FILTERS: Mapping[str, Attribute] = {
    "job_type": Attribute(frozenset({"eq"}), "string", lambda job: job.job_type),
    "status": Attribute(frozenset({"eq"}), "string", lambda job: job.status, {"complete": "completed"}),
}


def create_job(
    store: Store, promotion: Promotion, request: Mapping[str, Any], plan: Plan | None = None
) -> Job:
    """Put a job in the queue as `pending`.

    A request for more codes than a promotion may have is refused at once. If only the codes that exist make
    it too many, the job is accepted and fails when it is processed (published).

    Args:
        plan: a plan for this job alone; without it, the store's plans apply.

    Raises:
        ApiError: 422 automatic promotion, 400 too many codes, 400 another job is unfinished.
    """
    job = new_job(store, promotion, request, plan=plan)
    store.state.record(job)
    store.worker.enqueue(job, promotion)
    return job


def new_job(
    store: Store,
    promotion: Promotion,
    request: Mapping[str, Any],
    *,
    id: str | None = None,  # noqa: A002 - the API's own word
    created_at: int | None = None,
    plan: Plan | None = NO_PLAN,
) -> Job:
    """Make a pending job, the newest of its promotion. It is not in the worker's queue yet.

    Args:
        id: its id; the default is that of its plan, if it is free, or a new one.
        plan: its plan; None lets the store's plans apply.

    Raises:
        ApiError: as for `create_job`.
    """
    _check(store, promotion, request)
    state, family, job_type, name = store.state, promotion.family, request["job_type"], request.get("name")
    parameters = None
    if job_type == "code_generate":
        sent = request["parameters"]
        parameters = {key: sent[key] for key in family.parameter_order if key in sent}
        if "code_length" in parameters:
            # One published page sends a string; all documents promise a number in the response.
            parameters["code_length"] = int(parameters["code_length"])
    plan_id = None
    if plan is None:
        active = state.plans.take(family=family.name, promotion_id=promotion.id, job_type=job_type, name=name)
        plan, plan_id = (NO_PLAN, None) if active is None else (active.plan, active.id)
    new_id = state.new_id() if id is None else id
    state.jobs_created += 1
    job = Job(
        id=new_id if plan.job_id is None or plan.job_id in state.jobs else plan.job_id,
        number=state.jobs_created,
        family=family,
        promotion_id=promotion.id,
        job_type=job_type,
        name=name,
        parameters=parameters,
        created_at=store.now if created_at is None else created_at,
        result_key=store.settings.rule_result_key if family.result_key_varies else "result",
        plan=plan,
        plan_id=plan_id,
    )
    promotion.jobs.append(job)
    return job


def _check(store: Store, promotion: Promotion, request: Mapping[str, Any]) -> None:
    """Refuse a job; the order of the reasons is published."""
    if request["job_type"] == "code_generate":
        if promotion.automatic:
            raise problems.no_codes_allowed(promotion.family)
        quota = store.state.codes_quota(promotion)
        if request["parameters"]["number_of_codes"] > quota.limit:
            raise problems.too_many_codes(quota)
    previous = promotion.unfinished_job
    if previous is not None and (previous.status != "cancelling" or store.settings.cancelling_blocks):
        raise problems.too_many_jobs()


def list_jobs(store: Store, promotion: Promotion, page: Page, filter_text: str | None) -> Listing:
    """The promotion's jobs, newest first. Clients poll this list.

    Raises:
        ApiError: 400, the filter is not valid.
    """
    condition = read_filter(store.settings, filter_text, FILTERS)
    return list_newest_first(promotion.jobs, page, condition)


def cancel_job(store: Store, promotion: Promotion, job_id: str) -> Job:
    """Cancel a pending job at once, or begin to cancel a processing one.

    Raises:
        ApiError: 404 no such job, 422 it is neither pending nor processing.
    """
    job = find_job(store, promotion, job_id)
    if job.status not in CANCELLABLE:
        raise problems.cancel_refused(promotion.family)
    store.worker.cancel(job, store.now)
    return job


def find_job(store: Store, promotion: Promotion, job_id: str) -> Job:
    """The promotion's job with this id.

    Raises:
        ApiError: 404, there is none.
    """
    job = store.state.jobs.get(job_id)
    if job is None or job.promotion_id != promotion.id or job.family is not promotion.family:
        raise problems.job_not_found()
    return job
