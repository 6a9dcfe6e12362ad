"""`ep-mock reset`: start over with a running server's store."""

from __future__ import annotations

import click

from ep_mock.cli.options import RESET_SETTINGS, read_assignments
from ep_mock.cli.remote.options import Remote, remote_options


@click.command("reset", short_help="Start over with a store.")
@click.argument("settings", nargs=-1, metavar="[NAME=VALUE]...")
@remote_options
def command(remote: Remote, settings: tuple[str, ...]) -> None:
    """Put a store back to what it was when the server started.

    Settings such as codes_limit=50 or clock=manual hold for that store until its next reset. A store that
    does not exist yet is made.
    """
    remote.call("POST", "reset", read_assignments(settings, RESET_SETTINGS), creates=True)
