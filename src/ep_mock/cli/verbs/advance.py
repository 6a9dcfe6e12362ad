"""`ep-mock advance`: move the time of a store."""

from __future__ import annotations

from typing import Any

import click

from ep_mock.cli.remote.client import Remote
from ep_mock.cli.remote.options import remote_options
from ep_mock.cli.remote.tables import transitions
from ep_mock.errors import UsageError
from ep_mock.timings import SECOND, parse_duration


@click.command("advance", short_help="Move time: by 10s, to a date, to the next event, until idle.")
@click.argument("how", metavar="DURATION|DATE|next|idle")
@remote_options
def command(remote: Remote, how: str) -> None:
    """Move the time of a store forward and print what happened meanwhile.

    DURATION: such as 10s, 250ms, 5m, 1h or 2d. DATE: such as 2025-01-31 or 2025-01-31T10:00:00Z. next: to the
    worker's next event. idle: until all jobs have ended.
    """
    remote.show(remote.call("POST", "clock/advance", _body(how)), transitions)


def _body(how: str) -> dict[str, Any]:
    if how in ("next", "idle"):
        return {how: True}
    if how[4:5] == "-":  # the dash after a year; the server parses the date
        return {"to": how}
    try:
        return {"seconds": parse_duration(how) / SECOND}
    except UsageError as error:
        raise UsageError(f"advance: {error}; or a date, next or idle") from None
