"""`ep-mock stores`: the stores of a server."""

from __future__ import annotations

from typing import Any

import click

from ep_mock.cli.remote.client import Remote, segment
from ep_mock.cli.remote.groups import VerbGroup
from ep_mock.cli.remote.options import server_options
from ep_mock.cli.remote.tables import moment, table

_HEADINGS = ("store", "clock", "now", "promotions", "jobs", "unfinished")


@click.group("stores", cls=VerbGroup)
def command() -> None:
    """List or delete the stores of a server."""


@command.command("list")
@server_options
def list_stores(remote: Remote) -> None:
    """List all stores of the server by name."""
    remote.show(remote.call("GET", "stores"), _listed)


@command.command("delete", short_help="Delete stores.")
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@server_options
def delete(remote: Remote, names: tuple[str, ...]) -> None:
    """Delete stores with all their content. A deleted store is created anew when it is next used."""
    for name in names:
        remote.call("DELETE", f"stores/{segment(name)}")


def _listed(answer: dict[str, Any]) -> str:
    rows = [
        [each["name"], each["mode"], moment(each["now"]), *(each[name] for name in _NUMBERS)]
        for each in answer["stores"]
    ]
    return table(_HEADINGS, rows, "no stores")


_NUMBERS = ("promotions", "jobs", "unfinished_jobs")
