"""`ep-mock requests`: the journal of a store's requests."""

from __future__ import annotations

from typing import Any

import click

from ep_mock.cli.remote.client import Remote, json_text
from ep_mock.cli.remote.groups import VerbGroup
from ep_mock.cli.remote.options import given, query_options, remote_options, timeout_option
from ep_mock.cli.remote.tables import fit_line, moment, partial_table, plain
from ep_mock.cli.remote.watching import follow_requests

_HEADINGS = ("number", "at", "method", "path", "status", "outcome", "operation")


@click.group(
    "requests", cls=VerbGroup, default="find", short_help="Find, count, await or clear recorded requests."
)
def command() -> None:
    """Find, count, await or clear the recorded requests to the API. `ep-mock requests` is `ep-mock requests
    find`.
    """


@command.command("find", short_help="Show recorded requests, oldest first.")
@query_options
@click.option(
    "--last",
    type=int,
    metavar="N",
    default=20,
    show_default=True,
    help="Maximum number of requests: the latest ones.",
)
@click.option("--follow", is_flag=True, help="Then show each new request, until ctrl-C.")
@click.option("--clear", is_flag=True, help="Clear the recorded requests instead.")
@remote_options
def find(remote: Remote, query: dict[str, Any], last: int, follow: bool, clear: bool) -> int | None:
    """Show recorded requests to the API and their outcomes, oldest first.

    With --follow and --json, each request is one line of JSON. The exit code after ctrl-C is 130.
    """
    if clear:
        remote.call("DELETE", "requests")
    elif follow:
        line = json_text if remote.as_json else _line
        return follow_requests(remote, query, last, lambda request: click.echo(line(request)))
    else:
        remote.show(remote.call("POST", "requests/find", {**query, "last": last}), _found)
    return None


@command.command("count")
@query_options
@remote_options
def count(remote: Remote, query: dict[str, Any]) -> None:
    """Print the number of matching requests in the journal."""
    remote.show(remote.call("POST", "requests/count", query), lambda answer: str(answer["count"]))


@command.command("wait", short_help="Wait until enough requests match.")
@query_options
@click.option(
    "--count", type=int, default=1, show_default=True, metavar="N", help="Number of requests to wait for."
)
@click.option("--after", type=int, metavar="N", help="Only requests with a number greater than N.")
@timeout_option("Maximum time to wait.")
@remote_options
def wait(remote: Remote, query: dict[str, Any], count: int, after: int | None, seconds: float) -> None:
    """Wait until enough requests match, then show them. Requests that came before the wait count too.

    On timeout the exit code is 1, with one line of explanation.
    """
    body = {**query, **given({"count": count, "timeout": seconds, "after": after})}
    remote.show(remote.call("POST", "requests/wait", body, server_timeout=seconds), _found)


@command.command("list")
@remote_options
def list_requests(remote: Remote) -> None:
    """Show all recorded requests, oldest first."""
    remote.show(remote.call("GET", "requests"), _found)


@command.command("clear", short_help="Clear the recorded requests.")
@remote_options
def clear_requests(remote: Remote) -> None:
    """Clear the recorded requests. Numbering continues."""
    remote.call("DELETE", "requests")


def _found(answer: dict[str, Any]) -> str:
    rows = [_row(request) for request in answer["requests"]]
    return partial_table(_HEADINGS, rows, "no such requests", total=answer.get("total", 0), flag="--last")


def _line(request: dict[str, Any]) -> str:
    """A request on a line of its own, in columns of fixed width."""
    number, at, method, target, status, outcome, operation = map(plain, _row(request))
    return fit_line(
        f"{number:>6}  {at}  {method:6}  {status:>3}  {outcome:9}  {target}  {operation}".rstrip()
    )


def _row(request: dict[str, Any]) -> list[object]:
    target = f"{request['path']}?{request['query']}" if request["query"] else request["path"]
    number, method, *outcome = (
        request[name] for name in ("number", "method", "status", "outcome", "operation")
    )
    return [number, moment(request["at"]), method, target, *outcome]
