"""Measures the cost of the pytest fixture per test, beside an empty fixture and a server for each test.

Each round runs three sessions of pytest with the same number of empty tests, in changing order. The result is
the time of all tests of a session, without its start, divided by their number; the median of the rounds
counts.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import httpx

from ep_mock import MockServer
from verdicts import Finding, Goal, table

FIXTURE = Goal("fixture, ms a test", 1.0, 2.0)
STOP = Goal("stop of a server, ms", 50.0, 100.0)

_FIXTURES: Mapping[str, str] = {
    "empty": "@pytest.fixture\ndef used():\n    return None\n",
    "ep_mock": "@pytest.fixture\ndef used(ep_mock):\n    return ep_mock\n",
    "server": "@pytest.fixture\ndef used():\n    with MockServer(clock='poll') as server:\n        yield "
    "server\n",
}
_CONFTEST = """
import time
import pytest
from ep_mock import MockServer

{fixture}

@pytest.fixture(scope="session", autouse=True)
def warm(request):
    if {warm!r}:
        request.getfixturevalue("ep_mock_server")

@pytest.hookimpl(wrapper=True)
def pytest_runtestloop(session):
    began = []
    session.config.pluginmanager.register(Began(began))
    try:
        return (yield)
    finally:
        print(f"\\nseconds {{time.perf_counter() - began[0]}}")

class Began:
    def __init__(self, began):
        self.began = began

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logfinish(self, nodeid):
        if not self.began:
            self.began.append(time.perf_counter())
"""
# The first test starts the server; it does not count.
_TESTS = (
    "import pytest\n\n@pytest.mark.parametrize('number', range({tests} + 1))\ndef test_it(used, "
    "number):\n    pass\n"
)


def main() -> int:
    """Measure, print the table, and return the number of defects."""
    options = _options()
    milliseconds: dict[str, list[float]] = {name: [] for name in _FIXTURES}
    for number in range(options.rounds):
        names = list(_FIXTURES)[number % 3 :] + list(_FIXTURES)[: number % 3]
        for name in names:
            milliseconds[name].append(_session(name, options.tests))
    extra = [ours - empty for ours, empty in zip(milliseconds["ep_mock"], milliseconds["empty"], strict=True)]
    medians = {name: statistics.median(each) for name, each in milliseconds.items()}
    told = ", ".join(f"{value:.2f} ms with {name}" for name, value in medians.items())
    findings = [
        Finding(FIXTURE, extra, f"a whole test takes {told}"),
        Finding(STOP, _stops(options.rounds), "with a client that keeps alive"),
    ]
    print(table(findings))
    return sum(finding.verdict == "DEFECT" for finding in findings)


def _session(name: str, tests: int) -> float:
    """Milliseconds a test, of a session that uses this fixture."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "conftest.py").write_text(
            _CONFTEST.format(fixture=_FIXTURES[name], warm=name == "ep_mock")
        )
        Path(folder, "test_them.py").write_text(_TESTS.format(tests=tests))
        command = (
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-s",
            "-p",
            "ep_mock.pytest_plugin",
            "-p",
            "no:cacheprovider",
        )
        environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=True
        )
    line = next(line for line in done.stdout.splitlines() if line.startswith("seconds "))
    return float(line.split()[1]) / tests * 1e3


def _stops(times: int) -> list[float]:
    """Milliseconds that a server takes to stop while a client keeps its connection."""
    measured = []
    for _ in range(times):
        server = MockServer().start()
        with httpx.Client(base_url=server.url, headers={"Authorization": "Bearer any"}) as client:
            client.get("/v2/promotions").raise_for_status()
            began = time.perf_counter()
            server.stop()
            measured.append((time.perf_counter() - began) * 1e3)
    return measured


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--rounds", type=int, default=7, help="rounds of three sessions (default %(default)s)"
    )
    parser.add_argument("--tests", type=int, default=500, help="tests in a session (default %(default)s)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
