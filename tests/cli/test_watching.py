"""Commands that go on until ctrl-C."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from typing import IO

import pytest

from ep_mock import MockServer
from tests.bodies import code_generate
from tests.cli.commands import environment
from tests.cli.shell import GIVEN, add_job
from tests.web.control.programs import SocketClient

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a process cannot be sent ctrl-C there")


# A shell lets what it starts in the background ignore ctrl-C, and its children inherit that.
PROGRAM = """import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from ep_mock.cli import main; main()"""


@contextlib.contextmanager
def watching(*arguments: str, variables: Mapping[str, str]) -> Iterator[subprocess.Popen[str]]:
    """A command beside the test that ctrl-C reaches, wherever the tests were started."""
    command = [sys.executable, "-c", PROGRAM, *arguments]
    process = subprocess.Popen(
        command,
        env=environment(**variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def next_line(process: subprocess.Popen[str]) -> str:
    """The next line of output; it is waited for, for a minute at most."""
    assert process.stdout is not None
    return _line(process, process.stdout)


def _line(process: subprocess.Popen[str], stream: IO[str]) -> str:
    limit = threading.Timer(60, process.kill)
    limit.start()
    try:
        return stream.readline()
    finally:
        limit.cancel()


def interrupt(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Exit code and errors after ctrl-C."""
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    return process.returncode, errors


def visit(client: SocketClient, path: str) -> None:
    """A request that the journal keeps."""
    client("GET", path)


def test_watched_jobs_are_shown_again_when_they_have_changed(
    server: MockServer, client: SocketClient
) -> None:
    with watching("jobs", "--watch", "--json", variables={"EP_MOCK_URL": server.url}) as process:
        assert json.loads(next_line(process)) == {"jobs": [], "total": 0}
        add_job(client, 1, code_generate(10))
        assert [job["status"] for job in json.loads(next_line(process))["jobs"]] == ["pending"]
        client("POST", "/__ep_mock/clock/advance", {"idle": True})
        assert [job["status"] for job in json.loads(next_line(process))["jobs"]] == ["completed"]
        assert interrupt(process) == (130, "")


def test_a_watched_job_shows_its_history_as_it_grows(server: MockServer, client: SocketClient) -> None:
    add_job(client, 1, code_generate(10))
    with watching("jobs", "1", "--watch", variables={"EP_MOCK_URL": server.url}) as process:
        assert next_line(process).startswith(f"job {GIVEN}1, standard code_generate")
        assert [next_line(process).split()[0] for _ in range(3)] == ["at", "2024-12-03", "still"]
        client("POST", "/__ep_mock/clock/advance", {"next": True})
        assert next_line(process) == "\n"
        assert next_line(process).rstrip().endswith(", processing")
        assert interrupt(process)[0] == 130


def test_a_terminal_is_redrawn_and_the_table_is_no_higher_than_it(
    server: MockServer, client: SocketClient
) -> None:
    pty = pytest.importorskip("pty", reason="terminals of this system are of another kind")
    for number in range(1, 10):
        add_job(client, number, code_generate(1))
    ours, theirs = pty.openpty()
    variables = {"EP_MOCK_URL": server.url, "TERM": "xterm", "LINES": "5", "COLUMNS": "80"}
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "jobs", "--watch"],
        env=environment(**variables),
        stdout=theirs,
        stdin=subprocess.DEVNULL,
    ) as process:
        os.close(theirs)
        try:
            shown = b""
            while b"more lines" not in shown:
                shown += os.read(ours, 65536)
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=30) == 130
        finally:
            process.kill()
            os.close(ours)
    screen = shown.decode().replace("\r\n", "\n")
    assert screen.startswith("\x1b[H\x1b[2J")
    assert len(screen.splitlines()) == 4
    assert screen.splitlines()[-1] == "7 more lines"


def test_followed_requests_come_one_by_one_and_a_reset_is_told(
    server: MockServer, client: SocketClient
) -> None:
    visit(client, "/v2/promotions?page[limit]=1")
    with watching("requests", "--follow", variables={"EP_MOCK_URL": server.url}) as process:
        assert next_line(process).split()[3:] == [
            "GET",
            "200",
            "served",
            "/v2/promotions?page[limit]=1",
            "list_promotions",
        ]
        visit(client, "/v2/nothing")
        assert next_line(process).split() == [
            "2",
            "2024-12-03",
            "23:31:35.962",
            "GET",
            "404",
            "unmatched",
            "/v2/nothing",
        ]
        client("POST", "/__ep_mock/reset", {})
        assert process.stderr is not None
        assert (
            _line(process, process.stderr)
            == "ep-mock: the store was reset, restored or deleted; its requests begin again\n"
        )
        visit(client, "/v2/other")
        assert next_line(process).split()[0] == "1"
        assert interrupt(process) == (130, "")


def test_only_matching_requests_are_followed_as_json_lines(server: MockServer, client: SocketClient) -> None:
    visit(client, "/v2/promotions")
    visit(client, "/v2/first")
    with watching(
        "requests", "--follow", "--json", "--status", "404", variables={"EP_MOCK_URL": server.url}
    ) as process:
        assert json.loads(next_line(process))["path"] == "/v2/first"
        visit(client, "/v2/promotions")
        visit(client, "/v2/nothing")
        assert json.loads(next_line(process))["path"] == "/v2/nothing"
        assert interrupt(process) == (130, "")


def test_a_server_that_ends_is_told_with_code_1(client: SocketClient, server: MockServer) -> None:
    with watching("jobs", "--watch", "--json", variables={"EP_MOCK_URL": server.url}) as process:
        next_line(process)
        client.close()
        server.stop()
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 1
        assert errors.startswith(f"ep-mock: no ep-mock answers at {server.url}: ")
