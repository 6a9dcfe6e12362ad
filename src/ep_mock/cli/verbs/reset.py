"""`ep-mock reset`: start over with a store."""

from __future__ import annotations

import click

from ep_mock.cli.options import RESET_SETTINGS, read_assignments
from ep_mock.cli.remote.client import Remote
from ep_mock.cli.remote.options import remote_options


@click.command("reset", short_help="Reset a store to its state at the start.")
@click.argument("settings", nargs=-1, metavar="[NAME=VALUE]...")
@remote_options
def command(remote: Remote, settings: tuple[str, ...]) -> None:
    """Put a store back into its state at the start of the server.

    Settings such as codes_limit=50 or clock=manual apply to this store until its next reset. The store is
    created if it does not exist.
    """
    remote.call("POST", "reset", read_assignments(settings, RESET_SETTINGS), creates=True)
