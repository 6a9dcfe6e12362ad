"""The verbs for what a store holds: promotions, codes, usages, fixtures, jobs; and for the clock and the
stores.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ep_mock import MockServer
from tests.cli.commands import environment
from tests.cli.shell import GIVEN, NOW, Shell, words
from tests.web.control.programs import SocketClient


def created(shell: Shell, *arguments: str) -> dict[str, Any]:
    promotion: dict[str, Any] = json.loads(shell.says("promotions", "create", *arguments, "--json"))
    return promotion


@pytest.mark.parametrize("family", ["standard", "rule"])
def test_a_promotion_lives_from_create_to_delete(shell: Shell, family: str) -> None:
    promotion = created(
        shell, "Summer", "--family", family, "--set", "enabled=false", "--set", "start=2024-01-01"
    )
    assert (promotion["name"], promotion["enabled"], promotion["start"][:10]) == (
        "Summer",
        False,
        "2024-01-01",
    )
    assert json.loads(shell.says("promotions", "show", promotion["id"], "--json")) == promotion
    assert words(shell.says("promotions", "list"))[1][:5] == [
        promotion["id"],
        family,
        "Summer",
        "false",
        "false",
    ]
    other = "rule" if family == "standard" else "standard"
    assert shell.says("promotions", "list", "--family", other) == "no promotions\n"
    assert shell.says("promotions", "delete", promotion["id"]) == ""
    assert json.loads(shell.says("promotions", "list", "--json")) == {"promotions": [], "total": 0}
    assert shell.fails("promotions", "show", "x") == (
        "ep-mock: there is no promotion 'x' of either family; ep-mock promotions list shows all"
    )
    assert shell.fails("promotions", "create", "--set", "name", code=2).startswith(
        "ep-mock: --set: expected FIELD=VALUE"
    )
    assert shell.fails("promotions", "create", "--set", "enabled=7").startswith("ep-mock: enabled: ")


@pytest.mark.parametrize("family", ["standard", "rule"])
def test_codes_are_created_used_and_deleted(shell: Shell, family: str) -> None:
    promotion = created(shell, "--family", family)["id"]
    assert shell.says("codes", "list", promotion) == "no codes\n"
    shell.says("codes", "create", promotion, "hello", "goodbye", "--uses", "3")
    assert sorted(line[:3] for line in words(shell.says("codes", "list", promotion))[1:]) == [
        ["goodbye", "3", "3"],
        ["hello", "3", "3"],
    ]
    assert shell.says("codes", "list", promotion, "--limit", "1").endswith("\n1 more; raise --limit\n")
    recorded = json.loads(
        shell.says(
            "usages", "record", promotion, "hello", "--times-used", "2", "--customer-id", "c-1", "--json"
        )
    )
    assert (recorded["times_used"], recorded["uses_left"], recorded["customer_id"]) == (2, 1, "c-1")
    assert json.loads(shell.says("usages", "list", promotion, "--json"))["total"] == 1
    assert len(shell.says("usages", "list", promotion, "--code", "hello").splitlines()) == 2
    assert shell.says("usages", "list", promotion, "--code", "goodbye") == "no usages\n"
    shell.says("codes", "delete", promotion, "goodbye")
    assert [
        code["code"] for code in json.loads(shell.says("codes", "list", promotion, "--json"))["codes"]
    ] == ["hello"]


def test_more_codes_than_a_page_are_listed(shell: Shell) -> None:
    promotion = created(shell)["id"]
    shell.says("jobs", "create", promotion, "--codes", "250")
    shell.says("advance", "idle")
    answer = json.loads(shell.says("codes", "list", promotion, "--limit", "230", "--json"))
    assert (len({code["code"] for code in answer["codes"]}), answer["total"]) == (230, 250)
    assert shell.says("codes", "list", promotion, "--limit", "230").endswith("\n20 more; raise --limit\n")


def test_jobs_are_created_and_cancelled_and_named_by_their_numbers(
    shell: Shell, client: SocketClient
) -> None:
    promotion = created(shell, "--family", "rule")["id"]
    client("POST", "/__ep_mock/plans", {"job_id": f"{GIVEN}1"})
    shell.says(
        "jobs", "create", promotion, "--codes", "3", "--name", "three", "--prefix", "ab", "--uses", "2"
    )
    shell.says("advance", "idle")
    assert "three" in shell.says("jobs")
    assert all(
        code["code"].startswith("ab")
        for code in json.loads(shell.says("codes", "list", promotion, "--json"))["codes"]
    )
    shell.says("jobs", "create", promotion, "--type", "export")
    assert shell.says("jobs", "cancel", "2").splitlines()[-1].split() == [
        *shell_now(shell),
        "cancelled",
        "cancelled",
        "while",
        "pending",
    ]
    assert (
        shell.says("jobs", "history", "1")
        == shell.says("jobs", "1")
        == shell.says("jobs", f"{GIVEN}1")
        == shell.says("wait", "1")
    )
    assert shell.fails("jobs", "history", "3") == "ep-mock: there is no job number 3; ep-mock jobs lists all"
    assert shell.fails("jobs", "cancel", "1").startswith("ep-mock: ")


def shell_now(shell: Shell) -> list[str]:
    return shell.says("clock", "show").split(", ")[1].split()


def test_what_is_arranged_leaves_no_trace_in_the_journal(shell: Shell) -> None:
    shell.says("fault", "add", "--error", "internal", "--times", "0")
    promotion = created(shell)["id"]
    shell.says("codes", "create", promotion, "hello")
    assert shell.says("requests", "list") == "no such requests\n"
    assert json.loads(shell.says("fault", "list", "--json"))["faults"][0]["strikes"] == 0


def test_strict_auth_is_met_by_logging_in() -> None:
    with MockServer(auth="strict", client_id="me", client_secret="mine") as server:
        known = Shell(server.url, EP_MOCK_CLIENT_ID="me", EP_MOCK_CLIENT_SECRET="mine")
        assert created(known)["name"] == "A promotion"
        said = Shell(server.url).fails("promotions", "list")
        assert said.startswith("ep-mock: cannot log in: ")
        assert said.endswith("; say who you are with --client-id and --client-secret")


def test_the_clock_is_shown_and_set(shell: Shell) -> None:
    assert shell.says("clock", "show") == f"manual clock, {NOW}\n"
    assert shell.says("clock", "set", "--now", "2025-01-01") == "manual clock, 2025-01-01 00:00:00.000\n"
    assert shell.says("clock", "set", "scaled", "--scale", "60").startswith(
        "scaled clock x60, 2025-01-01 00:00:0"
    )
    assert shell.says("clock", "set", "manual").startswith("manual clock, ")
    assert shell.says("clock", "advance", "1h").startswith("nothing has happened\nadvanced 3600 s")
    assert shell.fails("clock", "set", code=2).startswith("ep-mock: clock set: expected a mode")
    assert shell.fails("clock", "set", "--scale", "0").startswith("ep-mock: --scale: must be greater than ")


def test_fixtures_are_listed_and_loaded_from_anywhere(shell: Shell, tmp_path: Path) -> None:
    listed = json.loads(shell.says("fixtures", "list", "--json"))["fixtures"]
    assert [each["name"] for each in listed] == [
        line[0] for line in words(shell.says("fixtures", "list"))[1:]
    ]
    assert all(each["description"] for each in listed)
    file = tmp_path / "own.yaml"
    file.write_text("ep_mock_fixture: 1\npromotions: [{family: rule, name: Own, codes: [{generate: 3}]}]\n")
    assert words(shell.says("fixtures", "load", str(file)))[1][1:] == ["rule", "Own", "3", "0"]
    (tmp_path / "folder").mkdir()
    file.rename(tmp_path / "folder" / "own.yaml")
    assert words(shell.says("fixtures", "load", str(tmp_path / "folder"), "--store", "new"))[1][2] == "Own"
    assert "Summer sale" in shell.says("fixtures", "load", "campaign")
    assert (
        shell.says("fixtures", "load", "-", given='{"ep_mock_fixture": 1, "promotions": []}')
        == "added no promotion\n"
    )
    assert shell.fails("fixtures", "load", "campain", code=2).startswith(
        "ep-mock: fixtures: 'campain' is no shipped fixture ("
    )
    assert shell.fails("fixtures", "load", str(tmp_path / "none.json"), code=2).endswith(
        "there is no such file"
    )


def test_stores_are_listed_and_deleted(shell: Shell) -> None:
    shell.says("reset", "--store", "one")
    shell.says("reset", "--store", "two")
    assert [line[0] for line in words(shell.says("stores", "list"))] == ["store", "default", "one", "two"]
    assert shell.says("stores", "delete", "one", "two") == ""
    assert [store["name"] for store in json.loads(shell.says("stores", "list", "--json"))["stores"]] == [
        "default"
    ]
    assert shell.fails("stores", "delete", "one") == "ep-mock: there is no such store"


def test_requests_are_counted_and_awaited(shell: Shell, client: SocketClient) -> None:
    client("GET", "/v2/promotions")
    client("GET", "/v2/nothing")
    assert shell.says("requests", "count") == "2\n"
    assert shell.says("requests", "count", "--status", "404", "--path", "/v2/*") == "1\n"
    assert len(shell.says("requests", "wait", "--count", "2").splitlines()) == 3
    assert shell.fails("requests", "wait", "--after", "2", "--timeout", "1ms") == (
        "ep-mock: Timed out: after 0.001 s: waited for 1 matching request, none came"
    )
    assert len(shell.says("requests", "list").splitlines()) == 3
    shell.says("requests", "clear")
    assert shell.says("requests", "count") == "0\n"


def test_plans_and_faults_are_deleted_by_their_ids(shell: Shell) -> None:
    for _ in range(3):
        shell.says("plan", "add", "--stuck", "pending")
        shell.says("fault", "add", "--error", "internal")
    shell.says("plan", "delete", "plan-1", "plan-3")
    shell.says("fault", "delete", "fault-1", "fault-3")
    assert [line[0] for line in words(shell.says("plan", "list"))] == ["plan", "plan-2"]
    assert [line[0] for line in words(shell.says("fault", "list"))] == ["fault", "fault-2"]


def test_the_page_of_all_operations_is_found(server: MockServer, shell: Shell) -> None:
    assert shell.says("docs") == f"{server.url}/__ep_mock/docs\n"
    assert shell.says("docs", "--html").startswith("<!doctype html>")


@pytest.mark.parametrize(
    "command", [["advance", "1s"], ["jobs"], ["clock", "show"], ["promotions", "list"], ["requests", "count"]]
)
def test_a_verb_starts_without_the_server_and_its_libraries(server: MockServer, command: list[str]) -> None:
    program = (
        "import sys\nfrom ep_mock.cli import main\n"
        f"main.main({command!r}, standalone_mode=False)\n"
        "heavy = {'starlette', 'uvicorn', 'jsonschema_rs', 'asyncio', 'httptools', 'yaml'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program],
        env=environment(EP_MOCK_URL=server.url),
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
