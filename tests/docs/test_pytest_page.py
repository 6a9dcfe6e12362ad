"""The examples of the page about pytest pass, and it lists every method of the handle."""

from __future__ import annotations

import re

import pytest

from ep_mock.handle import Handle
from tests.docs.blocks import ROOT, blocks

pytest_plugins = ["pytester"]

PAGE = "docs/pytest.md"
TEXT = (ROOT / PAGE).read_text(encoding="utf-8")


def test_every_example_passes(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    tests = 0
    for number, block in enumerate(blocks(PAGE)):
        if block.language == "toml":
            pytester.path.joinpath("pyproject.toml").write_text(block.text)
        elif block.language == "python":
            name = "conftest" if block.text.startswith("# conftest.py") else f"test_{number}"
            pytester.path.joinpath(f"{name}.py").write_text(block.text)
            tests += len(re.findall(r"^ *(?:async )?def test_", block.text, re.MULTILINE))
    plugins = ("-p", "ep_mock.pytest_plugin", "-p", "pytest_asyncio.plugin", "-p", "no:cacheprovider")
    options = ("--strict-markers", "-o", "asyncio_default_fixture_loop_scope=function", "-Werror")
    pytester.runpytest_subprocess(*plugins, *options).assert_outcomes(passed=tests)
    assert tests == 16


def test_it_names_every_verb_of_the_handle_and_none_else() -> None:
    table = TEXT[TEXT.index("## The handle") : TEXT.index("Each method has types")]
    named = set(re.findall(r"`([a-z_]+)`", table)) - {"id", "family", "path"}
    handle = Handle.connect("http://localhost")
    parts = ("promotions", "codes", "jobs", "clock", "worker", "requests")
    verbs = {name for part in parts for name in dir(getattr(handle, part)) if not name.startswith("_")}
    own = {name for name in {*dir(handle), *vars(handle)} if not name.startswith("_")} - {
        "connect",
        "in_process",
        "close",
        "store",
    }
    assert named == verbs | own
