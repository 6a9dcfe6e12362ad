"""Handlers of promotion codes."""

from __future__ import annotations

from ep_mock.operations import codes
from ep_mock.web.answers import Answer, data_answer, records_answer
from ep_mock.web.calls import Call
from ep_mock.web.lists import answer_list


def list_codes(call: Call) -> Answer:
    """GET …/codes."""
    promotion, query = call.promotion, call.query
    return answer_list(call, lambda page: codes.list_codes(call.store, promotion, page, query.get("filter"), query.get("sort")))


def create_codes(call: Call) -> Answer:
    """POST …/codes: answered with the codes, or with the promotion, as the family has it."""
    promotion = call.promotion
    created = codes.create_codes(call.store, promotion, call.validated_body())
    if not call.family.lists_created_codes:
        return data_answer(201, promotion.listed())
    return records_answer(201, created.codes, _about(created.repeated))


def delete_codes(call: Call) -> Answer:
    """DELETE …/codes, several with a body that names them."""
    codes.delete_codes(call.store, call.promotion, call.validated_body())
    return Answer(204)


def delete_code(call: Call) -> Answer:
    """DELETE …/codes/{code}; a body, which a published client sends, is ignored."""
    codes.delete_code(call.store, call.promotion, call.parameters[1])
    return Answer(204)


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
