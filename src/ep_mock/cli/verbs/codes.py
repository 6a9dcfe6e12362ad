"""`ep-mock codes`: the codes of a promotion in a running server's store."""

from __future__ import annotations

from typing import Any

import click

from ep_mock.cli.groups import VerbGroup
from ep_mock.cli.remote.api import Api, api_options
from ep_mock.cli.remote.options import Remote
from ep_mock.cli.remote.tables import table

_HEADINGS = ("code", "uses left", "of", "user", "consume unit", "created by")
_FIELDS = ("code", "uses", "max_uses", "user", "consume_unit", "created_by")


@click.group("codes", cls=VerbGroup, short_help="List the codes of a promotion, create or delete some.")
def command() -> None:
    """List the codes of a promotion, create or delete some, by calls of the API that leave no trace in the
    journal.
    """


@command.command("list", short_help="List codes.")
@click.argument("promotion_id", metavar="PROMOTION")
@click.option(
    "--limit", type=click.IntRange(1), default=100, show_default=True, metavar="N", help="At most this many."
)
@api_options
def list_codes(remote: Remote, api: Api, promotion_id: str, limit: int) -> None:
    """List the codes of a promotion of either family, in the API's order."""
    codes, total = api.listed(f"{api.promotion(promotion_id)[1]}/codes", limit)
    remote.show({"codes": codes, "total": total}, _listed)


@command.command("create", short_help="Create codes.")
@click.argument("promotion_id", metavar="PROMOTION")
@click.argument("codes", nargs=-1, required=True, metavar="CODE...")
@click.option("--uses", type=int, metavar="N", help="How often each can be used; without end if not given.")
@click.option("--user", metavar="TEXT", help="Who alone can use them.")
@api_options
def create(_: Remote, api: Api, /, promotion_id: str, codes: tuple[str, ...], **fields: Any) -> None:
    """Add codes by hand to a promotion of either family: all of them, or none. To have them generated, see
    `ep-mock jobs create`.
    """
    given = {name: value for name, value in fields.items() if value is not None}
    items = [{"code": code, **given} for code in codes]
    api.call("POST", f"{api.promotion(promotion_id)[1]}/codes", {"type": "promotion_codes", "codes": items})


@command.command("delete", short_help="Delete codes.")
@click.argument("promotion_id", metavar="PROMOTION")
@click.argument("codes", nargs=-1, required=True, metavar="CODE...")
@api_options
def delete(_: Remote, api: Api, promotion_id: str, codes: tuple[str, ...]) -> None:
    """Delete codes of a promotion. Codes that it does not have are passed over."""
    items = [{"code": code} for code in codes]
    api.call("DELETE", f"{api.promotion(promotion_id)[1]}/codes", {"type": "promotion_codes", "codes": items})


def _listed(answer: dict[str, Any]) -> str:
    text = table(_HEADINGS, [[each.get(name) for name in _FIELDS] for each in answer["codes"]], "no codes")
    more = answer["total"] - len(answer["codes"])
    return f"{text}\n{more} more; raise --limit" if more else text
