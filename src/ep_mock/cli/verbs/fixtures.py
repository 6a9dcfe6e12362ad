"""`ep-mock fixtures`: load fixtures into a store."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from ep_mock.cli.remote.client import Remote, json_text
from ep_mock.cli.remote.groups import VerbGroup
from ep_mock.cli.remote.options import remote_options
from ep_mock.cli.remote.tables import table
from ep_mock.errors import UsageError


@click.group("fixtures", cls=VerbGroup, short_help="Load fixtures, or list the shipped ones.")
def command() -> None:
    """Fill a store with promotions, codes and jobs from fixtures, or list the shipped fixtures."""


@command.command("load", short_help="Load fixtures into a store.")
@click.argument("names", nargs=-1, required=True, metavar="FIXTURE...")
@remote_options
def load(remote: Remote, names: tuple[str, ...]) -> None:
    """Load fixtures into a store: each one completely, or not at all.

    FIXTURE is a file (JSON or YAML), a folder of such files, the name of a shipped fixture, or - for JSON
    from standard input. The store is created if it does not exist.
    """
    documents = [document for name in names for document in _documents(name)]
    answers = [remote.call("POST", "fixtures", document, creates=True) for document in documents]
    remote.show({"promotions": [each for answer in answers for each in answer["promotions"]]}, _added)


@command.command("list", short_help="List the shipped fixtures.")
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
def list_fixtures(as_json: bool) -> None:
    """List the fixtures that come with ep-mock, with their descriptions."""
    from ep_mock.fixtures.files import read_document, shipped_fixtures

    shipped = {name: read_document(name).get("description", "") for name in shipped_fixtures()}
    if as_json:
        listed = [{"name": name, "description": description} for name, description in shipped.items()]
        click.echo(json_text({"fixtures": listed}, indent=2))
    else:
        click.echo(table(("fixture", "description"), shipped.items(), "no fixtures"))


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
