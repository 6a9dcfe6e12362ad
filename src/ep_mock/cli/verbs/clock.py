"""`ep-mock clock`: the clock of a running server's store."""

from __future__ import annotations

from typing import Any

import click

from ep_mock.cli.groups import VerbGroup
from ep_mock.cli.remote.options import Remote, remote_options
from ep_mock.cli.remote.tables import clock_line
from ep_mock.cli.verbs import advance
from ep_mock.errors import UsageError


@click.group("clock", cls=VerbGroup, short_help="Show the clock of a store, or set it.")
def command() -> None:
    """Show the clock of a store, set how time passes, or move time."""


@command.command("show", short_help="Show the clock.")
@remote_options
def show(remote: Remote) -> None:
    """Show the mode and the time of a store's clock."""
    remote.show(remote.call("GET", "clock"), clock_line)


@command.command("set", short_help="Change how time passes.")
@click.argument("mode", required=False, type=click.Choice(["real", "scaled", "manual", "poll"]))
@click.option(
    "--scale", type=float, metavar="NUMBER", help="Seconds that pass each second, on a scaled clock."
)
@click.option("--now", metavar="DATE", help="A time to move forward to.")
@remote_options
def set_clock(remote: Remote, /, **change: Any) -> None:
    """Change how time passes from now on, and perhaps move it forward. Time never runs backwards."""
    body = {name: value for name, value in change.items() if value is not None}
    if not body:
        raise UsageError("clock set: expected a mode (real, scaled, manual or poll), --scale or --now")
    remote.show(remote.call("PUT", "clock", body), clock_line)


command.add_command(advance.command, "advance")
