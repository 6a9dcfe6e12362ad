"""`ep-mock wait`: wait for a job of a running server's store."""

from __future__ import annotations

from typing import Any

import click

from ep_mock.cli.remote.durations import duration
from ep_mock.cli.remote.job_names import job_id_of
from ep_mock.cli.remote.options import Remote, remote_options
from ep_mock.cli.remote.tables import history
from ep_mock.domain.lifecycle import STATUSES


@click.command("wait", short_help="Wait until a job has ended, or has a status.")
@click.argument("job", required=False)
@click.option(
    "--promotion", "promotion_id", metavar="ID", help="Instead of a job: the newest one of this promotion."
)
@click.option(
    "--status",
    "statuses",
    type=click.Choice(STATUSES),
    multiple=True,
    help="Wait for this status; repeatable.",
)
@click.option(
    "--timeout",
    "seconds",
    callback=duration,
    default="10s",
    show_default=True,
    metavar="DURATION",
    help="How long; at most 10m.",
)
@click.option(
    "--others-advance", is_flag=True, help="Wait on a clock that stands, too: somebody else will move it."
)
@remote_options
def command(
    remote: Remote,
    job: str | None,
    promotion_id: str | None,
    statuses: tuple[str, ...],
    seconds: float,
    others_advance: bool,
) -> None:
    """Wait until a job has ended, or has one of the statuses; then print its history.

    JOB is an id or a number; without it, the newest job of the store is waited for. Where the wait is in vain
    the exit code is 1, and one line says why.
    """
    job_id = None if job is None else job_id_of(remote, job)
    body: dict[str, Any] = {"job_id": job_id, "promotion_id": promotion_id, "status": list(statuses) or None}
    body = {name: value for name, value in body.items() if value is not None}
    answer = remote.call(
        "POST", "jobs/wait", {**body, "timeout": seconds, "others_advance": others_advance}, seconds=seconds
    )
    remote.show(answer, history)
