"""`ep-mock fault`: let requests to a running server's store go wrong."""

from __future__ import annotations

import json
from typing import Any

import click

from ep_mock.cli.groups import VerbGroup
from ep_mock.cli.remote.durations import duration
from ep_mock.cli.remote.matching import matching_options
from ep_mock.cli.remote.options import Remote, remote_options, segment
from ep_mock.cli.remote.tables import plain, table
from ep_mock.errors import UsageError

_HEADINGS = ("fault", "hits", "strikes", "for", "what happens")
_ERRORS = (
    "unauthorized",
    "forbidden",
    "not_found",
    "conflict",
    "unprocessable",
    "rate_limited",
    "internal",
    "unavailable",
)


@click.group("fault", cls=VerbGroup, short_help="Let requests go wrong.")
def command() -> None:
    """Let requests to the API go wrong: add, list or clear faults."""


@command.command("add", short_help="Set a fault.")
@matching_options
@click.option(
    "--times", type=int, metavar="N", help="Strike so many requests; 1 if not said, 0 is all of them."
)
@click.option("--skip", type=int, metavar="N", help="Let so many pass first.")
@click.option("--probability", type=float, metavar="NUMBER", help="How likely it strikes each, up to 1.")
@click.option(
    "--when", type=click.Choice(["before", "after"]), help="Before the request is carried out, or after it."
)
@click.option("--delay", callback=duration, metavar="DURATION", help="Answer so much later.")
@click.option("--error", type=click.Choice(_ERRORS), help="Answer with this documented error.")
@click.option("--retry-after", type=int, metavar="SECONDS", help="The header Retry-After.")
@click.option("--status", type=int, metavar="N", help="Answer with this status.")
@click.option("--body", metavar="TEXT", help="With --status: the body, JSON or any text.")
@click.option(
    "--connection",
    type=click.Choice(["reset", "empty", "truncated", "garbage"]),
    help="Do this to the connection.",
)
@remote_options
def add(
    remote: Remote,
    /,
    match: dict[str, Any],
    delay: float | None,
    status: int | None,
    body: str | None,
    **said: Any,
) -> None:
    """Let the next matching request go wrong, or so many of them."""
    fault = {name: value for name, value in said.items() if value is not None}
    if match:
        fault["match"] = match
    if delay is not None:
        fault["delay"] = delay
    if status is not None:
        fault["answer"] = {"status": status, **_content(body)}
    elif body is not None:
        raise UsageError("--body: needs --status as well")
    remote.show(remote.call("POST", "faults", fault), lambda answer: _listed([answer]))


@command.command("list", short_help="List all faults.")
@remote_options
def list_faults(remote: Remote) -> None:
    """List the faults of a store, those that have done their work as well, the oldest first."""
    remote.show(remote.call("GET", "faults"), lambda answer: _listed(answer["faults"]))


@command.command("delete", short_help="Lift faults by their ids.")
@click.argument("fault_ids", nargs=-1, required=True, metavar="ID...")
@remote_options
def delete(remote: Remote, fault_ids: tuple[str, ...]) -> None:
    """Lift faults by their ids."""
    for fault_id in fault_ids:
        remote.call("DELETE", f"faults/{segment(fault_id)}")


@command.command("clear", short_help="Lift faults.")
@click.argument("fault_id", required=False)
@remote_options
def clear(remote: Remote, fault_id: str | None) -> None:
    """Lift one fault, or all."""
    remote.call("DELETE", "faults" if fault_id is None else f"faults/{segment(fault_id)}")


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
