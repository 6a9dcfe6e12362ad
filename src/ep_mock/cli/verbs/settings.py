"""`ep-mock settings`: the settings of a store."""

from __future__ import annotations

import click

from ep_mock.cli.options import STORE_SETTINGS, read_assignments
from ep_mock.cli.remote.client import Remote
from ep_mock.cli.remote.options import remote_options
from ep_mock.cli.remote.tables import table


@click.command("settings", short_help="Show or change the settings of a store.")
@click.argument("settings", nargs=-1, metavar="[NAME=VALUE]...")
@remote_options
def command(remote: Remote, settings: tuple[str, ...]) -> None:
    """Show the settings of a store. NAME=VALUE changes a setting until the next reset."""
    changes = read_assignments(settings, STORE_SETTINGS)
    answer = remote.call("PATCH", "settings", changes) if changes else remote.call("GET", "settings")
    remote.show(answer, lambda shown: table(("setting", "value"), shown.items(), ""))
