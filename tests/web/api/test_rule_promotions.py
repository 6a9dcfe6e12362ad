"""Rule promotions over HTTP, apart from their rule sets."""

from __future__ import annotations

from typing import Any

import pytest

from ep_mock.domain.families import RULE
from tests.bodies import new_promotion
from tests.client import api_client
from tests.web.api.refusals import refused, titles

PATH = "/v2/rule-promotions"


def test_all_that_is_missing_is_said_at_once() -> None:
    errors = refused(api_client(), "POST", PATH, {"data": {"type": "promotion"}})
    missing = [(name, "required") for name in ("name", "enabled", "automatic", "start", "end", "rule_set")]
    assert sorted(titles(errors)) == sorted([("data.type", "const"), *missing])


def test_the_type_may_be_left_out() -> None:
    body = new_promotion(RULE)
    del body["type"]
    assert api_client().created(PATH, {"data": body})["type"] == "rule_promotion"


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("2000-01-31", "2000-01-31T00:00:00Z"),
        ("2000-01-31 13:45", "2000-01-31T13:45:00Z"),
        ("2000-01-31T13:45:59.9-01:00", "2000-01-31T14:45:59Z"),
    ],
)
def test_dates_come_in_three_forms_and_go_out_in_one(sent: str, shown: str) -> None:
    assert api_client().created(PATH, {"data": new_promotion(RULE, start=sent)})["start"] == shown


@pytest.mark.parametrize("wrapped", [True, False])
def test_a_change_replaces_what_it_names_and_may_come_without_data(wrapped: bool) -> None:
    client = api_client()
    promotion = client.created(PATH, {"data": new_promotion(RULE, description="a text", priority=5)})
    rule_set = {
        "rules": {"strategy": "item_sku", "operator": "in", "args": ["POT"]},
        "actions": [{"strategy": "item_discount", "args": ["percent", 5]}],
    }
    change = {"rule_set": rule_set, "priority": 6, "stackable": False, "override_stacking": True}
    response = client.put(f"{PATH}/{promotion['id']}", json={"data": change} if wrapped else change)
    assert response.status_code == 200
    assert response.json() == {"data": {**promotion, **change}}
    assert client.get(PATH).json()["data"] == [response.json()["data"]]


@pytest.mark.parametrize(
    "wrong",
    [
        {"priority": "5"},
        {"priority": 1.5},
        {"priority": None},
        {"stackable": "yes"},
        {"override_stacking": 1},
        {"name": 5},
    ],
)
def test_fields_are_of_their_kind(wrong: dict[str, Any]) -> None:
    client = api_client()
    promotion = client.created(PATH, {"data": new_promotion(RULE)})
    problems = [(f"data.{name}", "invalid_type") for name in wrong]
    assert titles(refused(client, "POST", PATH, {"data": new_promotion(RULE, **wrong)})) == problems
    assert titles(refused(client, "PUT", f"{PATH}/{promotion['id']}", {"data": wrong})) == problems


def test_there_is_no_history() -> None:
    client = api_client()
    promotion = client.created(PATH, {"data": new_promotion(RULE)})
    assert refused(client, "GET", f"{PATH}/{promotion['id']}/history", status=404)[0]["status"] == 404


def test_a_promotion_is_of_its_family() -> None:
    client = api_client()
    promotion = client.created(PATH, {"data": new_promotion(RULE)})
    assert client.get(f"{PATH}/{promotion['id'].upper()}").status_code == 404
    assert client.get(f"/v2/promotions/{promotion['id']}").status_code == 404
    assert client.delete(f"{PATH}/{promotion['id']}").status_code == 204
    assert client.get(f"{PATH}/{promotion['id']}").status_code == 404
