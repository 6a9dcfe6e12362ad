"""`ep-mock promotions`: the promotions of a running server's store."""

from __future__ import annotations

import json
from typing import Any

import click

from ep_mock.cli.groups import VerbGroup
from ep_mock.cli.remote.api import FAMILY, Api, api_options
from ep_mock.cli.remote.options import Remote
from ep_mock.cli.remote.tables import moment, table
from ep_mock.domain.families import FAMILIES, Family, family_named
from ep_mock.domain.ordinary_promotions import ordinary_promotion
from ep_mock.errors import UsageError

_HEADINGS = ("promotion", "family", "name", "enabled", "automatic", "start", "end")


@click.group("promotions", cls=VerbGroup, short_help="List promotions, create, show or delete some.")
def command() -> None:
    """List the promotions of a store, create, show or delete some, by calls of the API that leave no trace in
    the journal.
    """


@command.command("list", short_help="List promotions.")
@FAMILY
@click.option(
    "--limit",
    type=click.IntRange(1),
    default=1000,
    show_default=True,
    metavar="N",
    help="At most this many of a family.",
)
@api_options
def list_promotions(remote: Remote, api: Api, family: Any, limit: int) -> None:
    """List the promotions of a store in the API's order."""
    promotions: list[dict[str, Any]] = []
    total = 0
    for kind in [family_named(family)] if family else FAMILIES:
        found, number = api.listed(f"/v2/{kind.collection}", limit)
        promotions += found
        total += number
    remote.show({"promotions": promotions, "total": total}, _listed)


@command.command("create", short_help="Create a promotion.")
@click.argument("name", default="A promotion")
@click.option(
    "--family", type=click.Choice([family.name for family in FAMILIES]), default="standard", show_default=True
)
@click.option(
    "--set",
    "assignments",
    multiple=True,
    metavar="FIELD=VALUE",
    help="A field of it, JSON or text; repeatable.",
)
@api_options
def create(remote: Remote, api: Api, name: str, family: Any, assignments: tuple[str, ...]) -> None:
    """Create a promotion called NAME. It is in force and not automatic, unless --set says otherwise."""
    kind = family_named(family)
    fields = dict(_assignment(text) for text in assignments)
    promotion = api.call("POST", f"/v2/{kind.collection}", ordinary_promotion(kind, name, fields))
    remote.show(promotion, lambda answer: _listed({"promotions": [answer], "total": 1}))


@command.command("show", short_help="Show a promotion.")
@click.argument("promotion_id", metavar="PROMOTION")
@api_options
def show(remote: Remote, api: Api, promotion_id: str) -> None:
    """Show all fields of a promotion of either family."""
    remote.show(api.promotion(promotion_id)[2], lambda answer: table(("field", "value"), answer.items(), ""))


@command.command("delete", short_help="Delete promotions.")
@click.argument("promotion_ids", nargs=-1, required=True, metavar="PROMOTION...")
@api_options
def delete(_: Remote, api: Api, promotion_ids: tuple[str, ...]) -> None:
    """Delete promotions of either family, with all that belongs to them."""
    for promotion_id in promotion_ids:
        api.call("DELETE", api.promotion(promotion_id)[1])


def _assignment(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise UsageError(f"--set: expected FIELD=VALUE such as automatic=true, got {text!r}")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _listed(answer: dict[str, Any]) -> str:
    promotions = answer["promotions"]
    rows = [
        [
            each["id"],
            _family_of(each).name,
            each["name"],
            each["enabled"],
            each["automatic"],
            _date(each["start"]),
            _date(each["end"]),
        ]
        for each in promotions
    ]
    text = table(_HEADINGS, rows, "no promotions")
    more = answer["total"] - len(promotions)
    return f"{text}\n{more} more; raise --limit" if more else text


def _date(text: str) -> str:
    """A date; with its time only where that is not midnight."""
    return moment(text.removesuffix("T00:00:00Z"))


def _family_of(promotion: dict[str, Any]) -> Family:
    return next(family for family in FAMILIES if family.promotion_type == promotion["type"])
