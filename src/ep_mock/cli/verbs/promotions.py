"""`ep-mock promotions`: the promotions of a store."""

from __future__ import annotations

import json
from typing import Any

import click

from ep_mock.cli.remote.api import Api, api_options
from ep_mock.cli.remote.client import Remote
from ep_mock.cli.remote.groups import VerbGroup
from ep_mock.cli.remote.options import FAMILY_NAMES, limit_option
from ep_mock.cli.remote.tables import moment, partial_table, table
from ep_mock.domain.families import FAMILIES, family_named
from ep_mock.domain.ordinary_promotions import ordinary_promotion
from ep_mock.errors import UsageError

_HEADINGS = ("promotion", "family", "name", "enabled", "automatic", "start", "end")
_FAMILY_OF_TYPE = {family.promotion_type: family.name for family in FAMILIES}


@click.group("promotions", cls=VerbGroup, short_help="List, show, create or delete promotions.")
def command() -> None:
    """List, show, create or delete promotions of both families. The API calls that this makes leave no entry
    in the journal.
    """


@command.command("list", short_help="List promotions.")
@click.option("--family", type=FAMILY_NAMES, help="Only this family.")
@limit_option(1000, "Maximum number of promotions to list of each family.")
@api_options
def list_promotions(remote: Remote, api: Api, family: Any, limit: int) -> None:
    """List the promotions of a store in the API's order."""
    families = [family_named(family)] if family else FAMILIES
    lists = [api.listed(f"/v2/{each.collection}", limit) for each in families]
    promotions = [promotion for found, _ in lists for promotion in found]
    remote.show({"promotions": promotions, "total": sum(total for _, total in lists)}, _listed)


@command.command("create", short_help="Create a promotion.")
@click.argument("name", default="A promotion")
@click.option(
    "--family", type=FAMILY_NAMES, default="standard", show_default=True, help="Family of the promotion."
)
@click.option(
    "--set",
    "assignments",
    multiple=True,
    metavar="FIELD=VALUE",
    help="Set a field, to JSON or text; repeatable.",
)
@api_options
def create(remote: Remote, api: Api, name: str, family: Any, assignments: tuple[str, ...]) -> None:
    """Create a promotion called NAME. It is enabled, valid now and not automatic; --set changes that."""
    kind = family_named(family)
    fields = dict(_assignment(text) for text in assignments)
    promotion = api.call("POST", f"/v2/{kind.collection}", ordinary_promotion(kind, name, fields))
    remote.show(promotion, lambda answer: _listed({"promotions": [answer], "total": 1}))


@command.command("show", short_help="Show a promotion.")
@click.argument("promotion_id", metavar="PROMOTION")
@api_options
def show(remote: Remote, api: Api, promotion_id: str) -> None:
    """Show all fields of a promotion."""
    remote.show(api.promotion(promotion_id)[1], lambda answer: table(("field", "value"), answer.items(), ""))


@command.command("delete", short_help="Delete promotions.")
@click.argument("promotion_ids", nargs=-1, required=True, metavar="PROMOTION...")
@api_options
def delete(_: Remote, api: Api, promotion_ids: tuple[str, ...]) -> None:
    """Delete promotions with their codes and jobs."""
    for promotion_id in promotion_ids:
        api.call("DELETE", api.path_of(promotion_id))


def _assignment(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise UsageError(f"--set: expected FIELD=VALUE such as automatic=true, got {text!r}")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _listed(answer: dict[str, Any]) -> str:
    rows = [
        [
            promotion["id"],
            _FAMILY_OF_TYPE[promotion["type"]],
            *(promotion[name] for name in ("name", "enabled", "automatic")),
            *(_date(promotion[name]) for name in ("start", "end")),
        ]
        for promotion in answer["promotions"]
    ]
    return partial_table(_HEADINGS, rows, "no promotions", total=answer["total"], flag="--limit")


def _date(text: str) -> str:
    """The date; with the time unless that is midnight."""
    return moment(text.removesuffix("T00:00:00Z"))
