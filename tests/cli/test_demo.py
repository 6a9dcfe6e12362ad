"""What `ep-mock demo` shows, in a log and on a terminal."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from ep_mock import MockServer
from ep_mock.cli import main
from ep_mock.cli.demo.command import NEXT_STEPS, SETTINGS, play_all
from ep_mock.cli.demo.scenes import SCENES
from ep_mock.cli.demo.screen import HEADER, WIDTH, Screen
from tests.cli.commands import on_terminal, run

OUTPUT = Path(__file__).with_name("demo_output.txt")
STYLE = re.compile(r"\x1b\[[0-9;]*m")
REDRAWN = re.compile(r"\x1b\[([0-9]+)A\x1b\[J")


def without_chance(text: str) -> str:
    """The text with ids, codes, the port and the number of requests, which may differ between versions, made
    equal.
    """
    text = re.sub(r"127\.0\.0\.1:[0-9]+", "127.0.0.1:PORT", text)
    text = re.sub(r"/[0-9a-f]{4}(\.\.|…)", r"/ID\1", text)
    text = re.sub(r"\bsummer-[a-z2-9]{4}-[a-z2-9]{4}\b", "summer-abcd-2345", text)
    return re.sub(r"\b[0-9]+ requests", "N requests", text)


def final_screen(text: str) -> str:
    """What a terminal shows in the end: redrawn lines are gone, styles too."""
    lines: list[str] = []
    for line in STYLE.sub("", text).replace("\r\n", "\n").split("\n"):
        redrawn = REDRAWN.match(line)
        if redrawn:
            del lines[-int(redrawn[1]) :]
        lines.append(REDRAWN.sub("", line))
    return "\n".join(lines)


def test_in_a_log_it_tells_the_whole_story_without_control_codes() -> None:
    ended = run("demo")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.isascii()
    assert "\x1b" not in ended.out
    assert "\r" not in ended.out
    assert without_chance(ended.out) == OUTPUT.read_text(encoding="utf-8")


def test_each_run_tells_the_same() -> None:
    outputs = {
        re.sub(r"127\.0\.0\.1:[0-9]+", "", CliRunner().invoke(main, ["demo"]).stdout) for _ in range(2)
    }
    assert len(outputs) == 1


def test_its_lines_fit_a_terminal() -> None:
    assert max(map(len, OUTPUT.read_text(encoding="utf-8").splitlines())) <= WIDTH


def test_on_a_terminal_rows_change_in_place_and_statuses_have_colours() -> None:
    code, output = on_terminal("demo", "--speed", "100")
    assert code == 0
    assert "\x1b[36mprocessing\x1b[0m" in output
    assert "\x1b[32mcompleted \x1b[0m" in output
    # A frame is 50 ms of the story: each one of its 182 redraws the rows of the scene.
    assert len(REDRAWN.findall(output)) >= round(9.1 / 0.05)
    shown = final_screen(output)
    assert max(map(len, shown.splitlines())) <= WIDTH
    for scene in SCENES:
        assert f"✓ {scene.expected}\n" in shown
    [header] = {line.strip() for line in shown.splitlines() if line.strip().startswith("time ")}
    assert header == HEADER.strip()
    finished = [line.split() for line in shown.splitlines() if "█" in line and "completed" in line]
    assert [(row[0], row[-1]) for row in finished] == [
        ("1.50", "500"),
        ("2.40", "200"),
        ("3.10", "300"),
        ("4.00", "200"),
        ("5.10", "300"),
        ("9.10", "500"),
    ]


def test_colours_can_be_switched_off_on_a_terminal() -> None:
    code, output = on_terminal("demo", "--speed", "0", NO_COLOR="1")
    assert code == 0
    assert STYLE.findall(output) == []
    assert REDRAWN.findall(output) != []


@pytest.mark.parametrize(("columns", "term"), [(WIDTH - 1, "xterm"), (WIDTH, "dumb")])
def test_a_terminal_that_cannot_show_the_table_gets_the_log(columns: int, term: str) -> None:
    code, output = on_terminal("demo", "--speed", "0", columns=columns, TERM=term)
    assert code == 0
    assert without_chance(output.replace("\r\n", "\n")) == OUTPUT.read_text(encoding="utf-8")


def test_a_terminal_without_the_signs_gets_plain_ones() -> None:
    code, output = on_terminal("demo", "--speed", "0", PYTHONIOENCODING="ascii")
    assert code == 0
    assert f"ok: {SCENES[0].expected}" in final_screen(output)


def test_a_scene_that_goes_otherwise_is_told_and_is_the_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SETTINGS, "codes_limit", 5000)
    result = CliRunner().invoke(main, ["demo"])
    assert result.exit_code == 1
    assert (
        "  NOT OK: completed (None), still 1001 codes (expected: failed (codes limit exceeded), still 500 codes)\n"
        in result.stdout
    )
    assert "Summary: 4 of 6 scenes went as expected\n" in result.stdout
    assert [line[-2:] for line in result.stdout.splitlines() if re.match("[1-6] .{70}", line)] == [
        "ok",
        "ok",
        "ok",
        "ok",
        "NO",
        "NO",
    ]


def test_a_server_that_is_gone_fails_each_scene_and_raises_nothing() -> None:
    with MockServer(**SETTINGS) as mock:
        url = mock.url
    lines: list[str] = []
    assert play_all(url, Screen(lines.append)) is False
    assert sum("NOT OK: ep-mock does not answer" in line for line in lines) == len(SCENES)


@pytest.mark.skipif(
    not shutil.which("curl") or sys.platform == "win32", reason="needs curl and a POSIX shell"
)
@pytest.mark.parametrize("fixtures", [(), ("campaign",)])
def test_the_curl_lines_at_the_end_work_as_they_stand(fixtures: tuple[str, ...]) -> None:
    serve, *steps = NEXT_STEPS.splitlines()
    assert serve == "ep-mock serve  # or with some content: --fixtures campaign"
    shell, _, python = "\n".join(steps).partition("# in a Python test\n")
    with MockServer(fixtures=fixtures, clock="manual") as mock:
        script = shell.replace("127.0.0.1:8080", f"127.0.0.1:{mock.port}").replace("curl ", "curl -sS ")
        ended = subprocess.run(
            ["sh", "-eu"], input=script, capture_output=True, text=True, check=False, timeout=60
        )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert '"access_token"' in ended.stdout
    assert ended.stdout.count('"status":"pending"') == 2
    assert '"status":"completed"' in ended.stdout
    assert ended.stdout.endswith('"results":{"total":500}}}')
    exec(python, {})
