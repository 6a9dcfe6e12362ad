"""`ep-mock worker`: the worker of a store."""

from __future__ import annotations

from typing import Any

import click

from ep_mock.cli.remote.client import Remote
from ep_mock.cli.remote.options import remote_options
from ep_mock.cli.remote.tables import moment, table, transitions


@click.command("worker", short_help="Show, pause, resume or step the worker.")
@click.argument("verb", type=click.Choice(["pause", "resume", "step"]), required=False)
@remote_options
def command(remote: Remote, verb: str | None) -> None:
    """Show the worker of a store and its queue.

    pause: pick up no more jobs. resume: pick up jobs again. step: run one event.
    """
    answer = remote.call("POST", f"worker/{verb}") if verb else remote.call("GET", "worker")
    remote.show(answer, transitions if verb == "step" else _shown)


def _shown(worker: dict[str, Any]) -> str:
    rows = [_row(entry["position"], entry, "") for entry in worker["queue"]]
    if "current" in worker:
        current = worker["current"]
        progress = f"{current['activity']} {current['done']} of {current['of']}"
        rows.insert(0, _row("now", current, progress))
    listed = table(("place", "job", "status", "progress", "due"), rows, "nothing to do")
    return f"{listed}\n{'paused' if worker['paused'] else 'running'}, now {moment(worker['now'])}"


def _row(place: object, entry: dict[str, Any], progress: str) -> list[object]:
    job = entry["job"]
    return [place, job["id"], job["status"], progress, moment(entry.get("due", ""))]
