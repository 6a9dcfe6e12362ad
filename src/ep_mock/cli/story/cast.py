"""The promotions of the story, as they are sent to the API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

_COMMON = {"enabled": True, "automatic": False, "start": "2025-01-01T00:00:00Z", "end": "2025-12-31T00:00:00Z"}
_COLLECTIONS = {"standard": "/v2/promotions", "rule": "/v2/rule-promotions"}


@dataclass(frozen=True, eq=False)
class Role:
    """A promotion that takes part: its family and what it gives."""

    name: str
    family: Literal["standard", "rule"]
    gives: Mapping[str, Any]

    @property
    def collection(self) -> str:
        """The path of the family's promotions."""
        return _COLLECTIONS[self.family]

    @property
    def document(self) -> dict[str, Any]:
        """The body that creates it."""
        kind = "promotion" if self.family == "standard" else "rule_promotion"
        return {"data": {"type": kind, "name": self.name, **_COMMON, **self.gives}}


def _rule(name: str, percent: int) -> Role:
    actions = [{"strategy": "cart_discount", "args": ["percent", percent]}]
    rules = {"strategy": "cart_total", "operator": "gte", "args": [5000]}
    return Role(name, "rule", {"rule_set": {"catalog_ids": [], "currencies": ["USD"], "rules": rules, "actions": actions}})


def _standard(name: str, cents: int) -> Role:
    gives = {"promotion_type": "fixed_discount", "schema": {"currencies": [{"currency": "USD", "amount": cents}]}}
    return Role(name, "standard", {"description": f"{cents / 100:.0f} dollars off the cart", **gives})


SUMMER = _rule("Summer sale", 15)
NEWS = _standard("Newsletter", 500)
GIFT = _standard("Gift cards", 1000)
LOYAL = _rule("Loyalty", 10)
MISTAKE = _standard("Oh, 90% off", 9000)
