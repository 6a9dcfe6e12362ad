"""What is broken in the vendor's documents as published, and how it is put right in memory before answers are
checked.

Each repair has evidence: an answer that is published, or follows from published ones, and that the document
refuses without the repair.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

STANDARD: Final = "promotions-standard.openapi.yaml"
RULE: Final = "rule-promotions.openapi.yaml"


@dataclass(frozen=True)
class Evidence:
    """An answer."""

    method: str
    path: str
    status: int
    document: Any

    @property
    def body(self) -> bytes:
        return json.dumps(self.document).encode()


@dataclass(frozen=True)
class Repair:
    """One change.

    Attributes:
        file: which document.
        place: JSON pointer to what is changed.
        reason: what is wrong, and what shows that it is.
        change: makes the sound part out of the broken one, in place.
    """

    file: str
    place: str
    reason: str
    change: Callable[[dict[str, Any]], None]
    evidence: Evidence

    def apply(self, document: dict[str, Any]) -> None:
        """Change the document in place."""
        self.change(at(document, self.place))


def at(document: dict[str, Any], pointer: str) -> dict[str, Any]:
    """The part of a document that a JSON pointer names."""
    node = document
    for step in pointer.split("/")[1:]:
        node = node[step.replace("~1", "/").replace("~0", "~")]
    return node


def _discriminated(schema: dict[str, Any]) -> None:
    discriminator = schema["discriminator"]
    del schema["oneOf"]
    schema["allOf"] = [
        {"if": {"properties": {discriminator["propertyName"]: {"const": value}}}, "then": {"$ref": reference}}
        for value, reference in discriminator["mapping"].items()
    ]


def _replaced_by(sound: dict[str, Any]) -> Callable[[dict[str, Any]], None]:
    def change(schema: dict[str, Any]) -> None:
        schema.clear()
        schema.update(sound)

    return change


def _without_formats(schema: dict[str, Any]) -> None:
    for link in schema["properties"].values():
        link.pop("format", None)


def _with_conditions_by_sku(schema: dict[str, Any]) -> None:
    schema["oneOf"] += [
        {"$ref": "#/components/schemas/ItemSku"},
        {"$ref": "#/components/schemas/ItemProductId"},
    ]


def _error(**item: Any) -> dict[str, Any]:
    return {"errors": [item]}


_ERRORS: Final = {
    "type": "object",
    "required": ["errors"],
    "properties": {
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "status": {"type": ["string", "integer"]},
                    "title": {"type": "string"},
                    "detail": {"type": "string"},
                    "source": {"type": "string"},
                },
            },
        }
    },
}

_PROMOTION: Final = {
    "type": "promotion",
    "id": "324f2700-8ece-467f-8a71-2bd892e076a3",
    "name": "Ten off",
    "description": "Ten dollars less",
    "enabled": True,
    "automatic": False,
    "promotion_type": "fixed_discount",
    "schema": {"currencies": [{"currency": "USD", "amount": 1000}]},
    "start": "2000-01-01T00:00:00Z",
    "end": "2100-01-01T00:00:00Z",
}


def _percent_off(schema: dict[str, Any]) -> dict[str, Any]:
    return {**_PROMOTION, "promotion_type": "item_percent_discount", "schema": schema}


_BY_SKU: Final = {
    "rules": {"strategy": "cart_total", "operator": "gte", "args": [10000]},
    "actions": [
        {
            "strategy": "cart_discount",
            "args": ["percent", 50],
            "condition": {"strategy": "item_sku", "operator": "nin", "args": ["excluded"]},
        }
    ],
}
_JOBS: Final = "/paths/~1v2~1rule-promotions~1{uuid}~1jobs"
_LINK: Final = "https://useast.api.elasticpath.com/v2/rule-promotions/bbd7f4c6-4766-49de-b05b-14c6a644f8f7/codes?page[offset]=0&page[limit]=10"

REPAIRS: Final = (
    Repair(
        STANDARD,
        "/components/schemas/Data.PromotionObject",
        "Several branches of the oneOf fit one promotion, since none says which promotion_type it is for. That is said by the "
        "discriminator only, which plain JSON Schema does not know.",
        _discriminated,
        Evidence("POST", "/v2/promotions", 201, {"data": _PROMOTION}),
    ),
    Repair(
        STANDARD,
        "/components/schemas/Data.BasePromotions/properties/min_cart_value",
        "It is called an object; requests and answers of the published examples have an array of amounts.",
        _replaced_by(
            {
                "type": "array",
                "items": {"$ref": "#/components/schemas/Data.Promotions.Schema.Currencies.AmountAndCurrency"},
            }
        ),
        Evidence(
            "POST",
            "/v2/promotions",
            201,
            {"data": {**_PROMOTION, "min_cart_value": [{"currency": "USD", "amount": 10000}]}},
        ),
    ),
    Repair(
        STANDARD,
        "/components/schemas/Response.Error",
        "It is called an array and has the properties of one item; every published error is an object with errors, and the status of "
        "an item is a number in half of them.",
        _replaced_by(_ERRORS),
        Evidence("GET", "/v2/promotions", 401, _error(status=401, title="Unable to validate access token")),
    ),
    Repair(
        STANDARD,
        "/components/schemas/Data.Promotions.Schema.Percent/properties/percent",
        "It is called an integer; its own description gives it up to six decimal places, as the percentage beside it has.",
        _replaced_by({"type": "number"}),
        Evidence(
            "POST", "/v2/promotions", 201, {"data": _percent_off({"targets": ["sku1"], "percent": 12.5})}
        ),
    ),
    Repair(
        STANDARD,
        "/components/schemas/Data.Promotions.Schema.Targets/properties/targets",
        "It is called an array; its own description has the text all in place of one, for all products.",
        _replaced_by({"type": ["array", "string"], "items": {"type": "string"}, "pattern": "^all$"}),
        Evidence("POST", "/v2/promotions", 201, {"data": _percent_off({"targets": "all", "percent": 12})}),
    ),
    Repair(
        RULE,
        "/components/schemas/PaginationLinks",
        "The links are called URIs; all published examples have brackets in them that are not encoded, which no URI has.",
        _without_formats,
        Evidence(
            "GET",
            "/v2/rule-promotions/bbd7f4c6-4766-49de-b05b-14c6a644f8f7/codes",
            200,
            {"data": [], "links": {"current": _LINK}},
        ),
    ),
    Repair(
        RULE,
        f"{_JOBS}/post/responses/400/content/application~1json/schema/properties/errors/items/properties/status",
        "It is called a string, as in the one error that is shown there; other errors 400 of the same request have a number, as the "
        "published one of too many codes.",
        _replaced_by({"type": ["string", "integer"]}),
        Evidence(
            "POST",
            "/v2/rule-promotions/bbd7f4c6-4766-49de-b05b-14c6a644f8f7/jobs",
            400,
            _error(status=400, title="Too many promotion codes"),
        ),
    ),
    Repair(
        RULE,
        "/components/schemas/Condition",
        "Conditions by SKU and by product id are missing; request examples of the same document have them, and its rules have both.",
        _with_conditions_by_sku,
        Evidence(
            "POST", "/v2/rule-promotions", 201, {"data": {"type": "rule_promotion", "rule_set": _BY_SKU}}
        ),
    ),
)
