"""The shipped schemas take what is published, refuse the rest, and notice an answer that drifts."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.contract.shipped_documents import FAMILIES, component, operation, validator


def example(name: str, operation_id: str, key: str) -> Any:
    """A copy of the `data` of one of an operation's request examples."""
    content = operation(name, operation_id)["requestBody"]["content"]["application/json"]
    return copy.deepcopy(content["examples"][key]["value"]["data"])


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"number_of_codes": 1}, []),
        ({"number_of_codes": 10**9}, []),
        ({"code_length": 16, "max_uses_per_code": 0, "unheard_of": None}, []),
        ({"code_length": "9"}, []),
        ({"number_of_codes": 0}, ["parameters.number_of_codes"]),
        ({"number_of_codes": "5"}, ["parameters.number_of_codes"]),
        ({"max_uses_per_code": -1}, ["parameters.max_uses_per_code"]),
        ({"consume_unit": "per_shopper"}, ["parameters.consume_unit"]),
        ({"code_prefix": 5}, ["parameters.code_prefix"]),
        ({"code_length": 7}, ["parameters.code_length"]),
        ({"code_length": 17}, ["parameters.code_length"]),
        ({"code_length": "17"}, ["parameters.code_length"]),
        ({"code_length": "08"}, ["parameters.code_length"]),
        (
            {"code_length": None, "number_of_codes": 1.5},
            ["parameters.code_length", "parameters.number_of_codes"],
        ),
    ],
)
def test_the_parameters_of_a_job_have_their_published_bounds(
    name: str, changes: dict[str, Any], wrong: list[str]
) -> None:
    job = example(name, "create_job", "code_generate")
    job["parameters"] |= changes
    checked = component(name, "NewCodeGenerateJob")
    assert sorted(".".join(map(str, error.instance_path)) for error in checked.iter_errors(job)) == wrong


@pytest.mark.parametrize(
    ("rules", "valid"),
    [
        ({"strategy": "cart_total", "operator": "gte", "args": [1]}, True),
        ({"strategy": "cart_total", "operator": "gte", "args": [1, 2]}, False),
        ({"strategy": "cart_total", "operator": "range", "args": [1, 2]}, True),
        ({"strategy": "cart_total", "operator": "range", "args": [1]}, False),
        ({"strategy": "cart_custom_attribute", "operator": "in", "args": ["k", "float", 1.5, 2.5]}, True),
        ({"strategy": "cart_custom_attribute", "operator": "eq", "args": ["k", "float", 1.5]}, False),
        ({"strategy": "cart_custom_attribute", "operator": "gt", "args": ["k", "float", 1.5]}, True),
        ({"strategy": "cart_custom_attribute", "operator": "gt", "args": ["k", "integer", 1, 2]}, False),
        ({"strategy": "cart_custom_attribute", "operator": "lte", "args": ["k", "float", 1]}, False),
        ({"strategy": "account_tags", "operator": "contains_any", "args": ["not-a-uuid"]}, False),
        ({"strategy": "item_attribute", "operator": "in", "args": ["t", "f", "date"]}, False),
        ({"strategy": "items_bundle", "children": []}, False),
        ({"strategy": "shipping_type", "operator": "in", "args": ["ground"]}, False),
        ({"strategy": "item_price", "operator": "ne", "args": [1]}, False),
        ([{"strategy": "cart_total", "operator": "gte", "args": [1]}], False),
    ],
)
def test_rules_follow_the_grammar_at_any_depth(rules: Any, valid: bool) -> None:
    checked = component("rule", "Rule")
    nested = {"strategy": "and", "children": [{"strategy": "or", "children": [rules]}]}
    below = {"strategy": "item_category", "operator": "in", "args": ["node"], "children": [rules]}
    assert [checked.is_valid(rule) for rule in (rules, nested, below)] == [valid, valid, valid]


@pytest.mark.parametrize(
    ("action", "valid"),
    [
        ({"strategy": "cart_discount", "args": ["percent", 12.5]}, True),
        ({"strategy": "cart_discount", "args": ["percent", 101]}, False),
        ({"strategy": "cart_discount", "args": ["fixed", 1.5]}, False),
        ({"strategy": "cart_discount", "args": ["fixed_price", 1]}, False),
        ({"strategy": "item_discount", "args": ["fixed_price", 2, 100]}, True),
        ({"strategy": "item_discount", "args": ["fixed_price", 100]}, False),
        ({"strategy": "item_discount", "args": ["fixed", 100, 2]}, False),
        ({"strategy": "items_bundle_discount", "args": ["fixed_price", 100]}, True),
        ({"strategy": "shipping_discount", "args": ["fixed_price", 2, 100]}, False),
        ({"strategy": "discount", "args": ["fixed", 100]}, False),
    ],
)
def test_actions_take_the_args_of_their_strategy(action: Any, valid: bool) -> None:
    assert component("rule", "Action").is_valid(action) is valid


def test_a_condition_fits_the_action_it_belongs_to() -> None:
    shipping = {"strategy": "shipping_type", "operator": "in", "args": ["ground"]}
    quantity = {"strategy": "item_quantity", "operator": "ne", "args": [1]}
    bundle = {"strategy": "items_bundle", "children": [quantity]}
    checked = component("rule", "Action")
    fitting = {
        strategy: [
            checked.is_valid({"strategy": strategy, "args": ["fixed", 1], "condition": it})
            for it in (quantity, bundle, shipping)
        ]
        for strategy in ("cart_discount", "item_discount", "items_bundle_discount", "shipping_discount")
    }
    assert fitting == {
        "cart_discount": [True, False, False],
        "item_discount": [True, False, False],
        "items_bundle_discount": [True, True, False],
        "shipping_discount": [False, False, True],
    }


@pytest.mark.parametrize("name", FAMILIES)
def test_an_answer_with_a_key_too_many_or_too_few_is_noticed(name: str) -> None:
    answer = operation(name, "list_jobs")["responses"]["200"]["content"]["application/json"]
    page, checked = answer["examples"]["three"]["value"], validator(name, answer["schema"])
    optional = {"name", "error"}
    for path in (
        (),
        ("data", 0),
        ("data", 0, "meta"),
        ("data", 0, "meta", "timestamps"),
        ("links",),
        ("meta",),
        ("meta", "page"),
    ):
        for key in (*_at(page, path), "surplus"):
            changed = copy.deepcopy(page)
            part = _at(changed, path)
            if key in part:
                del part[key]
            else:
                part[key] = "x"
            assert (path, key, checked.is_valid(changed)) == (path, key, key in optional)


@pytest.mark.parametrize(
    "change",
    [
        {"error": None},
        {"error": "codes limit exceeded"},
        {"result": {"generated": 5}},
        {"status": "complete"},
        {"status": "completed"},
        {"name": None},
        {"job_type": "code_export"},
        {
            "meta": {
                "timestamps": {
                    "created_at": "2025-01-10T09:02:00.104250375Z",
                    "updated_at": "2025-01-10T09:02:00.104250375Z",
                }
            }
        },
    ],
)
@pytest.mark.parametrize("name", FAMILIES)
def test_a_listed_job_that_does_not_fit_its_status_is_noticed(name: str, change: dict[str, Any]) -> None:
    answer = operation(name, "list_jobs")["responses"]["200"]["content"]["application/json"]
    page = copy.deepcopy(answer["examples"]["three"]["value"])
    page["data"][0] |= change
    assert not validator(name, answer["schema"]).is_valid(page)


def _at(node: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        node = node[step]
    return node
