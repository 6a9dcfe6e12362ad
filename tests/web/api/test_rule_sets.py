"""Rule sets over HTTP: every published strategy, operator, action and limitation, on both sides of its limits."""

from __future__ import annotations

from typing import Any

import pytest

from ep_mock.domain.families import RULE
from tests.bodies import new_promotion
from tests.client import ApiClient, api_client
from tests.web.api.refusals import refused, titles

PATH = "/v2/rule-promotions"
TAG = "b6d3f1de-13a5-4d0f-b43e-4fce6e5d8a21"
SKU = {"strategy": "item_sku", "operator": "in", "args": ["POT"]}
TWO = {"strategy": "item_quantity", "operator": "eq", "args": [2]}
ATTRIBUTE = ["products(shoes)", "maker", "string", "acme"]

MEMBERSHIP = ("in", "nin")
COMPARISON = ("gte", "gt", "lte", "lt", "eq")
RULES = "data.rule_set.rules"
ACTION = "data.rule_set.actions.0"


def with_rules(rules: Any) -> dict[str, Any]:
    return new_promotion(
        RULE, rule_set={"rules": rules, "actions": [{"strategy": "cart_discount", "args": ["percent", 10]}]}
    )


def with_action(action: Any) -> dict[str, Any]:
    return new_promotion(
        RULE,
        automatic=True,
        rule_set={"rules": {"strategy": "cart_total", "operator": "gte", "args": [0]}, "actions": [action]},
    )


def short(value: object) -> str:
    return str(value)[:80]


def rule(strategy: str, operator: str, *args: Any, **more: Any) -> dict[str, Any]:
    return {"strategy": strategy, "operator": operator, "args": list(args), **more}


def discount(strategy: str, *args: Any, **more: Any) -> dict[str, Any]:
    return {"strategy": strategy, "args": list(args), **more}


def created(client: ApiClient, body: dict[str, Any]) -> dict[str, Any]:
    """Create it, bare as the vendor's document has it and inside `data` as its examples do; both give the
    same.
    """
    bare = client.created(PATH, body)
    client.created(PATH, {"data": body})
    assert bare["rule_set"] == body["rule_set"]
    return bare


ACCEPTED_RULES = [
    *(rule("cart_total", operator, 5000) for operator in COMPARISON),
    rule("cart_total", "range", 5000, 10000),
    rule("cart_total", "gte", 50.5, children=[SKU]),
    *(
        rule("account_tags", operator, TAG)
        for operator in ("contains_all", "contains_any", "not_contains_any", "not_contains_all")
    ),
    rule("account_tags", "contains_any", *[TAG] * 25),
    *(rule("cart_custom_attribute", operator, "a-Key_1", "string", "x", "y") for operator in MEMBERSHIP),
    rule("cart_custom_attribute", "in", "key", "float", *[1.5] * 20),
    rule("cart_custom_attribute", "nin", "k" * 255, "boolean", True),
    *(
        rule("cart_custom_attribute", "eq", "key", kind, value)
        for kind, value in (("string", "x"), ("boolean", True), ("integer", 1))
    ),
    *(
        rule("cart_custom_attribute", operator, "key", kind, 1)
        for operator in ("gt", "lt")
        for kind in ("integer", "float")
    ),
    *(rule("cart_custom_attribute", operator, "key", "integer", 1) for operator in ("gte", "lte")),
    *(rule("item_sku", operator, "POT") for operator in MEMBERSHIP),
    rule("item_sku", "in", *["POT"] * 400),
    *(rule("item_product_id", operator, TAG) for operator in MEMBERSHIP),
    rule("item_product_id", "in", *[TAG] * 400),
    *(rule("item_identifier", operator, {"skus": ["POT"], "ids": [TAG]}) for operator in MEMBERSHIP),
    rule("item_identifier", "in", {"skus": ["POT"] * 400}),
    rule("item_identifier", "in", {"ids": [TAG] * 400}),
    *(rule("item_category", operator, TAG, children=[TWO]) for operator in MEMBERSHIP),
    rule("item_category", "in", *[TAG] * 400),
    *(rule("item_attribute", operator, *ATTRIBUTE, children=[SKU]) for operator in MEMBERSHIP),
    *(
        rule("item_attribute", "in", "t" * 255, "f" * 255, kind, "x")
        for kind in ("string", "boolean", "integer", "float", "date")
    ),
    rule("item_attribute", "in", *ATTRIBUTE[:3], *["acme"] * 20),
    *(rule("item_price", operator, 100, children=[SKU]) for operator in COMPARISON),
    *(rule("item_quantity", operator, 2, children=[SKU]) for operator in COMPARISON),
    {"strategy": "and", "children": [SKU, {"strategy": "or", "children": [TWO, SKU]}]},
    {"strategy": "or", "children": []},
    {"strategy": "items_bundle", "children": [SKU, {"strategy": "and", "children": [SKU, TWO]}]},
    rule("item_sku", "in", "POT", unknown=True),
]

REFUSED_RULES: list[tuple[Any, list[tuple[str, str]]]] = [
    ([SKU], [(RULES, "invalid_type")]),
    (rule("cart_weight", "gte", 1), [(f"{RULES}.strategy", "enum")]),
    ({"operator": "in", "args": ["POT"]}, [("strategy", "required")]),
    ({"strategy": "item_sku"}, [("operator", "required"), ("args", "required")]),
    ({"strategy": "and"}, [("children", "required")]),
    ({"strategy": "items_bundle", "children": []}, [(f"{RULES}.children", "array_min_items")]),
    (
        {"strategy": "or", "children": [{"strategy": "and", "children": [rule("item_sku", "eq", "POT")]}]},
        [(f"{RULES}.children.0.children.0.operator", "enum")],
    ),
    (rule("cart_total", "in", 5000), [(f"{RULES}.operator", "enum")]),
    (rule("cart_total", "gte", 1, 2), [(f"{RULES}.args", "array_max_items")]),
    (rule("cart_total", "range", 5000), [(f"{RULES}.args", "array_min_items")]),
    (rule("cart_total", "range", 1, 2, 3), [(f"{RULES}.args", "array_max_items")]),
    (rule("cart_total", "gte", "5000"), [(f"{RULES}.args.0", "invalid_type")]),
    (rule("account_tags", "in", TAG), [(f"{RULES}.operator", "enum")]),
    (rule("account_tags", "contains_any"), [(f"{RULES}.args", "array_min_items")]),
    (rule("account_tags", "contains_any", *[TAG] * 26), [(f"{RULES}.args", "array_max_items")]),
    (rule("account_tags", "contains_any", "vip"), [(f"{RULES}.args.0", "format")]),
    (rule("cart_custom_attribute", "range", "key", "integer", 1), [(f"{RULES}.operator", "enum")]),
    (rule("cart_custom_attribute", "in", "key", "string"), [(f"{RULES}.args", "array_min_items")]),
    (
        rule("cart_custom_attribute", "in", "key", "string", *["x"] * 21),
        [(f"{RULES}.args", "array_max_items")],
    ),
    (rule("cart_custom_attribute", "in", "a key", "string", "x"), [(f"{RULES}.args.0", "pattern")]),
    (rule("cart_custom_attribute", "in", "k" * 256, "string", "x"), [(f"{RULES}.args.0", "pattern")]),
    (rule("cart_custom_attribute", "in", "key", "date", "x"), [(f"{RULES}.args.1", "enum")]),
    (rule("cart_custom_attribute", "eq", "key", "string", "x", "y"), [(f"{RULES}.args", "array_max_items")]),
    (rule("cart_custom_attribute", "eq", "key", "float", 1.5), [(f"{RULES}.args.1", "enum")]),
    (rule("cart_custom_attribute", "gt", "key", "string", "x"), [(f"{RULES}.args.1", "enum")]),
    (rule("cart_custom_attribute", "gte", "key", "float", 1.5), [(f"{RULES}.args.1", "enum")]),
    (rule("item_sku", "in"), [(f"{RULES}.args", "array_min_items")]),
    (rule("item_sku", "in", *["POT"] * 401), [(f"{RULES}.args", "array_max_items")]),
    (rule("item_product_id", "in", "POT"), [(f"{RULES}.args.0", "format")]),
    (rule("item_product_id", "in", *[TAG] * 401), [(f"{RULES}.args", "array_max_items")]),
    (rule("item_identifier", "in"), [(f"{RULES}.args", "array_min_items")]),
    (rule("item_identifier", "in", {"skus": []}, {"ids": []}), [(f"{RULES}.args", "array_max_items")]),
    (rule("item_identifier", "in", {"names": []}), [("names", "additional_property_not_allowed")]),
    (rule("item_identifier", "in", {"skus": ["POT"] * 401}), [(f"{RULES}.args.0.skus", "array_max_items")]),
    (rule("item_identifier", "in", {"ids": [TAG] * 401}), [(f"{RULES}.args.0.ids", "array_max_items")]),
    (rule("item_category", "in", *["node"] * 401), [(f"{RULES}.args", "array_max_items")]),
    (rule("item_attribute", "in", *ATTRIBUTE[:3]), [(f"{RULES}.args", "array_min_items")]),
    (rule("item_attribute", "in", *ATTRIBUTE[:3], *["x"] * 21), [(f"{RULES}.args", "array_max_items")]),
    (
        rule("item_attribute", "in", "", "t" * 256, "text", "x"),
        [(f"{RULES}.args.0", "string_gte"), (f"{RULES}.args.1", "string_lte"), (f"{RULES}.args.2", "enum")],
    ),
    (rule("item_price", "ne", 1), [(f"{RULES}.operator", "enum")]),
    (rule("item_price", "eq", 1, 2), [(f"{RULES}.args", "array_max_items")]),
    (rule("item_quantity", "eq", "2"), [(f"{RULES}.args.0", "invalid_type")]),
    (rule("shipping_type", "in", "ground"), [(f"{RULES}.strategy", "enum")]),
]

BUNDLE = {"strategy": "items_bundle", "children": [{"strategy": "and", "children": [SKU, TWO]}]}
SHIPPING = rule("shipping_type", "in", "ground")
ITEM_CONDITIONS = [
    SKU,
    rule("item_product_id", "nin", TAG),
    rule("item_identifier", "in", {"skus": ["POT"]}),
    *(rule("item_price", operator, 100) for operator in (*COMPARISON, "ne")),
    *(rule("item_quantity", operator, 0) for operator in (*COMPARISON, "ne")),
    rule("item_category", "in", "node", children=[SKU]),
    rule("item_attribute", "nin", *ATTRIBUTE),
    {"strategy": "and", "children": [SKU, {"strategy": "or", "children": [TWO]}]},
]

ACCEPTED_ACTIONS = [
    discount("cart_discount", "fixed", 0),
    discount("cart_discount", "percent", 0),
    discount("cart_discount", "percent", 100),
    discount("cart_discount", "percent", 12.5, limitations={"max_discount": 500}),
    *(discount("item_discount", "fixed", 100, condition=condition) for condition in ITEM_CONDITIONS),
    discount("item_discount", "fixed_price", 1, 0),
    discount(
        "item_discount",
        "percent",
        100,
        limitations={
            "max_discount": 5,
            "max_quantity": 2,
            "items": {"max_items": 1, "price_strategy": "cheapest"},
        },
    ),
    discount(
        "item_discount",
        "percent",
        100,
        limitations={"items": {"price_strategy": "expensive", "auto_add": True, "show_suggestions": True}},
    ),
    discount("items_bundle_discount", "fixed", 100, condition=BUNDLE),
    discount("items_bundle_discount", "percent", 50, condition=SKU, limitations={"max_discount": 5}),
    discount("items_bundle_discount", "fixed_price", 0),
    discount("shipping_discount", "fixed", 100),
    discount("shipping_discount", "percent", 100, condition=SHIPPING),
    discount(
        "shipping_discount", "fixed_price", 100, condition=rule("shipping_type", "in", *["ground"] * 400)
    ),
]

REFUSED_ACTIONS: list[tuple[Any, list[tuple[str, str]]]] = [
    (discount("gift", "percent", 1), [(f"{ACTION}.strategy", "enum")]),
    ({"args": ["percent", 1]}, [("strategy", "required")]),
    ({"strategy": "cart_discount"}, [("args", "required")]),
    (discount("cart_discount", "percent"), [(f"{ACTION}.args", "array_min_items")]),
    (discount("cart_discount", "share", 1), [(f"{ACTION}.args.0", "enum")]),
    (discount("cart_discount", "fixed_price", 1), [(f"{ACTION}.args.0", "enum")]),
    (discount("cart_discount", "fixed", -1), [(f"{ACTION}.args.1", "number_gte")]),
    (discount("cart_discount", "fixed", 1.5), [(f"{ACTION}.args.1", "invalid_type")]),
    (discount("cart_discount", "percent", -0.5), [(f"{ACTION}.args.1", "number_gte")]),
    (discount("cart_discount", "percent", 100.5), [(f"{ACTION}.args.1", "number_lte")]),
    (
        discount("cart_discount", "percent", 10, limitations={"max_discount": "5"}),
        [(f"{ACTION}.limitations.max_discount", "invalid_type")],
    ),
    (discount("cart_discount", "percent", 10, condition=BUNDLE), [(f"{ACTION}.condition.strategy", "enum")]),
    (discount("item_discount", "percent", 10, condition=[SKU]), [(f"{ACTION}.condition", "invalid_type")]),
    (
        discount("item_discount", "percent", 10, condition=SHIPPING),
        [(f"{ACTION}.condition.strategy", "enum")],
    ),
    (
        discount("item_discount", "percent", 10, condition=rule("item_price", "eq", -1)),
        [(f"{ACTION}.condition.args.0", "number_gte")],
    ),
    (discount("item_discount", "fixed_price", 2), [(f"{ACTION}.args", "array_min_items")]),
    (discount("item_discount", "fixed_price", 0, 100), [(f"{ACTION}.args.1", "number_gte")]),
    (discount("item_discount", "fixed_price", 1, -1), [(f"{ACTION}.args.2", "number_gte")]),
    (discount("item_discount", "percent", 10, 20), [(f"{ACTION}.args", "array_max_items")]),
    (
        discount("item_discount", "percent", 1, limitations={"items": {"price_strategy": "any"}}),
        [(f"{ACTION}.limitations.items.price_strategy", "enum")],
    ),
    (
        discount("item_discount", "percent", 1, limitations={"items": {"max_items": 1.5}}),
        [(f"{ACTION}.limitations.items.max_items", "invalid_type")],
    ),
    (
        discount("item_discount", "percent", 1, limitations={"max_quantity": "1"}),
        [(f"{ACTION}.limitations.max_quantity", "invalid_type")],
    ),
    (discount("items_bundle_discount", "fixed_price", 1, 2), [(f"{ACTION}.args", "array_max_items")]),
    (discount("shipping_discount", "percent", 1, condition=SKU), [(f"{ACTION}.condition.strategy", "const")]),
    (
        discount("shipping_discount", "percent", 1, condition=rule("shipping_type", "nin", "a")),
        [(f"{ACTION}.condition.operator", "const")],
    ),
    (
        discount("shipping_discount", "percent", 1, condition=rule("shipping_type", "in")),
        [(f"{ACTION}.condition.args", "array_min_items")],
    ),
    (
        discount("shipping_discount", "percent", 1, condition=rule("shipping_type", "in", *["a"] * 401)),
        [(f"{ACTION}.condition.args", "array_max_items")],
    ),
]


@pytest.mark.parametrize("rules", ACCEPTED_RULES, ids=short)
def test_published_rules_are_kept_as_they_were_sent(rules: dict[str, Any]) -> None:
    created(api_client(), with_rules(rules))


@pytest.mark.parametrize(("rules", "problems"), REFUSED_RULES, ids=short)
def test_other_rules_are_refused(rules: Any, problems: list[tuple[str, str]]) -> None:
    client = api_client()
    assert titles(refused(client, "POST", PATH, {"data": with_rules(rules)})) == problems
    promotion = client.created(PATH, {"data": new_promotion(RULE)})
    change = {"rule_set": {**promotion["rule_set"], "rules": rules}}
    assert titles(refused(client, "PUT", f"{PATH}/{promotion['id']}", {"data": change})) == problems


@pytest.mark.parametrize("action", ACCEPTED_ACTIONS, ids=short)
def test_published_actions_are_kept_as_they_were_sent(action: dict[str, Any]) -> None:
    created(api_client(), with_action(action))


@pytest.mark.parametrize(("action", "problems"), REFUSED_ACTIONS, ids=short)
def test_other_actions_are_refused(action: Any, problems: list[tuple[str, str]]) -> None:
    assert titles(refused(api_client(), "POST", PATH, {"data": with_action(action)})) == problems


def test_a_rule_set_names_catalogs_and_currencies() -> None:
    client = api_client()
    whole = {**new_promotion(RULE)["rule_set"], "catalog_ids": [TAG], "currencies": ["USD", "EUR"]}
    assert client.created(PATH, {"data": new_promotion(RULE, rule_set=whole)})["rule_set"] == whole
    wrong = {**whole, "catalog_ids": ["summer"], "currencies": "USD"}
    errors = refused(client, "POST", PATH, {"data": new_promotion(RULE, rule_set=wrong)})
    assert titles(errors) == [
        ("data.rule_set.catalog_ids.0", "format"),
        ("data.rule_set.currencies", "invalid_type"),
    ]
    assert titles(refused(client, "POST", PATH, {"data": new_promotion(RULE, rule_set={})})) == [
        ("rules", "required"),
        ("actions", "required"),
    ]
