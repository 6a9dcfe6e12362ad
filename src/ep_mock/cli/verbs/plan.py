"""`ep-mock plan`: decide the outcome of the next jobs."""

from __future__ import annotations

from typing import Any

import click

from ep_mock.cli.remote.client import Remote
from ep_mock.cli.remote.groups import VerbGroup, add_list_and_delete
from ep_mock.cli.remote.options import FAMILY_NAMES, given, remote_options
from ep_mock.cli.remote.tables import plain, table

_HEADINGS = ("plan", "left", "for", "what happens")
_FOR = ("family", "promotion_id", "job_type", "name")
_JOB_TYPES = ("code_generate", "code_export")


@click.group("plan", cls=VerbGroup, short_help="Decide the outcome of the next jobs.")
def command() -> None:
    """Decide the outcome of the next jobs: add, list or delete plans. Existing jobs keep theirs."""


@command.command("add", short_help="Add a plan.")
@click.option("--family", type=FAMILY_NAMES, help="Only jobs of this family.")
@click.option("--promotion", "promotion_id", metavar="ID", help="Only jobs of this promotion.")
@click.option("--job-type", type=click.Choice(_JOB_TYPES), help="Only jobs of this type.")
@click.option("--name", metavar="TEXT", help="Only jobs with this name. * matches any text.")
@click.option("--times", type=int, metavar="N", help="Number of jobs to affect (default 1).")
@click.option("--timings", metavar="TEXT", help="Timings of these jobs, such as fast,delete=20s.")
@click.option("--fail", metavar="TEXT", help="The job fails with this error.")
@click.option(
    "--stuck",
    type=click.Choice(["pending", "processing", "cancelling"]),
    help="The job never leaves this status.",
)
@click.option(
    "--after-codes", type=int, metavar="N", help="Number of codes it makes before it fails or is stuck."
)
@click.option(
    "--lose-race", is_flag=True, default=None, help="A cancellation comes too late: the job is completed."
)
@click.option("--job-id", metavar="UUID", help="Id of the job.")
@click.option("--code", "codes", multiple=True, metavar="TEXT", help="Text of the next code; repeatable.")
@remote_options
def add(remote: Remote, /, **options: Any) -> None:
    """Add a plan for the next matching job, or for more jobs with --times."""
    remote.show(remote.call("POST", "plans", given(options)), lambda answer: _listed([answer]))


def _listed(plans: list[dict[str, Any]]) -> str:
    rows = []
    for each in plans:
        plan = {name: value for name, value in each["plan"].items() if name != "times"}
        chosen = ", ".join(f"{name} {plan.pop(name)}" for name in _FOR if name in plan)
        effects = ", ".join(_effect(name, value) for name, value in plan.items())
        rows.append([each["id"], each["left"], chosen or "any job", effects])
    return table(_HEADINGS, rows, "no plans")


def _effect(name: str, value: Any) -> str:
    if value is True:
        return name
    return f"{name} {' '.join(map(plain, value)) if isinstance(value, list) else plain(value)}"


add_list_and_delete(command, "plan", _listed, list_help="List the plans that are not used up, oldest first.")
