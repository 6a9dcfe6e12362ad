"""`ep-mock usages`: the usages of codes."""

from __future__ import annotations

from typing import Any

import click

from ep_mock.cli.remote.api import Api, api_options
from ep_mock.cli.remote.client import Remote, segment
from ep_mock.cli.remote.groups import VerbGroup
from ep_mock.cli.remote.options import given, limit_option, remote_options
from ep_mock.cli.remote.tables import moment, partial_table, table

_RECORDED = ("usage", "code", "times", "at", "uses left")


@click.group("usages", cls=VerbGroup, short_help="Use a code as a checkout does, or list usages.")
def command() -> None:
    """Use a code as a checkout does, or list the usages of a promotion of either family."""


@command.command("record", short_help="Use a code.")
@click.argument("promotion_id", metavar="PROMOTION")
@click.argument("code")
@click.option("--times-used", type=int, metavar="N", help="Number of uses to take (default 1).")
@click.option("--order-id", metavar="TEXT", help="Id of the order.")
@click.option("--customer-id", metavar="TEXT", help="Id of the customer.")
@click.option("--customer-email", metavar="TEXT", help="Email address of the customer.")
@click.option("--account-id", metavar="TEXT", help="Id of the account.")
@click.option(
    "--new-shopper/--no-new-shopper", default=None, help="Whether the shopper has never paid an order."
)
@remote_options
def record(remote: Remote, /, promotion_id: str, **checkout: Any) -> None:
    """Use CODE of a promotion as a checkout does."""
    remote.show(remote.call("POST", f"promotions/{segment(promotion_id)}/usages", given(checkout)), _recorded)


@command.command("list", short_help="List usages.")
@click.argument("promotion_id", metavar="PROMOTION")
@click.option("--code", metavar="TEXT", help="Only usages of this code.")
@limit_option(100, "Maximum number of usages to list.")
@api_options
def list_usages(remote: Remote, api: Api, promotion_id: str, code: str | None, limit: int) -> None:
    """List the usages of a promotion in the API's order."""
    path = api.path_of(promotion_id)
    of_code = "" if code is None else f"/codes/{segment(code)}"
    usages, total = api.listed(f"{path}{of_code}/usages", limit)
    remote.show({"usages": usages, "total": total}, _listed)


def _recorded(usage: dict[str, Any]) -> str:
    row = [usage["id"], usage["code"], usage["times_used"], moment(usage["used_on"])]
    return table(_RECORDED, [[*row, usage.get("uses_left", "unlimited")]], "")


def _listed(answer: dict[str, Any]) -> str:
    usages = answer["usages"]
    cells = (item for usage in usages for item in usage.items())
    names = list(
        dict.fromkeys(name for name, value in cells if name != "type" and not isinstance(value, dict))
    )
    rows = [[usage.get(name) for name in names] for usage in usages]
    return partial_table(names, rows, "no usages", total=answer["total"], flag="--limit")
