"""What lists of promotions can be filtered by: for Standard the code, for Rule what is published in its document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from ep_mock.domain.families import RULE, STANDARD
from ep_mock.domain.filters import Attribute
from ep_mock.simulation.promotion import Promotion

_EQUAL = frozenset({"eq"})
_ORDER = frozenset({"lt", "le", "eq", "gt", "ge"})
_CONTAINS = frozenset({"contains"})


def _field(name: str) -> Attribute:
    return Attribute(_EQUAL, "boolean", lambda promotion: promotion.fields[name])


def _rules(promotion: Promotion) -> Mapping[str, Any]:
    rules: Mapping[str, Any] = promotion.fields["rule_set"]["rules"]
    return rules


def _args(rule: Mapping[str, Any]) -> list[str]:
    """The args of a rule as one writes them in a filter: texts as they are, all else as JSON."""
    return [each if isinstance(each, str) else msgspec.json.encode(each).decode() for each in rule.get("args", ())]


def _account_tags(rule: Mapping[str, Any]) -> Iterator[str]:
    """The tags that a rule or any rule below it asks for."""
    pending = [rule]
    while pending:
        current = pending.pop()
        if current.get("strategy") == "account_tags":
            yield from (argument for argument in current.get("args", ()) if isinstance(argument, str))
        pending.extend(child for child in current.get("children", ()) if isinstance(child, dict))


FILTERS: Mapping[str, Mapping[str, Attribute]] = {
    STANDARD.name: {"code": Attribute(_EQUAL, "list", lambda promotion: promotion.book)},
    RULE.name: {
        "code": Attribute(_EQUAL, "list", lambda promotion: promotion.book),
        "name": Attribute(frozenset({"like", "ilike"}), "string", lambda promotion: promotion.fields["name"]),
        "enabled": _field("enabled"),
        "stackable": _field("stackable"),
        "override_stacking": _field("override_stacking"),
        "start": Attribute(_ORDER, "date", lambda promotion: promotion.start),
        "end": Attribute(_ORDER, "date", lambda promotion: promotion.end),
        # Published: these two do not look at child conditions, the tags do.
        "rule_set.rules.strategy": Attribute(frozenset({"eq", "in"}), "string", lambda promotion: _rules(promotion).get("strategy")),
        "rule_set.rules.args": Attribute(_CONTAINS, "list", lambda promotion: _args(_rules(promotion))),
        "account_tags": Attribute(_CONTAINS, "list", lambda promotion: set(_account_tags(_rules(promotion)))),
    },
}
