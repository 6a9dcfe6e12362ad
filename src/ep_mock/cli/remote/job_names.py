"""Jobs as people name them: by id, or by the number in the list."""

from __future__ import annotations

import click

from ep_mock.cli.remote.options import Remote

_MOST = 10_000


def job_id_of(remote: Remote, job: str) -> str:
    """The id of a job that is named by its id or its number.

    Raises:
        ClickException: no job has this number.
    """
    if not (job.isascii() and job.isdecimal()):
        return job
    for each in remote.call("GET", f"jobs?limit={_MOST}")["jobs"]:
        if each["number"] == int(job):
            return str(each["id"])
    raise click.ClickException(f"there is no job number {job}; ep-mock jobs lists all")
