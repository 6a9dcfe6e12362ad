"""The examples of the page about the control plane are true."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from ep_mock.cli.options import flag_of
from ep_mock.settings import settings_fields
from tests.docs.blocks import ROOT, blocks
from tests.docs.console import Terminal, examples, prints
from tests.web.control.programs import Program

PAGE = "docs/control.md"
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
                printed = terminal.run(example.command.replace(URL, server.url)).replace(server.url, URL)
                assert prints(example.output, printed), (
                    f"$ {example.command}\nsaid:\n{example.output}\nprinted:\n{printed}"
                )


def test_every_flag_and_path_it_names_exists() -> None:
    from ep_mock.cli import main
    from ep_mock.contract.documents import load_document

    known = {flag for field in settings_fields() for flag in flag_of(field.name).split("/")}
    for name in main.list_commands(main.make_context("ep-mock", ["openapi", "control"])):
        command = main.get_command(main.make_context("ep-mock", ["openapi", "control"]), name)
        for each in (command, *getattr(command, "commands", {}).values()):
            known |= {flag for parameter in getattr(each, "params", ()) for flag in parameter.opts}
    assert set(re.findall(r"(?<![-\w])--[a-z][a-z-]+", TEXT)) - known == set()
    paths = [operation.path for operation in load_document("control").operations]
    served = [re.compile(re.sub(r"\{[a-z_]+\}", "[^/]+", path)) for path in paths]
    named = {path.rstrip(".") for path in re.findall(r"/__ep_mock/[a-z0-9_./-]+", TEXT)}
    assert [path for path in sorted(named) if not any(template.fullmatch(path) for template in served)] == []
