"""`ep-mock fault`: let requests fail."""

from __future__ import annotations

import json
from typing import Any

import click

from ep_mock.cli.remote.client import Remote
from ep_mock.cli.remote.groups import VerbGroup, add_list_and_delete
from ep_mock.cli.remote.options import duration, given, matching_options, remote_options
from ep_mock.cli.remote.tables import plain, table
from ep_mock.errors import UsageError

_HEADINGS = ("fault", "hits", "strikes", "for", "what happens")
_ERRORS = (
    *("unauthorized", "forbidden", "not_found", "conflict"),
    *("unprocessable", "rate_limited", "internal", "unavailable"),
)
_CONNECTIONS = ("reset", "empty", "truncated", "garbage")


@click.group("fault", cls=VerbGroup)
def command() -> None:
    """Make requests to the API fail: add, list or delete faults."""


@command.command("add", short_help="Add a fault.")
@matching_options
@click.option(
    "--times", type=int, metavar="N", help="Number of requests to affect (default 1, 0 = unlimited)."
)
@click.option("--skip", type=int, metavar="N", help="Skip the first N matching requests.")
@click.option(
    "--probability", type=float, metavar="NUMBER", help="Probability that a request is affected, 0 to 1."
)
@click.option(
    "--when", type=click.Choice(["before", "after"]), help="Before or after the request is carried out."
)
@click.option("--delay", callback=duration, metavar="DURATION", help="Delay the response.")
@click.option("--error", type=click.Choice(_ERRORS), help="Respond with this documented error.")
@click.option("--retry-after", type=int, metavar="SECONDS", help="Value of the Retry-After header.")
@click.option("--status", type=int, metavar="N", help="Respond with this status.")
@click.option("--body", metavar="TEXT", help="With --status: the body, JSON or any text.")
@click.option("--connection", type=click.Choice(_CONNECTIONS), help="Break the connection this way.")
@remote_options
def add(
    remote: Remote, /, match: dict[str, Any], status: int | None, body: str | None, **options: Any
) -> None:
    """Make matching requests fail: the next one, or more with --times."""
    fault = given({**options, "match": match or None})
    if status is not None:
        fault["answer"] = {"status": status, **_content(body)}
    elif body is not None:
        raise UsageError("--body: needs --status as well")
    remote.show(remote.call("POST", "faults", fault), lambda answer: _listed([answer]))


def _content(body: str | None) -> dict[str, Any]:
    if body is None:
        return {}
    try:
        return {"body": json.loads(body)}
    except ValueError:
        return {"text": body}


def _listed(faults: list[dict[str, Any]]) -> str:
    rows = []
    for each in faults:
        fault = dict(each["fault"])
        match = ", ".join(f"{name} {plain(value)}" for name, value in fault.pop("match", {}).items())
        effects = ", ".join(f"{name} {plain(value)}" for name, value in fault.items())
        strikes = f"{each['strikes']}{' (spent)' if each['spent'] else ''}"
        rows.append([each["id"], each["hits"], strikes, match or "any request", effects])
    return table(_HEADINGS, rows, "no faults")


add_list_and_delete(
    command, "fault", _listed, list_help="List the faults of a store, including used-up ones, oldest first."
)
