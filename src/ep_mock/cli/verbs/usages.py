"""`ep-mock usages`: the usages of codes in a running server's store."""

from __future__ import annotations

from typing import Any

import click

from ep_mock.cli.groups import VerbGroup
from ep_mock.cli.remote.api import Api, api_options
from ep_mock.cli.remote.options import Remote, remote_options, segment
from ep_mock.cli.remote.tables import moment, table

_RECORDED = ("usage", "code", "times", "at", "uses left")


@click.group("usages", cls=VerbGroup, short_help="Use a code as a checkout would, or list usages.")
def command() -> None:
    """Use a code as a checkout would, or list the usages of a promotion."""


@command.command("record", short_help="Use a code.")
@click.argument("promotion_id", metavar="PROMOTION")
@click.argument("code")
@click.option("--times-used", type=int, metavar="N", help="How many uses it takes; 1 if not given.")
@click.option("--order-id", metavar="TEXT", help="The order.")
@click.option("--customer-id", metavar="TEXT", help="The customer.")
@click.option("--customer-email", metavar="TEXT", help="The address of the customer.")
@click.option("--account-id", metavar="TEXT", help="The account.")
@click.option(
    "--new-shopper/--no-new-shopper", default=None, help="Whether the shopper has never paid an order."
)
@remote_options
def record(remote: Remote, /, promotion_id: str, **checkout: Any) -> None:
    """Use CODE of a promotion of either family, as a checkout would."""
    body = {name: value for name, value in checkout.items() if value is not None}
    remote.show(remote.call("POST", f"promotions/{segment(promotion_id)}/usages", body), _recorded)


@command.command("list", short_help="List usages.")
@click.argument("promotion_id", metavar="PROMOTION")
@click.option("--code", metavar="TEXT", help="Only those of this code.")
@click.option(
    "--limit", type=click.IntRange(1), default=100, show_default=True, metavar="N", help="At most this many."
)
@api_options
def list_usages(remote: Remote, api: Api, promotion_id: str, code: str | None, limit: int) -> None:
    """List the usages of a promotion of either family, in the API's order."""
    path = api.promotion(promotion_id)[1]
    usages, total = api.listed(
        f"{path}/usages" if code is None else f"{path}/codes/{segment(code)}/usages", limit
    )
    remote.show({"usages": usages, "total": total}, _listed)


def _recorded(usage: dict[str, Any]) -> str:
    row = [
        usage["id"],
        usage["code"],
        usage["times_used"],
        moment(usage["used_on"]),
        usage.get("uses_left", "unlimited"),
    ]
    return table(_RECORDED, [row], "")


def _listed(answer: dict[str, Any]) -> str:
    names = list(
        dict.fromkeys(
            name for each in answer["usages"] for name, value in each.items() if _is_cell(name, value)
        )
    )
    text = table(names, [[each.get(name) for name in names] for each in answer["usages"]], "no usages")
    more = answer["total"] - len(answer["usages"])
    return f"{text}\n{more} more; raise --limit" if more else text


def _is_cell(name: str, value: object) -> bool:
    return name != "type" and not isinstance(value, dict)
