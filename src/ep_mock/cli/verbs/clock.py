"""`ep-mock clock`: the clock of a store."""

from __future__ import annotations

from typing import Any

import click

from ep_mock.cli.remote.client import Remote
from ep_mock.cli.remote.groups import VerbGroup
from ep_mock.cli.remote.options import given, remote_options
from ep_mock.cli.remote.tables import clock_line
from ep_mock.cli.verbs import advance
from ep_mock.errors import UsageError


@click.group("clock", cls=VerbGroup, short_help="Show or set the clock of a store.")
def command() -> None:
    """Show the clock of a store, set how time passes, or move time."""


@command.command("show")
@remote_options
def show(remote: Remote) -> None:
    """Show the mode and the time of the clock."""
    remote.show(remote.call("GET", "clock"), clock_line)


@command.command("set", short_help="Set how time passes.")
@click.argument("mode", required=False, type=click.Choice(["real", "scaled", "manual", "poll"]))
@click.option(
    "--scale", type=float, metavar="NUMBER", help="Speed of a scaled clock: 60 is a minute per second."
)
@click.option("--now", metavar="DATE", help="Move time forward to this date.")
@remote_options
def set_clock(remote: Remote, /, **change: Any) -> None:
    """Set how time passes from now on, and optionally move it forward. Time never goes backwards."""
    body = given(change)
    if not body:
        raise UsageError("clock set: expected a mode (real, scaled, manual or poll), --scale or --now")
    remote.show(remote.call("PUT", "clock", body), clock_line)


command.add_command(advance.command, "advance")
