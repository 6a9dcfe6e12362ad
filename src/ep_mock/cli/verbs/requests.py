"""`ep-mock requests`: the journal of a running server's store."""

from __future__ import annotations

from typing import Any

import click

from ep_mock.cli.groups import VerbGroup
from ep_mock.cli.remote.durations import duration
from ep_mock.cli.remote.matching import query_options
from ep_mock.cli.remote.options import Remote, json_text, remote_options
from ep_mock.cli.remote.tables import fit_line, moment, plain, table
from ep_mock.cli.remote.watching import follow_requests

_HEADINGS = ("number", "at", "method", "path", "status", "outcome", "operation")


@click.group(
    "requests",
    cls=VerbGroup,
    default="find",
    short_help="Show, count, await or forget the requests that came.",
)
def command() -> None:
    """Show, count, await or forget the requests to the API that came. Without a subcommand it is `requests
    find`.
    """


@command.command("find", short_help="Show requests, the oldest first.")
@query_options
@click.option(
    "--last", type=int, metavar="N", default=20, show_default=True, help="At most this many, the latest."
)
@click.option("--follow", is_flag=True, help="Then show each request that comes, until ctrl-C.")
@click.option("--clear", is_flag=True, help="Forget all requests instead.")
@remote_options
def find(remote: Remote, query: dict[str, Any], last: int, follow: bool, clear: bool) -> int | None:
    """Show which requests to the API came, the oldest first, and what became of them.

    With --follow and --json each request is one line of JSON. The exit code after ctrl-C is 130.
    """
    if clear:
        remote.call("DELETE", "requests")
    elif follow:
        return follow_requests(
            remote, query, last, lambda each: click.echo(json_text(each) if remote.as_json else _line(each))
        )
    else:
        remote.show(remote.call("POST", "requests/find", {**query, "last": last}), _found)
    return None


@command.command("count", short_help="Count requests.")
@query_options
@remote_options
def count(remote: Remote, query: dict[str, Any]) -> None:
    """Print how many requests match, among those that the journal keeps."""
    remote.show(remote.call("POST", "requests/count", query), lambda answer: str(answer["count"]))


@command.command("wait", short_help="Wait until requests have come.")
@query_options
@click.option("--count", type=int, default=1, show_default=True, metavar="N", help="How many requests.")
@click.option("--after", type=int, metavar="N", help="Only requests with a greater number.")
@click.option(
    "--timeout",
    "seconds",
    callback=duration,
    default="10s",
    show_default=True,
    metavar="DURATION",
    help="How long to wait.",
)
@remote_options
def wait(remote: Remote, query: dict[str, Any], count: int, after: int | None, seconds: float) -> None:
    """Wait until enough requests match, then show them; those that came before the wait count as well.

    When too few come in time the exit code is 1, and one line says so.
    """
    body = {**query, "count": count, "timeout": seconds, **({} if after is None else {"after": after})}
    remote.show(remote.call("POST", "requests/wait", body, seconds=seconds), _found)


@command.command("list", short_help="Show all requests that the journal keeps.")
@remote_options
def list_requests(remote: Remote) -> None:
    """Show all requests that the journal keeps, the oldest first."""
    remote.show(remote.call("GET", "requests"), _found)


@command.command("clear", short_help="Forget all requests.")
@remote_options
def clear_requests(remote: Remote) -> None:
    """Forget all requests that came. Their numbers go on."""
    remote.call("DELETE", "requests")


def _found(answer: dict[str, Any]) -> str:
    text = table(_HEADINGS, [_row(each) for each in answer["requests"]], "no such requests")
    more = answer.get("total", 0) - len(answer["requests"])
    return f"{text}\n{more} more; raise --last" if more > 0 else text


def _line(request: dict[str, Any]) -> str:
    """A request as a line of its own, in columns that are as wide as they mostly have to be."""
    number, at, method, target, status, outcome, operation = map(plain, _row(request))
    return fit_line(
        f"{number:>6}  {at}  {method:6}  {status:>3}  {outcome:9}  {target}  {operation}".rstrip()
    )


def _row(request: dict[str, Any]) -> list[object]:
    target = f"{request['path']}?{request['query']}" if request["query"] else str(request["path"])
    return [
        request["number"],
        moment(request["at"]),
        request["method"],
        target,
        request["status"],
        request["outcome"],
        request["operation"],
    ]
