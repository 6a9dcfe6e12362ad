"""`ep-mock requests`: the journal of a running server's store."""

from __future__ import annotations

from typing import Any

import click

from ep_mock.cli.remote.matching import matching_options
from ep_mock.cli.remote.options import Remote, remote_options
from ep_mock.cli.remote.tables import moment, table

_HEADINGS = ("number", "at", "method", "path", "status", "outcome", "operation")


@click.command("requests", short_help="Show which requests came, or forget them.")
@matching_options
@click.option("--status", type=int, metavar="N", help="Only requests that were answered with this status.")
@click.option("--outcome", metavar="TEXT", help="Only requests that were served, refused, unmatched, faulted or failed.")
@click.option("--last", type=int, metavar="N", default=20, show_default=True, help="At most so many, the latest.")
@click.option("--clear", is_flag=True, help="Forget all requests instead.")
@remote_options
def command(remote: Remote, match: dict[str, Any], status: int | None, outcome: str | None, last: int, clear: bool) -> None:
    """Show which requests to the API came, the oldest first, and what became of them."""
    if clear:
        remote.call("DELETE", "requests")
        return
    query: dict[str, Any] = {"match": match or None, "status": status, "outcome": outcome, "last": last}
    answer = remote.call("POST", "requests/find", {name: value for name, value in query.items() if value is not None})
    remote.show(answer, _listed)


def _listed(answer: dict[str, Any]) -> str:
    rows = [
        [each["number"], moment(each["at"]), each["method"], _target(each), each["status"], each["outcome"], each["operation"]]
        for each in answer["requests"]
    ]
    return table(_HEADINGS, rows, "no such requests")


def _target(request: dict[str, Any]) -> str:
    return f"{request['path']}?{request['query']}" if request["query"] else str(request["path"])
