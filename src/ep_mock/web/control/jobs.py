"""Handlers of the jobs of a store."""

from __future__ import annotations

from typing import Final

from ep_mock.control_messages import JobHistory, Jobs
from ep_mock.domain import problems
from ep_mock.domain.families import FAMILIES
from ep_mock.domain.lifecycle import STATUSES
from ep_mock.operations.polls import futile_polls
from ep_mock.operations.waiting_reason import waiting_reason
from ep_mock.simulation.job import Job
from ep_mock.simulation.store import Store
from ep_mock.web.control.job_wait import JobWait
from ep_mock.web.control.parameters import choices, whole_number
from ep_mock.web.control.views import history_view, job_view
from ep_mock.web.long_poll import WAIT_SECONDS, wait_or_poll
from ep_mock.web.request import Request
from ep_mock.web.response import Response, json_response

_DEFAULT_LIMIT: Final = 1000
_MOST_SHOWN: Final = 1_000_000_000


def list_all_jobs(request: Request) -> Response:
    """GET /jobs, newest first. This is no poll."""
    store, query = request.store, request.query
    statuses = choices(query, "status", STATUSES)
    families = choices(query, "family", [family.name for family in FAMILIES])
    limit = whole_number(query, "limit", least=1, most=_MOST_SHOWN)
    promotion_id = query.get("promotion_id")
    found = [
        job
        for job in reversed(store.state.jobs.values())
        if (not statuses or job.status in statuses)
        and (not families or job.family.name in families)
        and promotion_id in (None, job.promotion_id)
    ]
    shown = found[: limit or _DEFAULT_LIMIT]
    return json_response(200, Jobs([job_view(job, _promotion_name(store, job)) for job in shown], len(found)))


def get_job_history(request: Request) -> Response:
    """GET /jobs/{job_id}/history."""
    store = request.store
    job = store.state.jobs.get(request.parameters[0])
    if job is None:
        raise problems.job_not_found()
    if job.ended:
        return json_response(200, JobHistory(job_view(job), history_view(job)))
    waits_for, polls = waiting_reason(store, job).text, futile_polls(store, job.promotion_id)
    return json_response(200, JobHistory(job_view(job), history_view(job), waits_for, polls))


def wait_for_job(request: Request) -> Response:
    """POST /jobs/wait."""
    body = request.validated_body()
    return wait_or_poll(JobWait(request.store, body), body.get("timeout", WAIT_SECONDS))


def _promotion_name(store: Store, job: Job) -> str | None:
    """The name of a job's promotion; None if it has been deleted."""
    promotion = store.state.promotions[job.family].get(job.promotion_id)
    return None if promotion is None else promotion.fields["name"]
