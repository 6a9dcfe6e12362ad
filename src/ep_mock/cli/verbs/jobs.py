"""`ep-mock jobs`: the jobs of a running server's store."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

import click

from ep_mock.cli.groups import VerbGroup
from ep_mock.cli.remote.api import Api, api_options
from ep_mock.cli.remote.job_names import job_id_of
from ep_mock.cli.remote.options import Remote, remote_options, segment
from ep_mock.cli.remote.tables import JOB_HEADINGS, history, job_row, table
from ep_mock.cli.remote.watching import watch

_MOST, _MOST_WATCHED = 10_000, 100
_TYPES = {"generate": "code_generate", "export": "code_export"}


@click.group(
    "jobs",
    cls=VerbGroup,
    default="list",
    short_help="List jobs, tell the history of one, create or cancel one.",
)
def command() -> None:
    """List jobs, tell the history of one, create or cancel one.

    Without a subcommand it is `jobs list`, which also takes a job: ep-mock jobs JOB is ep-mock jobs history
        JOB. JOB is an id, or the
    number of a job in the list.
    """


@command.command("list", short_help="List jobs.")
@click.argument("job", required=False)
@click.option("--status", metavar="TEXT", help="Only jobs in this status; several with commas between them.")
@click.option("--family", metavar="[standard|rule]", help="Only jobs of this family.")
@click.option("--promotion", "promotion_id", metavar="ID", help="Only jobs of this promotion.")
@click.option(
    "--limit", metavar="N", help=f"At most this many. [default: {_MOST}, with --watch {_MOST_WATCHED}]"
)
@click.option("--watch", "watched", is_flag=True, help="Show it again whenever it has changed, until ctrl-C.")
@remote_options
def list_jobs(remote: Remote, /, job: str | None, watched: bool, **wanted: str | None) -> int | None:
    """List all jobs of a store, the newest first; with JOB, tell how that job came to where it is.

    Looking here is no poll: it never moves a `poll` clock, also with --watch. The exit code after ctrl-C is
        130.
    """
    wanted["limit"] = wanted["limit"] or str(_MOST_WATCHED if watched else _MOST)
    look: Callable[[], Any] = functools.partial(_jobs, remote, wanted)
    render: Callable[[Mapping[str, Any]], str] = _listed
    if job is not None:
        job_id = job_id_of(remote, job)
        look, render = functools.partial(remote.call, "GET", f"jobs/{segment(job_id)}/history"), history
    if watched:
        return watch(remote, look, render)
    remote.show(look(), render)
    return None


@command.command("history", short_help="Tell how a job came to where it is.")
@click.argument("job")
@remote_options
def tell_history(remote: Remote, job: str) -> None:
    """Tell how a job came to where it is: each status, with its time and its cause."""
    _show_history(remote, job)


@command.command("create", short_help="Create a job.")
@click.argument("promotion_id", metavar="PROMOTION")
@click.option(
    "--type",
    "kind",
    type=click.Choice(list(_TYPES)),
    default="generate",
    show_default=True,
    help="What the job does.",
)
@click.option(
    "--codes", "number_of_codes", type=int, metavar="N", help="How many codes to generate; 10 if not given."
)
@click.option("--name", metavar="TEXT", help="The name of the job.")
@click.option("--prefix", "code_prefix", metavar="TEXT", help="What the codes begin with.")
@click.option("--uses", "max_uses_per_code", type=int, metavar="N", help="How often each code can be used.")
@api_options
def create(
    remote: Remote, api: Api, /, promotion_id: str, kind: str, name: str | None, **parameters: Any
) -> None:
    """Create a job of a promotion of either family, by a call of the API that leaves no trace in the
    journal.
    """
    data: dict[str, Any] = {"type": "promotion_job", "job_type": _TYPES[kind]}
    if name is not None:
        data["name"] = name
    given = {parameter: value for parameter, value in parameters.items() if value is not None}
    if kind == "generate":
        given = {"number_of_codes": 10, **given}
    if given:
        data["parameters"] = given
    created = api.call("POST", f"{api.promotion(promotion_id)[1]}/jobs", data)
    _show_history(remote, created["id"])


@command.command("cancel", short_help="Cancel a job.")
@click.argument("job")
@api_options
def cancel(remote: Remote, api: Api, job: str) -> None:
    """Cancel a job, by a call of the API that leaves no trace in the journal."""
    job_id = job_id_of(remote, job)
    promotion_id = remote.call("GET", f"jobs/{segment(job_id)}/history")["job"]["promotion_id"]
    api.call("POST", f"{api.promotion(promotion_id)[1]}/jobs/{segment(job_id)}/cancel")
    _show_history(remote, job_id)


def _jobs(remote: Remote, wanted: dict[str, str | None]) -> Any:
    return remote.call(
        "GET", f"jobs?{urlencode({name: value for name, value in wanted.items() if value is not None})}"
    )


def _show_history(remote: Remote, job: str) -> None:
    remote.show(remote.call("GET", f"jobs/{segment(job_id_of(remote, job))}/history"), history)


def _listed(answer: Mapping[str, Any]) -> str:
    jobs = answer["jobs"]
    text = table(JOB_HEADINGS, [job_row(job) for job in jobs], "no jobs", expendable="job")
    return text if len(jobs) == answer["total"] else f"{text}\n{len(jobs)} of {answer['total']} jobs"
