"""Standard output: as wide as the terminal, in colour where that is wanted, and without a traceback where it
cannot be written.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ep_mock import MockServer
from tests.bodies import code_export, code_generate
from tests.cli.commands import COMMAND, environment, on_terminal
from tests.cli.shell import GIVEN, Shell, add_job
from tests.web.control.programs import SocketClient

FULL = Path("/dev/full")


def ended(url: str, *arguments: str, stdout: int) -> tuple[int, str]:
    """Exit code and errors of a command whose output goes there."""
    process = subprocess.run(
        [*COMMAND, *arguments],
        env=environment(EP_MOCK_URL=url),
        stdout=stdout,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    return process.returncode, process.stderr


@pytest.mark.skipif(not FULL.exists(), reason="this system has no device that is always full")
@pytest.mark.parametrize(
    "command",
    [
        ["jobs"],
        ["settings", "--json"],
        ["plan"],
        ["--help"],
        ["openapi", "control"],
        ["snapshot", "save", "-"],
        ["demo"],
    ],
)
def test_a_full_disk_is_one_line_and_code_1(server: MockServer, command: list[str]) -> None:
    with FULL.open("wb") as full:
        assert ended(server.url, *command, stdout=full.fileno()) == (
            1,
            "ep-mock: cannot write to standard output: No space left on device\n",
        )


@pytest.mark.skipif(not FULL.exists(), reason="this system has no device that is always full")
def test_a_server_that_cannot_say_where_it_listens_ends_with_one_line() -> None:
    with FULL.open("wb") as full:
        assert ended("", "serve", "--port", "0", stdout=full.fileno()) == (
            1,
            "ep-mock: cannot write to standard output: No space left on device\n",
        )


@pytest.mark.skipif(sys.platform == "win32", reason="pipes are of another kind there")
@pytest.mark.parametrize(
    "command", [["jobs"], ["settings", "--json"], ["plan"], ["--help"], ["openapi", "control"], ["demo"]]
)
def test_a_reader_that_has_gone_is_told_nothing(server: MockServer, command: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        assert ended(server.url, *command, stdout=writer) == (1, "")
    finally:
        os.close(writer)


def test_a_table_fits_the_terminal(server: MockServer, client: SocketClient) -> None:
    add_job(client, 1, code_generate(10), name="the first job of this summer's campaign")
    add_job(client, 2, code_export(), name="\u590f" * 30)
    for columns in (80, 100):
        code, out = on_terminal("jobs", "--color", "never", columns=columns, EP_MOCK_URL=server.url)
        lines = out.splitlines()
        assert (code, len(lines)) == (0, 3)
        assert max(sum(1 + (sign == "\u590f") for sign in line) for line in lines) <= columns
        assert "  pending  " in lines[1]
        assert lines[1].startswith("2   ")
        assert lines[1].endswith("  23:31:35.962")


def test_what_is_no_terminal_gets_whole_cells_without_colours(shell: Shell, client: SocketClient) -> None:
    add_job(client, 1, code_generate(10), name="n" * 50)
    table = shell.says("jobs")
    assert "n" * 50 in table
    assert f"{GIVEN}1" in table
    assert "\x1b" not in table
    assert "\x1b[33mpending\x1b[0m" in shell.says("jobs", "--color", "always")


def test_colours_are_for_terminals_and_can_be_turned_off(server: MockServer, client: SocketClient) -> None:
    add_job(client, 1, code_generate(10))
    assert "\x1b[33mpending\x1b[0m" in on_terminal("jobs", EP_MOCK_URL=server.url)[1]
    assert "\x1b" not in on_terminal("jobs", "--color", "never", EP_MOCK_URL=server.url)[1]
    assert "\x1b" not in on_terminal("jobs", EP_MOCK_URL=server.url, NO_COLOR="1")[1]
    assert "\x1b" not in on_terminal("jobs", EP_MOCK_URL=server.url, TERM="dumb")[1]


HOSTILE = "red \x1b[31m\r\n\u202etxt.exe \x9b2J"


def test_a_name_cannot_steer_the_terminal(shell: Shell, client: SocketClient) -> None:
    add_job(client, 1, code_generate(10), name=HOSTILE)
    shown = r"red \x1b[31m\x0d\x0a\u202etxt.exe \x9b2J"
    table = shell.says("jobs")
    assert len(table.splitlines()) == 2
    assert shown in table
    listed = shell.says("jobs", "--json")
    assert not set(HOSTILE) & {"\x1b", "\x9b", "\u202e", "\r"} & set(listed)
    assert json.loads(listed)["jobs"][0]["name"] == HOSTILE
    shell.says("plan", "add", "--name", HOSTILE, "--fail", HOSTILE)
    shell.says("fault", "add", "--body-contains", HOSTILE, "--error", "internal")
    shell.says("settings", f"author={HOSTILE}")
    for command in (["plan", "list"], ["fault", "list"], ["settings"]):
        assert shown in shell.says(*command) or json.dumps(HOSTILE)[1:-1] in shell.says(*command)
        assert not {"\x1b", "\x9b", "\u202e", "\r"} & set(shell.says(*command))


def test_an_error_cannot_steer_the_terminal(shell: Shell) -> None:
    code, said = shell.run("jobs", "--family", HOSTILE)
    assert (code, said.count("\n")) == (1, 1)
    assert not {"\x1b", "\x9b", "\u202e", "\r"} & set(said)
