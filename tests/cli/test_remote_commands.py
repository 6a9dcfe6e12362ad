"""The commands that steer a running server, against one."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from ep_mock import MockServer
from tests.bodies import code_export, code_generate
from tests.cli.shell import GIVEN, NOW, Shell, add_job, words
from tests.silent_port import silent_port
from tests.web.control.programs import SocketClient


def test_advance_prints_what_has_happened(shell: Shell, client: SocketClient) -> None:
    add_job(client, 1, code_generate(10))
    assert shell.says("advance", "next") == (
        "at                       job                                   family    type           status      cause\n"
        f"2024-12-03 23:31:36.062  {GIVEN}1  standard  code_generate  processing  taken up by the worker\n"
        "advanced 0.1 s, now 2024-12-03 23:31:36.062\n"
    )
    assert (
        shell.says("advance", "50ms")
        == "nothing has happened\nadvanced 0.05 s, now 2024-12-03 23:31:36.112\n"
    )
    assert "completed" in shell.says("advance", "idle")
    assert shell.says("advance", "2025-01-01").endswith("now 2025-01-01 00:00:00.000\n")
    assert json.loads(shell.says("advance", "1.5", "--json")) == {
        "advanced": 1.5,
        "now": "2025-01-01T00:00:01.500000000Z",
        "transitions": [],
    }
    assert shell.fails("advance", "2024-01-01").startswith(
        "ep-mock: to: time cannot run backwards; it is 2025-01-01T00:00:01.5"
    )
    assert shell.fails("advance", "soon", code=2) == (
        "ep-mock: advance: 'soon' is not a duration; write a number and its unit, such as 250ms, 1.5s, 5m, 1h or 2d; "
        "or a date, next or idle"
    )


def test_jobs_are_listed_and_one_tells_its_history(shell: Shell, client: SocketClient) -> None:
    assert shell.says("jobs") == "no jobs\n"
    promotion = add_job(client, 1, code_generate(10), name="ten")
    add_job(client, 2, code_export())
    shell.says("advance", "0.3s")
    assert words(shell.says("jobs")) == [
        ["no", "job", "family", "type", "promotion", "name", "status", "outcome", "since"],
        ["2", f"{GIVEN}2", "rule", "code_export", "Ten", "percent", "off", "pending", *NOW.split()],
        [
            "1",
            f"{GIVEN}1",
            "standard",
            "code_generate",
            "Ten",
            "off",
            "ten",
            "completed",
            "10",
            "generated",
            "2024-12-03",
            "23:31:36.222",
        ],
    ]
    assert shell.says("jobs", "--limit", "1").splitlines()[-1] == "1 of 2 jobs"
    assert [
        job["id"] for job in json.loads(shell.says("jobs", "--status", "completed", "--json"))["jobs"]
    ] == [f"{GIVEN}1"]
    assert shell.says("jobs", f"{GIVEN}1") == (
        f"job {GIVEN}1, standard code_generate of promotion {promotion}, completed, 10 generated\n"
        "at                       status      cause\n"
        f"{NOW}  pending     created\n"
        "2024-12-03 23:31:36.062  processing  taken up by the worker\n"
        "2024-12-03 23:31:36.222  completed   done\n"
    )
    assert shell.fails("jobs", "nobody") == "ep-mock: job not found"
    assert shell.fails("jobs", "--status", "done").startswith("ep-mock: --status: expected some of pending, ")


def test_wait_prints_the_history_or_says_why_not(shell: Shell, client: SocketClient) -> None:
    add_job(client, 1, code_generate(10))
    assert shell.says("wait", "--status", "pending").splitlines()[-1] == f"{NOW}  pending  created"
    assert shell.fails("wait", f"{GIVEN}1", "--timeout", "1y", code=2).startswith(
        "ep-mock: --timeout: '1y' is not a duration"
    )
    assert shell.fails("wait", f"{GIVEN}1").startswith(
        "ep-mock: Time stands still: waited for completed or failed or cancelled, but job "
    )
    assert shell.fails("wait", "--others-advance", "--timeout", "10ms").startswith(
        "ep-mock: Timed out: after 0.01 s: waited for "
    )
    shell.says("advance", "idle")
    assert "completed, 10 generated" in shell.says("wait")
    assert shell.fails("wait", "--status", "failed").startswith("ep-mock: Ended otherwise: ")


def test_worker_is_shown_and_held(shell: Shell, client: SocketClient) -> None:
    assert shell.says("worker") == f"nothing to do\nrunning, now {NOW}\n"
    add_job(client, 1, code_generate(10))
    add_job(client, 2, code_export())
    assert shell.says("worker", "step").splitlines()[-1] == "advanced 0.1 s, now 2024-12-03 23:31:36.062"
    shell.says("advance", "0.155s")
    assert shell.says("worker", "pause") == (
        "place  job                                   status      progress          due\n"
        f"now    {GIVEN}1  processing  generate 5 of 10  2024-12-03 23:31:36.222\n"
        f"1      {GIVEN}2  pending\n"
        "paused, now 2024-12-03 23:31:36.217\n"
    )
    assert json.loads(shell.says("worker", "resume", "--json"))["paused"] is False


def test_plans_are_added_listed_and_cleared(shell: Shell, client: SocketClient) -> None:
    assert shell.says("plan", "list") == "no plans\n"
    added = shell.says(
        "plan",
        "add",
        "--job-type",
        "code_generate",
        "--fail",
        "out of memory",
        "--after-codes",
        "3",
        "--times",
        "2",
    )
    assert added == (
        "plan    left  for                     what happens\nplan-1  2     job_type code_generate  fail out of memory, after_codes 3\n"
    )
    shell.says("plan", "add", "--lose-race", "--code", "a", "--code", "b")
    assert (
        shell.says("plan", "list").splitlines()[-1]
        == "plan-2  1     any job                 lose_race, codes a b"
    )
    assert shell.says("plan", "clear", "plan-2") == ""
    assert [plan["id"] for plan in json.loads(shell.says("plan", "list", "--json"))["plans"]] == ["plan-1"]
    shell.says("plan", "clear")
    assert client("GET", "/__ep_mock/plans")[1] == {"plans": []}
    assert shell.fails("plan", "clear", "plan-2") == "ep-mock: there is no active plan 'plan-2'"
    assert (
        shell.fails("plan", "add")
        == "ep-mock: plan: has no effect; set one of timings, fail, stuck, lose_race, job_id, codes"
    )


def test_faults_are_added_listed_and_cleared(shell: Shell, client: SocketClient) -> None:
    assert shell.says("fault", "list") == "no faults\n"
    added = shell.says(
        "fault",
        "add",
        "--operation",
        "list_jobs",
        "--status",
        "418",
        "--body",
        '{"teapot": true}',
        "--times",
        "2",
    )
    assert added == (
        "fault    hits  strikes  for                  what happens\n"
        'fault-1  0     0        operation list_jobs  times 2, answer {"status": 418, "body": {"teapot": true}}\n'
    )
    promotion = add_job(client, 1, code_generate(1))
    assert client("GET", f"/v2/promotions/{promotion}/jobs") == (418, {"teapot": True})
    shell.says("fault", "add", "--error", "unprocessable", "--delay", "10ms", "--when", "after")
    assert client("GET", f"/v2/promotions/{promotion}")[0] == 422
    assert "1 (spent)" in shell.says("fault", "list").splitlines()[-1]
    shell.says("fault", "clear", "fault-1")
    assert [fault["id"] for fault in json.loads(shell.says("fault", "list", "--json"))["faults"]] == [
        "fault-2"
    ]
    shell.says("fault", "clear")
    assert client("GET", "/__ep_mock/faults")[1]["faults"] == []
    assert shell.fails("fault", "add", "--body", "x", code=2) == "ep-mock: --body: needs --status as well"


def test_requests_are_listed_and_forgotten(shell: Shell, client: SocketClient) -> None:
    assert shell.says("requests") == "no such requests\n"
    promotion = add_job(client, 1, code_generate(1))
    client("GET", f"/v2/promotions/{promotion}/jobs?page[limit]=5")
    client("GET", "/v2/nothing")
    assert words(shell.says("requests", "--method", "GET")) == [
        ["number", "at", "method", "path", "status", "outcome", "operation"],
        [
            "3",
            *NOW.split(),
            "GET",
            f"/v2/promotions/{promotion}/jobs?page[limit]=5",
            "200",
            "served",
            "list_jobs",
        ],
        ["4", *NOW.split(), "GET", "/v2/nothing", "404", "unmatched"],
    ]
    assert [
        each["number"] for each in json.loads(shell.says("requests", "--status", "404", "--json"))["requests"]
    ] == [4]
    assert len(shell.says("requests", "--last", "2").splitlines()) == 4
    assert shell.says("requests", "--last", "2").endswith("\n2 more; raise --last\n")
    assert shell.says("requests", "--clear") == ""
    assert shell.says("requests") == "no such requests\n"


def test_settings_are_shown_and_changed_until_a_reset(shell: Shell) -> None:
    assert "codes_limit           1000\n" in shell.says("settings")
    changed = json.loads(
        shell.says("settings", "codes-limit=50", "unique_codes=no", "timings=fast,pickup=2s", "--json")
    )
    assert (changed["codes_limit"], changed["unique_codes"], changed["timings"]) == (
        50,
        False,
        "fast,pickup=2s",
    )
    assert shell.says("reset", "codes_limit=7", "clock=poll") == ""
    assert json.loads(shell.says("settings", "--json"))["codes_limit"] == 7
    shell.says("reset")
    assert json.loads(shell.says("settings", "--json"))["codes_limit"] == 1000
    assert shell.fails("settings", "port=1", code=2).startswith(
        "ep-mock: expected NAME=VALUE with one of the names timings, "
    )
    assert (
        shell.fails("settings", "codes_limit=x", code=2)
        == "ep-mock: codes_limit: expected a whole number, got 'x'"
    )
    assert (
        shell.fails("settings", "codes_limit=-1")
        == "ep-mock: codes_limit: must be greater than or equal to 0"
    )


def test_a_store_is_saved_in_a_file_and_restored(shell: Shell, client: SocketClient, tmp_path: Path) -> None:
    file = tmp_path / "store.json"
    add_job(client, 1, code_generate(10))
    assert shell.says("snapshot", "save", str(file)) == ""
    before = client("GET", "/__ep_mock/snapshot")[1]
    assert json.loads(file.read_text()) == json.loads(shell.says("snapshot", "save", "-")) == before
    shell.says("reset")
    assert shell.says("snapshot", "load", str(file)) == f"restored; manual clock, {NOW}\n"
    assert client("GET", "/__ep_mock/snapshot")[1] == before
    assert (
        shell.says("snapshot", "load", "-", "--store", "other", given=file.read_text())
        == f"restored; manual clock, {NOW}\n"
    )
    file.write_text("{")
    assert shell.fails("snapshot", "load", str(file), code=2).startswith(f"ep-mock: {file}: is no JSON: ")
    assert shell.fails("snapshot", "load", str(tmp_path / "none.json"), code=2).endswith(
        "none.json: cannot be read: No such file or directory"
    )
    assert shell.fails("snapshot", "save", str(tmp_path / "no" / "x.json"), code=2).endswith(
        "cannot be written: No such file or directory"
    )


def test_commands_are_for_the_store_that_is_named(server: MockServer, shell: Shell) -> None:
    shell.says("reset", "codes_limit=5", "--store", "other")
    assert json.loads(shell.says("settings", "--json"))["codes_limit"] == 1000
    assert json.loads(Shell(server.url, EP_MOCK_STORE="other").says("settings", "--json"))["codes_limit"] == 5


def test_the_control_token_is_sent_along() -> None:
    with MockServer(control_token="s3cret", clock="manual") as server:
        assert Shell(server.url).fails("worker") == (
            "ep-mock: the server requires its control token; set it with --token or EP_MOCK_CONTROL_TOKEN"
        )
        assert Shell(server.url).says("worker", "--token", "s3cret").startswith("nothing to do")
        assert Shell(server.url, EP_MOCK_CONTROL_TOKEN="s3cret").says("worker").startswith("nothing to do")


def test_a_server_that_is_not_there_is_one_line() -> None:
    with silent_port() as port:
        url = f"http://127.0.0.1:{port}"
        said = Shell(url).fails("jobs")
    assert (
        said
        == f"ep-mock: no ep-mock answers at {url}: Connection refused; start it with ep-mock serve, or set its address with --url"
    )
    assert (
        Shell("ftp://x").fails("jobs", code=2)
        == "ep-mock: --url: expected an address such as http://127.0.0.1:8080, got 'ftp://x'"
    )


class Other(BaseHTTPRequestHandler):
    """A server of something else."""

    def do_GET(self) -> None:
        self.send_error(404)

    def log_message(self, *_: object) -> None:
        pass


def test_another_server_is_told_apart() -> None:
    with HTTPServer(("127.0.0.1", 0), Other) as other:
        Thread(target=other.handle_request).start()
        url = f"http://127.0.0.1:{other.server_port}"
        assert (
            Shell(url).fails("jobs")
            == f"ep-mock: the server at {url} (404) is not ep-mock; set its address with --url"
        )


@pytest.mark.parametrize(
    "group", ["clock", "plan", "fault", "snapshot", "promotions", "codes", "usages", "fixtures", "stores"]
)
def test_a_group_without_a_subcommand_prints_its_help(shell: Shell, group: str) -> None:
    assert shell.says(group).startswith(f"Usage: ep-mock {group} [OPTIONS] COMMAND [ARGS]...")
    assert shell.says(group) == shell.says(group, "--help")


@pytest.mark.parametrize(
    "command", [["jobs"], ["wait"], ["advance", "1s"], ["plan", "add", "--stuck", "pending"], ["settings"]]
)
def test_a_store_that_does_not_exist_is_told_and_not_made(
    server: MockServer, shell: Shell, command: list[str]
) -> None:
    assert (
        shell.fails(*command, "--store", "defualt")
        == "ep-mock: there is no store 'defualt'; did you mean default?"
    )
    assert (
        shell.fails(*command, "--store", "worker-1")
        == "ep-mock: there is no store 'worker-1'; stores: default"
    )
    assert (
        Shell(server.url, EP_MOCK_STORE="no store").fails(*command)
        == "ep-mock: there is no store 'no store'; stores: default"
    )
    assert server.app.stores.names() == ["default"]


@pytest.mark.parametrize(
    ("command", "line"),
    [
        (["requests", "--operation", "create_jobs"], "--operation: 'create_jobs' is not an operation; did you mean create_job?"),
        (["fault", "add", "--probability", "3", "--error", "internal"], "--probability: must be less than or equal to 1"),
        (["plan", "add", "--stuck", "pending", "--times", "-1"], "--times: must be greater than or equal to 1"),
        (["jobs", "--family", "x"], "--family: expected some of standard, rule, got 'x'"),
        (["jobs", "--limit", "x"], "--limit: expected a whole number from 1 to 1000000000, got 'x'"),
        (["requests", "--outcome", "lost"], "--outcome: 'lost' is not an outcome; expected served, refused, unmatched, faulted or failed"),
        (["settings", "code_case=x"], "code_case: expected lower or upper"),
        (["plan", "add", "--job-id", "x"], "--job-id: does not match pattern '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'"),
    ],
)  # fmt: skip
def test_a_refusal_is_a_sentence_that_names_the_option(shell: Shell, command: list[str], line: str) -> None:
    assert shell.fails(*command) == f"ep-mock: {line}"


def test_true_and_false_are_plain(shell: Shell) -> None:
    assert "unique_codes          false\n" in shell.says("settings", "unique_codes=false")
    assert "unique_codes          true\n" in shell.says("settings", "unique_codes=true")
    assert "True" not in shell.says("settings")
