"""Handlers of the jobs of a store: all of them, what has happened to each, and waiting for one."""

from __future__ import annotations

from typing import Any

from ep_mock.domain import problems
from ep_mock.domain.families import FAMILIES
from ep_mock.domain.lifecycle import STATUSES
from ep_mock.simulation.job import Job
from ep_mock.simulation.standstill import what_it_waits_for
from ep_mock.simulation.state import Content
from ep_mock.simulation.stuck_polls import looks_in_vain
from ep_mock.web.answers import Answer, json_answer
from ep_mock.web.calls import Call
from ep_mock.web.job_records import job_record, job_with_history
from ep_mock.web.job_wait import JobWait
from ep_mock.web.query import chosen, whole_number
from ep_mock.web.waiting import WAIT_SECONDS, begun

_SHOWN, _MOST_SHOWN = 1000, 1_000_000_000


class ControlJobs:
    """The handlers under `/__ep_mock/jobs`, named as their operations are."""

    def list_all_jobs(self, call: Call) -> Answer:
        """GET /jobs, newest first. This is no poll."""
        query = call.query
        statuses, families = chosen(query, "status", STATUSES), chosen(query, "family", [family.name for family in FAMILIES])
        limit, promotion_id = whole_number(query, "limit", _SHOWN, most=_MOST_SHOWN), query.get("promotion_id")
        found = [
            job
            for job in reversed(call.store.content.jobs.values())
            if (not statuses or job.status in statuses)
            and (not families or job.family.name in families)
            and promotion_id in (None, job.promotion_id)
        ]
        return json_answer(200, {"jobs": [_listed(job, call.store.content) for job in found[:limit]], "total": len(found)})

    def get_job_history(self, call: Call) -> Answer:
        """GET /jobs/{job_id}/history."""
        job = call.store.content.jobs.get(call.parameters[0])
        if job is None:
            raise problems.job_not_found()
        record = job_with_history(job)
        if not job.ended:
            record["waits_for"] = what_it_waits_for(call.store, job).text
            if polls := looks_in_vain(call.store, job.promotion_id):
                record["polls"] = polls
        return json_answer(200, record)

    def wait_for_job(self, call: Call) -> Answer:
        """POST /jobs/wait."""
        body = call.validated_body()
        return begun(JobWait(call.store, body), body.get("timeout", WAIT_SECONDS))


def _listed(job: Job, content: Content) -> dict[str, Any]:
    """A job with the name of its promotion, unless that has been deleted."""
    promotion = content.promotions[job.family.name].get(job.promotion_id)
    record = job_record(job)
    return record if promotion is None else {**record, "promotion_name": promotion.fields["name"]}
