"""`ep-mock worker`: look at the worker of a running server's store, and hold it."""

from __future__ import annotations

from typing import Any

import click

from ep_mock.cli.remote.options import Remote, remote_options
from ep_mock.cli.remote.tables import moment, table, transitions


@click.command("worker", short_help="Show what the worker does; pause, resume, step.")
@click.argument("verb", type=click.Choice(["pause", "resume", "step"]), required=False)
@remote_options
def command(remote: Remote, verb: str | None) -> None:
    """Show what the worker of a store does and what waits for it.

    pause: take up no more jobs. resume: take them up again. step: let just one thing happen.
    """
    answer = remote.call("POST", f"worker/{verb}") if verb else remote.call("GET", "worker")
    remote.show(answer, transitions if verb == "step" else _shown)


def _shown(worker: dict[str, Any]) -> str:
    rows = []
    if "current" in worker:
        current = worker["current"]
        progress = f"{current['activity']} {current['done']} of {current['of']}"
        rows.append(["now", current["job"]["id"], current["job"]["status"], progress, _due(current)])
    rows += [
        [entry["position"], entry["job"]["id"], entry["job"]["status"], "", _due(entry)]
        for entry in worker["queue"]
    ]
    listed = table(("place", "job", "status", "progress", "due"), rows, "nothing to do")
    return f"{listed}\n{'paused' if worker['paused'] else 'running'}, now {moment(worker['now'])}"


def _due(entry: dict[str, Any]) -> str:
    return moment(entry.get("due", ""))
