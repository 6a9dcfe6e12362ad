"""Handlers of usages."""

from __future__ import annotations

from ep_mock.domain import problems
from ep_mock.operations import usages
from ep_mock.web.answers import Answer, records_answer
from ep_mock.web.calls import Call
from ep_mock.web.lists import answer_list


def list_usages(call: Call) -> Answer:
    """GET …/usages."""
    promotion, query = call.promotion, call.query
    return answer_list(call, lambda page: usages.list_usages(call.store, promotion, page, query.get("filter"), query.get("sort")))


def list_code_usages(call: Call) -> Answer:
    """GET …/codes/{code}/usages."""
    promotion, code, query = call.promotion, call.parameters[1], call.query
    return answer_list(
        call, lambda page: usages.list_code_usages(call.store, promotion, code, page, query.get("filter"), query.get("sort"))
    )


def anonymize_usages(call: Call) -> Answer:
    """POST usages/anonymize; ids that nobody knows stand in `errors` beside what was done."""
    done = usages.anonymize_usages(call.store, call.family, call.validated_body())
    if not done.unknown:
        return records_answer(200, done.usages)
    if not done.usages:
        raise problems.no_known_usage(call.family, done.unknown)
    return records_answer(200, done.usages, {"errors": problems.unknown_usages(done.unknown).errors})
