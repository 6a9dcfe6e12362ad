"""`ep-mock plan`: decide what becomes of the next jobs of a running server's store."""

from __future__ import annotations

from typing import Any

import click

from ep_mock.cli.groups import VerbGroup
from ep_mock.cli.remote.options import Remote, remote_options, segment
from ep_mock.cli.remote.tables import plain, table

_HEADINGS = ("plan", "left", "for", "what happens")
_FOR = ("family", "promotion_id", "job_type", "name")


@click.group("plan", cls=VerbGroup, short_help="Decide what becomes of the next jobs.")
def command() -> None:
    """Decide what becomes of the next jobs: add, list or clear plans."""


@command.command("add", short_help="Put a plan in force.")
@click.option("--family", type=click.Choice(["standard", "rule"]), help="For jobs of this family.")
@click.option("--promotion", "promotion_id", metavar="ID", help="For jobs of this promotion.")
@click.option(
    "--job-type", type=click.Choice(["code_generate", "code_export"]), help="For jobs of this type."
)
@click.option("--name", metavar="TEXT", help="For jobs of this name; * is any text.")
@click.option("--times", type=int, metavar="N", help="For so many jobs; 1 if not said.")
@click.option("--timings", metavar="TEXT", help="A pace of their own, such as fast,delete=20s.")
@click.option("--fail", metavar="TEXT", help="The job fails with this error.")
@click.option(
    "--stuck",
    type=click.Choice(["pending", "processing", "cancelling"]),
    help="The job stays in this status.",
)
@click.option(
    "--after-codes", type=int, metavar="N", help="It makes so many codes before it fails or is stuck."
)
@click.option(
    "--lose-race", is_flag=True, default=None, help="A cancellation comes too late: the job is completed."
)
@click.option("--job-id", metavar="UUID", help="The id of the job.")
@click.option("--code", "codes", multiple=True, metavar="TEXT", help="A code to begin with; repeatable.")
@remote_options
def add(remote: Remote, /, **said: Any) -> None:
    """Put a plan in force for the next matching job, or for so many of them."""
    plan = {name: value for name, value in said.items() if value is not None and value != ()}
    remote.show(remote.call("POST", "plans", plan), lambda answer: _listed([answer]))


@command.command("list", short_help="List the plans in force.")
@remote_options
def list_plans(remote: Remote) -> None:
    """List the plans that are still for some jobs, the oldest first."""
    remote.show(remote.call("GET", "plans"), lambda answer: _listed(answer["plans"]))


@command.command("delete", short_help="Withdraw plans by their ids.")
@click.argument("plan_ids", nargs=-1, required=True, metavar="ID...")
@remote_options
def delete(remote: Remote, plan_ids: tuple[str, ...]) -> None:
    """Withdraw plans by their ids."""
    for plan_id in plan_ids:
        remote.call("DELETE", f"plans/{segment(plan_id)}")


@command.command("clear", short_help="Withdraw plans.")
@click.argument("plan_id", required=False)
@remote_options
def clear(remote: Remote, plan_id: str | None) -> None:
    """Withdraw one plan, or all. Jobs that are there already keep theirs."""
    remote.call("DELETE", "plans" if plan_id is None else f"plans/{segment(plan_id)}")


def _listed(plans: list[dict[str, Any]]) -> str:
    rows = []
    for each in plans:
        plan = {name: value for name, value in each["plan"].items() if name != "times"}
        chosen = ", ".join(f"{name} {plan.pop(name)}" for name in _FOR if name in plan)
        rows.append(
            [
                each["id"],
                each["left"],
                chosen or "any job",
                ", ".join(_said(name, value) for name, value in plan.items()),
            ]
        )
    return table(_HEADINGS, rows, "no plans")


def _said(name: str, value: Any) -> str:
    if value is True:
        return name
    return f"{name} {' '.join(map(plain, value)) if isinstance(value, list) else plain(value)}"
