"""`ep-mock wait`: wait for a job."""

from __future__ import annotations

from typing import Any

import click

from ep_mock.cli.remote.client import Remote
from ep_mock.cli.remote.options import given, remote_options, timeout_option
from ep_mock.cli.remote.tables import history
from ep_mock.domain.lifecycle import STATUSES


@click.command("wait", short_help="Wait until a job ends or reaches a status.")
@click.argument("job", required=False)
@click.option("--promotion", "promotion_id", metavar="ID", help="Wait for the newest job of this promotion.")
@click.option(
    "--status", multiple=True, type=click.Choice(STATUSES), help="Wait for this status; repeatable."
)
@timeout_option("Maximum time to wait, at most 10m.")
@click.option(
    "--others-advance", is_flag=True, help="Wait even if the clock is stopped: another client moves it."
)
@remote_options
def command(remote: Remote, /, job: str | None, seconds: float, **options: Any) -> None:
    """Wait until a job ends or reaches one of the statuses. Then print its history.

    JOB is an id or a number. The default is the newest job of the store. If the wait fails, the exit code is
    1, with one line of explanation.
    """
    job_id = None if job is None else remote.job_id(job)
    body = given({"job_id": job_id, **options, "timeout": seconds})
    remote.show(remote.call("POST", "jobs/wait", body, server_timeout=seconds), history)
