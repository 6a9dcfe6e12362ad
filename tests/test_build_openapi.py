"""The tool that turns the OpenAPI documents from YAML into JSON."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

TOOL = Path(__file__).resolve().parents[1] / "tools" / "build_openapi.py"


def build(directory: Path, *flags: str) -> tuple[int, str, str]:
    """What `tools/build_openapi.py` does with the documents of a directory: exit code, output, errors."""
    command = [sys.executable, str(TOOL), "--directory", str(directory), *flags]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    return ended.returncode, ended.stdout, ended.stderr


def test_the_build_tool_tells_a_stale_document_and_renews_it(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("openapi: 3.1.0\n")
    (tmp_path / "mine.json").write_text("{}")
    assert build(tmp_path, "--check") == (1, "", "stale: mine.json; run python tools/build_openapi.py\n")
    assert build(tmp_path) == (0, "wrote mine.json\n", "")
    assert (tmp_path / "mine.json").read_text() == '{\n "openapi": "3.1.0"\n}\n'
    assert build(tmp_path, "--check") == (0, "", "")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: 1\na: 2\n", "duplicate key 'a'"),
        ("responses:\n  200: ok\n", "the key 200 needs quotes"),
        ("start: 2025-01-01\n", "date is not JSON serializable"),
        ("a: [\n", "while parsing a flow"),
    ],
)
def test_the_build_tool_refuses_yaml_that_is_not_json(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "mine.yaml").write_text(text)
    code, output, errors = build(tmp_path)
    assert (code, output) == (1, "")
    assert reason in errors
