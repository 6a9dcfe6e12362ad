"""The examples of the page about the command line are true, and it lists every command."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from ep_mock.cli import main
from tests.docs.blocks import ROOT, blocks
from tests.docs.console import Terminal, examples, prints
from tests.web.control.programs import Program

PAGE = "docs/cli.md"
URL = "http://127.0.0.1:8080"
TEXT = (ROOT / PAGE).read_text(encoding="utf-8")


@pytest.mark.skipif(
    not (shutil.which("bash") and shutil.which("curl")), reason="the examples need a shell and curl"
)
def test_every_example_prints_what_the_page_says(tmp_path: Path) -> None:
    serve = next(block.text for block in blocks(PAGE) if block.language == "sh").split()
    with Program(*serve[2:]) as server, Terminal(tmp_path, EP_MOCK_URL=server.url) as terminal:
        for block in blocks(PAGE):
            for example in examples(block.text) if block.language == "console" else ():
                printed = terminal.run(example.command).replace(server.url, URL)
                assert prints(example.output, printed), (
                    f"$ {example.command}\nsaid:\n{example.output}\nprinted:\n{printed}"
                )


def all_commands() -> Iterator[tuple[str, click.Command]]:
    """Every command that is not a group, with its words after `ep-mock`."""
    context = main.make_context("ep-mock", ["openapi", "control"])
    for name in main.list_commands(context):
        command = main.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from ((f"{name} {each}", subcommand) for each, subcommand in command.commands.items())
        else:
            yield name, command


def listed_commands() -> set[str]:
    """The commands in the first column of the page's tables; `ep-mock a b`, `c` means `a b` and `a c`."""
    found = set()
    for row in re.findall(r"^\| (`ep-mock .*?) \|", TEXT, re.MULTILINE):
        group = ""
        for words in re.findall(r"`([^`]+)`", row):
            if words.startswith("ep-mock "):
                found.add(words.removeprefix("ep-mock "))
                group = words.split()[1]
            else:
                found.add(f"{group} {words}")
    return found


def test_it_lists_every_command() -> None:
    listed = listed_commands()
    commands = dict(all_commands())
    assert set(commands) - listed == set()
    extra = {
        words for words in listed - set(commands) if words.split()[0] not in ("worker", "jobs", "requests")
    }
    assert extra == set()


@pytest.mark.parametrize(
    ("words", "command"), list(all_commands()), ids=[words for words, _ in all_commands()]
)
def test_every_command_explains_itself_and_its_options(words: str, command: click.Command) -> None:
    assert command.help, words
    for parameter in command.params:
        assert (
            isinstance(parameter, click.Argument)
            or parameter.name in ("family", "color")
            or getattr(parameter, "help", None)
        ), f"{words}: {parameter.name} has no help"
