"""Which requests are meant, as options of a command."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import click

_OPTIONS = (
    click.option("--method", metavar="TEXT", help="Only requests with this method."),
    click.option(
        "--path",
        metavar="PATTERN",
        help="Only requests to this path: * is any text in a segment, ** any text.",
    ),
    click.option("--operation", metavar="NAME", help="Only this operation, such as create_job or list_jobs."),
    click.option("--family", type=click.Choice(["standard", "rule"]), help="Only requests to this family."),
    click.option("--body-contains", metavar="TEXT", help="Only requests with this text in their body."),
)
_NAMES = ("method", "path", "operation", "family", "body_contains")


def matching_options(run: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command options for what a request must be like; it gets them as `match`, as the control plane
    wants it.
    """

    @functools.wraps(run)
    def called(*args: Any, **kwargs: Any) -> Any:
        said = {name: kwargs.pop(name) for name in _NAMES}
        return run(*args, match={name: value for name, value in said.items() if value is not None}, **kwargs)

    command: Callable[..., Any] = called
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def query_options(run: Callable[..., Any]) -> Callable[..., Any]:
    """The same, and what became of a request; a command gets all as `query`."""

    @functools.wraps(run)
    def called(
        *args: Any, match: dict[str, Any], status: int | None, outcome: str | None, **kwargs: Any
    ) -> Any:
        query: dict[str, Any] = {"match": match or None, "status": status, "outcome": outcome}
        return run(*args, query={name: value for name, value in query.items() if value is not None}, **kwargs)

    command = click.option(
        "--outcome", metavar="TEXT", help="Only those served, refused, unmatched, faulted or failed."
    )(called)
    command = click.option(
        "--status", type=int, metavar="N", help="Only requests that were answered with this status."
    )(command)
    return matching_options(command)
