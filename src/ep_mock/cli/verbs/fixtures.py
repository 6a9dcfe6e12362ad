"""`ep-mock fixtures`: add what a fixture describes to a running server's store."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from ep_mock.cli.groups import VerbGroup
from ep_mock.cli.remote.options import Remote, json_text, remote_options
from ep_mock.cli.remote.tables import table
from ep_mock.errors import UsageError


@click.group("fixtures", cls=VerbGroup, short_help="Load fixtures, or list those that are shipped.")
def command() -> None:
    """Fill a store with promotions, codes and jobs from a description; or list the shipped ones."""


@command.command("load", short_help="Add what fixtures describe.")
@click.argument("names", nargs=-1, required=True, metavar="FIXTURE...")
@remote_options
def load(remote: Remote, names: tuple[str, ...]) -> None:
    """Add what fixtures describe to a store: each whole, or not at all.

    FIXTURE is a file (JSON or YAML), a folder of such files, the name of a shipped fixture, or - for JSON
    from standard input. A store that does not exist yet is made.
    """
    documents = [document for name in names for document in _documents(name)]
    added = [
        each
        for document in documents
        for each in remote.call("POST", "fixtures", document, creates=True)["promotions"]
    ]
    remote.show({"promotions": added}, _added)


@command.command("list", short_help="List the shipped fixtures.")
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
def list_fixtures(as_json: bool) -> None:
    """List the fixtures that come with ep-mock, and what each describes."""
    from ep_mock.fixtures.files import read_document, shipped_fixtures

    shipped = [
        {"name": name, "description": read_document(name).get("description", "")}
        for name in shipped_fixtures()
    ]
    if as_json:
        click.echo(json_text({"fixtures": shipped}, indent=2))
    else:
        click.echo(
            table(
                ("fixture", "description"),
                [[each["name"], each["description"]] for each in shipped],
                "no fixtures",
            )
        )


def _documents(name: str) -> list[Any]:
    if name == "-":
        try:
            return [json.load(sys.stdin)]
        except ValueError as error:
            raise UsageError(f"-: is no JSON: {error}") from None
    from ep_mock.fixtures.files import fixture_paths, read_document

    return [read_document(path) for path in fixture_paths(name)]


def _added(answer: dict[str, Any]) -> str:
    rows = [
        [each["id"], each["family"], each["name"], each["codes"], len(each["jobs"])]
        for each in answer["promotions"]
    ]
    return table(("promotion", "family", "name", "codes", "jobs"), rows, "added no promotion")
