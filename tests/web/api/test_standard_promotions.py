"""Standard promotions over HTTP: the eight types and their schemas, dates, changes."""

from __future__ import annotations

from typing import Any

import pytest

from ep_mock.domain.families import STANDARD
from tests.bodies import new_promotion
from tests.client import ApiClient, api_client
from tests.web.api.refusals import refused, titles

PATH = "/v2/promotions"
USD = [{"currency": "USD", "amount": 500}]
ATTRIBUTE = {"template": "products(shoes)", "field": "maker", "type": "string", "value": "acme"}
CONDITIONS = {"or": [{"and": [{"attribute": ATTRIBUTE}, {"node": {"values": ["node"]}}]}]}
EXCLUDE = {"targets": ["SKU"], "nodes": ["node"], "attributes": [ATTRIBUTE], "conditions": CONDITIONS}
ITEMS = {
    "target_catalogs": ["catalog"],
    "targets": ["SKU"],
    "target_nodes": ["node"],
    "target_attributes": [ATTRIBUTE],
    "target_conditions": CONDITIONS,
    "exclude": EXCLUDE,
}
REQUIREMENTS = [{"targets": ["A", "B"], "quantity": 2}]
CARTS = {"target_catalogs": ["catalog"], "exclude": EXCLUDE}

SCHEMAS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "fixed_discount": ({"currencies": USD}, CARTS),
    "percent_discount": ({"currencies": [{"currency": "USD", "percentage": 12.345678}]}, CARTS),
    "item_fixed_discount": ({"currencies": USD}, ITEMS),
    "item_percent_discount": ({"percent": 33.333333}, ITEMS),
    "x_for_y": ({"x": 3, "y": 2}, ITEMS),
    "x_for_amount": ({"x": 3, "currencies": USD}, ITEMS),
    "bundle_fixed_discount": (
        {"requirements": REQUIREMENTS, "currencies": USD},
        {"target_catalogs": ["catalog"]},
    ),
    "bundle_gift": (
        {"requirements": REQUIREMENTS, "gifts": ["G"]},
        {"target_catalogs": ["catalog"], "auto_add_free_gift": True},
    ),
}
"""The least schema of each type, and all that may be added to it."""

each_type = pytest.mark.parametrize("promotion_type", SCHEMAS)


def of_type(promotion_type: str, schema: Any) -> dict[str, Any]:
    return new_promotion(STANDARD, promotion_type=promotion_type, schema=schema)


def created(client: ApiClient, body: dict[str, Any]) -> dict[str, Any]:
    return client.created(PATH, {"data": body})


def without(schema: dict[str, Any], *names: str) -> dict[str, Any]:
    return {key: value for key, value in schema.items() if key not in names}


@each_type
def test_each_type_keeps_its_schema_as_it_was_sent(promotion_type: str) -> None:
    client = api_client()
    least, more = SCHEMAS[promotion_type]
    for schema in (least, {**least, **more}, {**least, "unknown": [None]}):
        promotion = created(client, of_type(promotion_type, schema))
        assert (promotion["promotion_type"], promotion["schema"]) == (promotion_type, schema)
        assert client.get(f"{PATH}/{promotion['id']}").json()["data"] == promotion


@each_type
def test_what_a_type_needs_in_its_schema_is_required(promotion_type: str) -> None:
    client = api_client()
    least, _ = SCHEMAS[promotion_type]
    for name in least:
        errors = refused(client, "POST", PATH, {"data": of_type(promotion_type, without(least, name))})
        assert errors == [
            {"status": 400, "source": name, "title": "required", "detail": f"{name} is required"}
        ]
    wrong: Any
    for wrong in ([], "all", None):
        assert titles(refused(client, "POST", PATH, {"data": of_type(promotion_type, wrong)})) == [
            ("data.schema", "invalid_type")
        ]


@pytest.mark.parametrize(
    ("promotion_type", "wrong", "problems"),
    [
        ("fixed_discount", {"currencies": {}}, [("data.schema.currencies", "invalid_type")]),
        ("fixed_discount", {"currencies": [{"amount": 1}]}, [("currency", "required")]),
        (
            "fixed_discount",
            {"currencies": [{"amount": 1.5, "currency": "USD"}]},
            [("data.schema.currencies.0.amount", "invalid_type")],
        ),
        ("fixed_discount", {"target_catalogs": "catalog"}, [("data.schema.target_catalogs", "invalid_type")]),
        ("fixed_discount", {"exclude": {"nodes": "node"}}, [("data.schema.exclude.nodes", "invalid_type")]),
        (
            "percent_discount",
            {"currencies": [{"currency": "USD", "percentage": "5"}]},
            [("data.schema.currencies.0.percentage", "invalid_type")],
        ),
        (
            "percent_discount",
            {"currencies": [{"currency": "USD", "percentage": 1.1234567}]},
            [("data.schema.currencies.0.percentage", "multiple_of")],
        ),
        ("item_percent_discount", {"percent": 1.1234567}, [("data.schema.percent", "multiple_of")]),
        (
            "item_fixed_discount",
            {"target_attributes": [{"value": 5}]},
            [("data.schema.target_attributes.0.value", "invalid_type")],
        ),
        ("item_percent_discount", {"percent": "5"}, [("data.schema.percent", "invalid_type")]),
        ("x_for_y", {"x": 2.5}, [("data.schema.x", "invalid_type")]),
        ("x_for_y", {"targets": [5]}, [("data.schema.targets.0", "invalid_type")]),
        (
            "x_for_amount",
            {"target_conditions": {"or": [{"and": [5]}]}},
            [("data.schema.target_conditions.or.0.and.0", "invalid_type")],
        ),
        ("bundle_fixed_discount", {"requirements": [{"targets": []}]}, [("quantity", "required")]),
        (
            "bundle_gift",
            {"gifts": "G", "auto_add_free_gift": "yes"},
            [("data.schema.gifts", "invalid_type"), ("data.schema.auto_add_free_gift", "invalid_type")],
        ),
    ],
)
def test_what_stands_in_a_schema_must_be_of_its_kind(
    promotion_type: str, wrong: dict[str, Any], problems: list[tuple[str, str]]
) -> None:
    least, _ = SCHEMAS[promotion_type]
    errors = refused(api_client(), "POST", PATH, {"data": of_type(promotion_type, {**least, **wrong})})
    assert titles(errors) == problems


@pytest.mark.parametrize("everything", ["all", ["all"], ["SKU", "all"]])
def test_all_products_and_some_nodes_exclude_each_other(everything: Any) -> None:
    client = api_client()
    errors = refused(
        client,
        "POST",
        PATH,
        {"data": of_type("x_for_y", {"x": 3, "y": 2, "targets": everything, "target_nodes": ["node"]})},
    )
    assert titles(errors) == [("data.schema", "number_not")]
    created(client, of_type("x_for_y", {"x": 3, "y": 2, "targets": everything}))


def test_an_unknown_type_is_refused_with_the_eight_there_are() -> None:
    errors = refused(api_client(), "POST", PATH, {"data": of_type("buy_one", {})})
    assert titles(errors) == [("data.promotion_type", "enum")]
    assert all(f'"{name}"' in errors[0]["detail"] for name in SCHEMAS)


def test_all_that_is_missing_is_said_at_once() -> None:
    errors = refused(api_client(), "POST", PATH, {"data": {}})
    needed = [
        "type",
        "name",
        "description",
        "enabled",
        "automatic",
        "promotion_type",
        "schema",
        "start",
        "end",
    ]
    assert titles(errors) == [(name, "required") for name in needed]


def test_a_new_promotion_needs_data_around_it() -> None:
    errors = refused(api_client(), "POST", PATH, new_promotion(STANDARD))
    assert errors == [{"status": 400, "source": "data", "title": "required", "detail": "data is required"}]


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("2000-01-01", "2000-01-01T00:00:00Z"),
        ("2000-01-31 13:45", "2000-01-31T13:45:00Z"),
        ("2000-01-31T13:45:59Z", "2000-01-31T13:45:59Z"),
        ("2000-01-31T13:45:59.999Z", "2000-01-31T13:45:59Z"),
        ("2000-01-31T13:45:59+02:00", "2000-01-31T11:45:59Z"),
    ],
)
def test_dates_come_in_three_forms_and_go_out_in_one(sent: str, shown: str) -> None:
    client = api_client()
    promotion = created(client, new_promotion(STANDARD, start=sent))
    assert (promotion["start"], promotion["end"]) == (shown, "2100-01-01T00:00:00Z")
    client.put(f"{PATH}/{promotion['id']}", json={"data": {"end": sent.replace("2000", "2001")}})
    assert client.get(f"{PATH}/{promotion['id']}").json()["data"]["end"] == shown.replace("2000", "2001")


@pytest.mark.parametrize(
    "wrong", ["", "2000", "2000-02-30", "2000-01-01T10:00", "01/02/2000", "2000-01-01 10:00:00", "now"]
)
def test_any_other_date_is_refused(wrong: str) -> None:
    client = api_client()
    promotion = created(client, new_promotion(STANDARD))
    assert titles(refused(client, "POST", PATH, {"data": new_promotion(STANDARD, start=wrong)})) == [
        ("data.start", "format")
    ]
    assert titles(refused(client, "PUT", f"{PATH}/{promotion['id']}", {"data": {"end": wrong}})) == [
        ("data.end", "format")
    ]


def test_what_all_types_may_have_is_kept_and_what_nobody_knows_ignored() -> None:
    fields = {"min_cart_value": USD, "max_discount_value": USD, "max_applications_per_cart": 2}
    promotion = created(api_client(), new_promotion(STANDARD, **fields, id="mine", colour="red", meta=5))
    assert {key: promotion[key] for key in fields} == fields
    assert promotion["id"] != "mine"
    assert "colour" not in promotion
    assert set(promotion["meta"]) == {"timestamps"}


@pytest.mark.parametrize("name", ["min_cart_value", "max_discount_value"])
def test_amounts_are_amounts(name: str) -> None:
    errors = refused(
        api_client(),
        "POST",
        PATH,
        {"data": new_promotion(STANDARD, **{name: {"currency": "USD", "amount": 1}})},
    )
    assert titles(errors) == [(f"data.{name}", "invalid_type")]


@pytest.mark.parametrize("wrapped", [True, False])
def test_a_change_may_come_without_data(wrapped: bool) -> None:
    client = api_client()
    promotion = created(client, new_promotion(STANDARD))
    change = {"name": "changed", "enabled": False}
    response = client.put(f"{PATH}/{promotion['id']}", json={"data": change} if wrapped else change)
    assert response.status_code == 200
    assert response.json() == {"data": {**promotion, **change}}


def test_a_changed_schema_must_fit_the_type_the_promotion_has() -> None:
    client = api_client()
    promotion = created(client, of_type("x_for_y", {"x": 3, "y": 2}))
    path = f"{PATH}/{promotion['id']}"
    assert titles(refused(client, "PUT", path, {"data": {"schema": {"percent": 5}}})) == [
        ("x", "required"),
        ("y", "required"),
    ]
    assert client.put(path, json={"data": {"schema": {"x": 5, "y": 4}}}).json()["data"]["schema"] == {
        "x": 5,
        "y": 4,
    }


def test_a_changed_type_must_fit_the_schema_that_stays_or_comes_with_it() -> None:
    client = api_client()
    promotion = created(client, of_type("x_for_y", {"x": 3, "y": 2}))
    path = f"{PATH}/{promotion['id']}"
    assert titles(refused(client, "PUT", path, {"data": {"promotion_type": "item_percent_discount"}})) == [
        ("percent", "required")
    ]
    change = {"promotion_type": "item_percent_discount", "schema": {"percent": 5}}
    assert client.put(path, json={"data": change}).json()["data"] == {**promotion, **change}


def test_the_history_shows_each_version_whole() -> None:
    client = api_client()
    first = created(client, new_promotion(STANDARD, name="v1"))
    path = f"{PATH}/{first['id']}"
    client.advance(seconds=1)
    second = client.put(path, json={"data": {"name": "v2", "type": "promotion"}}).json()["data"]
    body = client.get(f"{path}/history").json()
    former = body["data"][1]
    assert body["data"] == [second, {**first, "id": former["id"], "current": False}]
    assert (former["id"] != first["id"], former["parent_id"]) == (True, first["id"])
    assert body["meta"] == {
        "page": {"limit": 25, "offset": 0, "current": 1, "total": 1},
        "results": {"total": 2},
    }
    assert client.get(f"{PATH}/{former['id']}").status_code == 404
    assert client.get(PATH).json()["data"] == [second]


def test_a_deleted_promotion_is_gone_with_all_below_it() -> None:
    client = api_client()
    path = f"{PATH}/{created(client, new_promotion(STANDARD))['id']}"
    response = client.delete(path)
    assert (response.status_code, response.content) == (204, b"")
    for gone in (
        path,
        f"{path}/history",
        f"{path}/codes",
        f"{path}/jobs",
        f"{path}/usages",
        f"{path}/codes/a/usages",
    ):
        assert refused(client, "GET", gone, status=404) == [
            {"detail": "promotion not found", "status": 404, "title": "Not Found"}
        ]
    assert client.get(PATH).json()["data"] == []
