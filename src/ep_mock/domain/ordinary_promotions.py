"""The default promotion for tests: running, not automatic, with a discount."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ep_mock.domain.families import Family, FamilyName

_OF_FAMILY: Final[dict[FamilyName, dict[str, Any]]] = {
    "standard": {
        "description": "Made by a test",
        "promotion_type": "fixed_discount",
        "schema": {"currencies": [{"currency": "USD", "amount": 1000}]},
    },
    "rule": {
        "rule_set": {
            "rules": {"strategy": "cart_total", "operator": "gte", "args": [10000]},
            "actions": [{"strategy": "cart_discount", "args": ["percent", 10]}],
        },
    },
}
_COMMON: Final[dict[str, Any]] = {
    "enabled": True,
    "automatic": False,
    "start": "2000-01-01",
    "end": "2100-01-01",
}


def ordinary_promotion(family: Family, name: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The body of a request that creates a promotion, without `data`; `fields` override the defaults."""
    return {"type": family.promotion_type, **_COMMON, **_OF_FAMILY[family.name], "name": name, **fields}
