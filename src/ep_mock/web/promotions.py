"""Handlers of promotions."""

from __future__ import annotations

from ep_mock.operations import promotions
from ep_mock.web.answers import Answer, data_answer
from ep_mock.web.calls import Call
from ep_mock.web.lists import answer_list


def list_promotions(call: Call) -> Answer:
    """GET the family's promotions."""
    return answer_list(call, lambda page: promotions.list_promotions(call.store, call.family, page, call.query.get("filter")))


def create_promotion(call: Call) -> Answer:
    """POST a promotion."""
    return data_answer(201, promotions.create_promotion(call.store, call.family, call.validated_body()).listed())


def get_promotion(call: Call) -> Answer:
    """GET one promotion."""
    return data_answer(200, call.promotion.listed())


def update_promotion(call: Call) -> Answer:
    """PUT a promotion: what is sent changes, the rest stays, and both must go together (a `schema` with a `promotion_type`)."""
    promotion, request = call.promotion, call.validated_body()
    call.validate({**promotion.fields, **request})
    return data_answer(200, promotions.update_promotion(call.store, promotion, request).listed())


def get_promotion_history(call: Call) -> Answer:
    """GET …/history."""
    promotion = call.promotion
    return answer_list(call, lambda page: promotions.list_history(promotion, page))


def delete_promotion(call: Call) -> Answer:
    """DELETE a promotion with all that belongs to it."""
    promotions.delete_promotion(call.store, call.promotion)
    return Answer(204)
