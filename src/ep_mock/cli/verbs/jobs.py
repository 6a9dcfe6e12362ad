"""`ep-mock jobs`: the jobs of a store."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import urlencode

import click

from ep_mock.cli.remote.api import Api, api_options
from ep_mock.cli.remote.client import MOST_JOBS, Remote, segment
from ep_mock.cli.remote.groups import VerbGroup
from ep_mock.cli.remote.options import given, remote_options
from ep_mock.cli.remote.tables import history, job_table
from ep_mock.cli.remote.watching import watch

_MOST_WATCHED = 100
_TYPES = {"generate": "code_generate", "export": "code_export"}


@click.group(
    "jobs", cls=VerbGroup, default="list", short_help="List, create or cancel jobs, or show their history."
)
def command() -> None:
    """List, create or cancel jobs, or show the history of a job.

    JOB is an id, or a job's number in the list. `ep-mock jobs` is `ep-mock jobs list`, and `ep-mock jobs JOB`
    is `ep-mock jobs history JOB`.
    """


@command.command("list", short_help="List jobs.")
@click.argument("job", required=False)
@click.option("--status", metavar="TEXT", help="Only jobs with this status, or with one of several: a,b.")
@click.option("--family", metavar="[standard|rule]", help="Only jobs of this family.")
@click.option("--promotion", "promotion_id", metavar="ID", help="Only jobs of this promotion.")
@click.option(
    "--limit",
    metavar="N",
    help=f"Maximum number of jobs to list. [default: {MOST_JOBS}, with --watch {_MOST_WATCHED}]",
)
@click.option("--watch", "watched", is_flag=True, help="Show the list again after each change, until ctrl-C.")
@remote_options
def list_jobs(remote: Remote, /, job: str | None, watched: bool, **query: str | None) -> int | None:
    """List the jobs of a store, newest first. With JOB, show the history of that job.

    This never moves a `poll` clock, not even with --watch. The exit code after ctrl-C is 130.
    """
    if job is None:
        query["limit"] = query["limit"] or str(_MOST_WATCHED if watched else MOST_JOBS)
        look, render = partial(remote.call, "GET", f"jobs?{urlencode(given(query))}"), _listed
    else:
        look, render = partial(_history, remote, remote.job_id(job)), history
    if watched:
        return watch(remote, look, render)
    remote.show(look(), render)
    return None


@command.command("history")
@click.argument("job")
@remote_options
def show_history(remote: Remote, job: str) -> None:
    """Show the history of a job: each status with its time and cause."""
    remote.show(_history(remote, remote.job_id(job)), history)


@command.command("create", short_help="Create a job.")
@click.argument("promotion_id", metavar="PROMOTION")
@click.option(
    "--type",
    "kind",
    type=click.Choice(list(_TYPES)),
    default="generate",
    show_default=True,
    help="Type of the job.",
)
@click.option(
    "--codes", "number_of_codes", type=int, metavar="N", help="Number of codes to generate (default 10)."
)
@click.option("--name", metavar="TEXT", help="Name of the job.")
@click.option("--prefix", "code_prefix", metavar="TEXT", help="Prefix of the codes.")
@click.option("--uses", "max_uses_per_code", type=int, metavar="N", help="Number of uses of each code.")
@api_options
def create(
    remote: Remote, api: Api, /, promotion_id: str, kind: str, name: str | None, **options: Any
) -> None:
    """Create a job of a promotion of either family. The API call leaves no entry in the journal."""
    parameters = {**({"number_of_codes": 10} if kind == "generate" else {}), **given(options)}
    fields = given({"name": name, "parameters": parameters or None})
    data = {"type": "promotion_job", "job_type": _TYPES[kind], **fields}
    created = api.call("POST", f"{api.path_of(promotion_id)}/jobs", data)
    remote.show(_history(remote, created["id"]), history)


@command.command("cancel", short_help="Cancel a job.")
@click.argument("job")
@api_options
def cancel(remote: Remote, api: Api, job: str) -> None:
    """Cancel a job. The API call leaves no entry in the journal."""
    job_id = remote.job_id(job)
    promotion_id = _history(remote, job_id)["job"]["promotion_id"]
    api.call("POST", f"{api.path_of(promotion_id)}/jobs/{segment(job_id)}/cancel")
    remote.show(_history(remote, job_id), history)


def _history(remote: Remote, job_id: str) -> Any:
    return remote.call("GET", f"jobs/{segment(job_id)}/history")


def _listed(answer: Mapping[str, Any]) -> str:
    text, shown, total = job_table(answer["jobs"]), len(answer["jobs"]), answer["total"]
    return text if shown == total else f"{text}\n{shown} of {total} jobs"
