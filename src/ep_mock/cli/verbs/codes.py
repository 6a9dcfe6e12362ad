"""`ep-mock codes`: the codes of a promotion."""

from __future__ import annotations

from typing import Any

import click

from ep_mock.cli.remote.api import Api, api_options
from ep_mock.cli.remote.client import Remote
from ep_mock.cli.remote.groups import VerbGroup
from ep_mock.cli.remote.options import given, limit_option
from ep_mock.cli.remote.tables import partial_table

_HEADINGS = ("code", "uses left", "of", "user", "consume unit", "created by")
_FIELDS = ("code", "uses", "max_uses", "user", "consume_unit", "created_by")


@click.group("codes", cls=VerbGroup, short_help="List, create or delete codes of a promotion.")
def command() -> None:
    """List, create or delete codes of a promotion of either family. The API calls that this makes leave no
    entry in the journal.
    """


@command.command("list", short_help="List codes.")
@click.argument("promotion_id", metavar="PROMOTION")
@limit_option(100, "Maximum number of codes to list.")
@api_options
def list_codes(remote: Remote, api: Api, promotion_id: str, limit: int) -> None:
    """List the codes of a promotion in the API's order."""
    codes, total = api.listed(f"{api.path_of(promotion_id)}/codes", limit)
    remote.show({"codes": codes, "total": total}, _listed)


@command.command("create", short_help="Create codes.")
@click.argument("promotion_id", metavar="PROMOTION")
@click.argument("codes", nargs=-1, required=True, metavar="CODE...")
@click.option("--uses", type=int, metavar="N", help="Number of uses of each code (default: unlimited).")
@click.option("--user", metavar="TEXT", help="The only user who can use the codes.")
@api_options
def create(_: Remote, api: Api, /, promotion_id: str, codes: tuple[str, ...], **fields: Any) -> None:
    """Add these codes to a promotion: all of them, or none. To generate codes, see `ep-mock jobs create`."""
    _send(api, "POST", promotion_id, [{"code": code, **given(fields)} for code in codes])


@command.command("delete", short_help="Delete codes.")
@click.argument("promotion_id", metavar="PROMOTION")
@click.argument("codes", nargs=-1, required=True, metavar="CODE...")
@api_options
def delete(_: Remote, api: Api, promotion_id: str, codes: tuple[str, ...]) -> None:
    """Delete codes of a promotion. Codes that do not exist are ignored."""
    _send(api, "DELETE", promotion_id, [{"code": code} for code in codes])


def _send(api: Api, method: str, promotion_id: str, items: list[dict[str, Any]]) -> None:
    api.call(method, f"{api.path_of(promotion_id)}/codes", {"type": "promotion_codes", "codes": items})


def _listed(answer: dict[str, Any]) -> str:
    rows = [[code.get(name) for name in _FIELDS] for code in answer["codes"]]
    return partial_table(_HEADINGS, rows, "no codes", total=answer["total"], flag="--limit")
