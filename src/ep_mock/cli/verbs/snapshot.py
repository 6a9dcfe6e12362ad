"""`ep-mock snapshot`: save a store in a file, and restore it."""

from __future__ import annotations

import json
from typing import Any

import click

from ep_mock.cli.remote.client import Remote
from ep_mock.cli.remote.groups import VerbGroup
from ep_mock.cli.remote.options import remote_options
from ep_mock.cli.remote.tables import clock_line
from ep_mock.errors import UsageError

_FILE = click.argument("file", metavar="FILE", type=click.Path(dir_okay=False, allow_dash=True))


@click.group("snapshot", cls=VerbGroup, short_help="Save a store in a file, or restore it.")
def command() -> None:
    """Save a store in a file or restore it: promotions, codes, jobs, worker, plans, clock and settings."""


@command.command("save", short_help="Save a store in a file.")
@_FILE
@remote_options
def save(remote: Remote, file: str) -> None:
    """Save a store in FILE. - is standard output."""
    text = json.dumps(remote.call("GET", "snapshot"), separators=(",", ":"))
    if file == "-":
        click.echo(text)
        return
    try:
        with click.open_file(file, "w", encoding="utf-8", atomic=True) as target:
            target.write(text + "\n")
    except OSError as error:
        raise UsageError(f"{file}: cannot be written: {error.strerror}") from None


@command.command("load", short_help="Restore a store from a file.")
@_FILE
@remote_options
def load(remote: Remote, file: str) -> None:
    """Restore a store from FILE. - is standard input. The store continues at the time at which it was saved.

    The store is created if it does not exist.
    """
    clock = remote.call("PUT", "snapshot", _read(file), creates=True)
    remote.show(clock, lambda clock: f"restored; {clock_line(clock)}")


def _read(file: str) -> Any:
    try:
        with click.open_file(file, encoding="utf-8") as source:
            return json.load(source)
    except OSError as error:
        raise UsageError(f"{file}: cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise UsageError(f"{file}: is no JSON: {error}") from None
