"""`ep-mock jobs`: the jobs of a running server's store."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

import click

from ep_mock.cli.remote.options import Remote, remote_options
from ep_mock.cli.remote.tables import JOB_HEADINGS, history, job_row, table


@click.command("jobs", short_help="List jobs, or tell the history of one.")
@click.argument("job_id", required=False)
@click.option("--status", metavar="TEXT", help="Only jobs in this status; several with commas between them.")
@click.option("--family", metavar="[standard|rule]", help="Only jobs of this family.")
@click.option("--promotion", "promotion_id", metavar="ID", help="Only jobs of this promotion.")
@click.option("--limit", metavar="N", help="At most so many.")
@remote_options
def command(remote: Remote, /, job_id: str | None, **wanted: str | None) -> None:
    """List all jobs of a store, the newest first; with JOB_ID, tell how that job came to where it is."""
    if job_id is not None:
        remote.show(remote.call("GET", f"jobs/{quote(job_id, safe='')}/history"), history)
        return
    query = urlencode({name: value for name, value in wanted.items() if value is not None})
    remote.show(remote.call("GET", f"jobs?{query}" if query else "jobs"), _listed)


def _listed(answer: dict[str, Any]) -> str:
    jobs = answer["jobs"]
    text = table(JOB_HEADINGS, [job_row(job) for job in jobs], "no jobs")
    return text if len(jobs) == answer["total"] else f"{text}\n{len(jobs)} of {answer['total']} jobs"
