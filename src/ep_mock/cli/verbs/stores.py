"""`ep-mock stores`: the stores of a running server."""

from __future__ import annotations

from typing import Any

import click

from ep_mock.cli.groups import VerbGroup
from ep_mock.cli.remote.options import Remote, segment, server_options
from ep_mock.cli.remote.tables import moment, table

_HEADINGS = ("store", "clock", "now", "promotions", "jobs", "unfinished")


@click.group("stores", cls=VerbGroup, short_help="List stores, or delete some.")
def command() -> None:
    """List the stores of a server, or delete some."""


@command.command("list", short_help="List all stores.")
@server_options
def list_stores(remote: Remote) -> None:
    """List all stores of the server, by name."""
    remote.show(remote.call("GET", "stores"), _listed)


@command.command("delete", short_help="Delete stores.")
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@server_options
def delete(remote: Remote, names: tuple[str, ...]) -> None:
    """Delete stores with all that they have. The next use of such a name begins as at the start of the
    server.
    """
    for name in names:
        remote.call("DELETE", f"stores/{segment(name)}")


def _listed(answer: dict[str, Any]) -> str:
    rows = [
        [
            each["name"],
            each["mode"],
            moment(each["now"]),
            each["promotions"],
            each["jobs"],
            each["unfinished_jobs"],
        ]
        for each in answer["stores"]
    ]
    return table(_HEADINGS, rows, "no stores")
