"""The requests that the vendor's documents give as examples, each sent to a fresh store.

The client holds every answer against the response schemas of both documents, so an answer that comes back at
all fits them. What is broken as published is listed in `BROKEN`, with its reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import jsonschema_rs
import pytest

from ep_mock.domain.families import RULE, STANDARD
from tests.bodies import new_promotion
from tests.client import api_client
from tests.vendor.documents import FILES, VARIABLE, published, repaired, vendor_folder

pytestmark = pytest.mark.skipif(
    vendor_folder() is None, reason=f"{VARIABLE} does not name the folder of the vendor's documents"
)


class Example(NamedTuple):
    """One example: where it stands, and what it sends."""

    name: str
    file: str
    method: str
    template: str
    schema: dict[str, Any]
    body: Any


class Broken(NamedTuple):
    """An example that no service can accept: why, and what is refused."""

    reason: str
    status: int
    sources: tuple[str | None, ...]


_ARRAY: Final = "The document types this as one object, and every other example sends one; this example sends an array with one object in it."
_RULES, _CONDITION = "data.rule_set.rules", "data.rule_set.actions.0.condition"

BROKEN: Final = {
    "createRulePromotion BXGYPromotion": Broken(_ARRAY, 400, (_CONDITION,)),
    "createRulePromotion MixedCartAndItemDiscount": Broken(_ARRAY, 400, (_RULES, _CONDITION)),
    "createRulePromotion ItemDiscountWithLimitations": Broken(_ARRAY, 400, (_CONDITION,)),
    "updateRulePromotion UpdateCartPercentDiscount": Broken(_ARRAY, 400, (_RULES,)),
    "anonymizeRulePromotionUsages example": Broken(
        "The usages that it names are those of the vendor's store, and one of the ids has letters that no id can have.",
        404,
        (None,),
    ),
}


def examples() -> Iterator[Example]:
    """All request examples of both documents."""
    if vendor_folder() is None:
        return
    for file in FILES:
        for template, item in published(file)["paths"].items():
            for method, operation in item.items():
                content = (
                    operation.get("requestBody", {}).get("content", {}).get("application/json", {})
                    if method != "parameters"
                    else {}
                )
                named = {name: example["value"] for name, example in content.get("examples", {}).items()}
                if "example" in content:
                    named["example"] = content["example"]
                for name, body in named.items():
                    operation_id = operation.get("operationId", f"{method} {template.rpartition('/')[2]}")
                    yield Example(
                        f"{operation_id} {name}", file, method.upper(), template, content["schema"], body
                    )


EXAMPLES: Final = list(examples())


def answer(example: Example, body: Any) -> Any:
    """What a fresh store answers, which has the one promotion that the path names, if it names one."""
    client = api_client()
    family = RULE if "rule-promotions" in example.template else STANDARD
    promotion = client.created(f"/v2/{family.collection}", {"data": new_promotion(family)})
    path = re.sub(r"\{(promotionID|uuid)\}", promotion["id"], example.template)
    if example.method == "DELETE":
        client.created(path, body)
    return client.request(example.method, path, json=body)


def test_there_are_examples_and_the_list_names_some_of_them() -> None:
    names = [example.name for example in EXAMPLES]
    assert len(names) == len(set(names)) > 35
    assert set(BROKEN) <= set(names)


@pytest.mark.parametrize(
    "example",
    [example for example in EXAMPLES if example.name not in BROKEN],
    ids=lambda example: example.name,
)
def test_an_example_is_answered_with_success(example: Example) -> None:
    response = answer(example, example.body)
    assert response.status_code == {"POST": 201, "PUT": 200, "DELETE": 204}[example.method], response.text


@pytest.mark.parametrize(
    "example", [example for example in EXAMPLES if example.name in BROKEN], ids=lambda example: example.name
)
def test_a_broken_example_is_refused_for_what_is_broken_in_it(example: Example) -> None:
    broken = BROKEN[example.name]
    response = answer(example, example.body)
    sources = tuple(item.get("source") for item in response.json()["errors"])
    assert (response.status_code, sources) == (broken.status, broken.sources), broken.reason


@pytest.mark.parametrize(
    "example",
    [example for example in EXAMPLES if example.name in BROKEN and BROKEN[example.name].reason is _ARRAY],
    ids=lambda each: each.name,
)
def test_an_array_in_the_place_of_an_object_breaks_the_vendors_own_schema_and_put_right_it_is_accepted(
    example: Example,
) -> None:
    own = jsonschema_rs.Draft202012Validator({**repaired(example.file), "allOf": [example.schema]})
    put_right = _without_arrays_of_one_object(example.body["data"])
    assert not own.is_valid(example.body["data"])
    assert own.is_valid(put_right)
    response = answer(example, {"data": put_right})
    assert response.status_code == {"POST": 201, "PUT": 200}[example.method], response.text


def _without_arrays_of_one_object(node: Any) -> Any:
    if isinstance(node, dict):
        unwrapped = {
            key: value[0] if key in ("rules", "condition") and isinstance(value, list) else value
            for key, value in node.items()
        }
        return {key: _without_arrays_of_one_object(value) for key, value in unwrapped.items()}
    return [_without_arrays_of_one_object(each) for each in node] if isinstance(node, list) else node
