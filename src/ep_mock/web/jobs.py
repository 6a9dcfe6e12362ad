"""Handlers of promotion jobs."""

from __future__ import annotations

import msgspec

from ep_mock.operations import exports, jobs
from ep_mock.simulation.promotion import Polled
from ep_mock.web.answers import Answer, data_answer, encoded_answer, json_answer
from ep_mock.web.calls import Call
from ep_mock.web.control_plans import plan_in_header
from ep_mock.web.lists import answer_list


def list_jobs(call: Call) -> Answer:
    """GET …/jobs: what clients poll."""
    promotion, store = call.promotion, call.store
    # Most polls find nothing new. Then the answer is the same as before, with all its links.
    cause = (store.content.transitions_total, store.settings, *call.address)
    polled = promotion.polled
    if polled is not None and polled.cause == cause:
        return encoded_answer(200, polled.body)
    answer = answer_list(call, lambda page: jobs.list_jobs(store, promotion, page, call.query.get("filter")))
    if isinstance(answer.body, bytes):
        promotion.polled = Polled(cause, answer.body)
    return answer


def create_job(call: Call) -> Answer:
    """POST …/jobs; the request may bring a plan of its own along."""
    promotion = call.promotion
    job = jobs.create_job(call.store, promotion, call.validated_body(), plan_in_header(call))
    return data_answer(201, msgspec.json.encode(job.document(nanoseconds=True)))


def cancel_job(call: Call) -> Answer:
    """POST …/jobs/{job_id}/cancel; the body, if any, is ignored."""
    promotion = call.promotion
    job = jobs.cancel_job(call.store, promotion, call.parameters[1])
    return data_answer(200, msgspec.json.encode(job.document(nanoseconds=call.family.cancel_in_nanoseconds)))


def get_job_file(call: Call) -> Answer:
    """GET …/jobs/{job_id}/file."""
    promotion = call.promotion
    path = exports.file_url(call.store, promotion, jobs.find_job(call.store, promotion, call.parameters[1]))
    return json_answer(200, {"href": call.base_url + path})
