"""The example project, run as its users run it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ep_mock import MockServer

DOWNSTREAM = Path(__file__).parent.parent / "examples" / "downstream"
TESTS = len(re.findall(r"^def test_", (DOWNSTREAM / "test_promotion_jobs.py").read_text(), re.MULTILINE))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy outside the repository, so that nothing of it is at hand but what is installed."""
    return Path(
        shutil.copytree(DOWNSTREAM, tmp_path / "project", ignore=shutil.ignore_patterns("__pycache__", ".*"))
    )


def run_tests(project: Path, *arguments: str) -> str:
    """The last line of a session's output."""
    # Plugins of this environment that the project has no use for.
    others = ("-p", "no:asyncio", "-p", "no:schemathesis", "-p", "no:hypothesispytest")
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "EP_MOCK_"))
    }
    command = (sys.executable, "-m", "pytest", "-q", *others, *arguments)
    done = subprocess.run(
        command, cwd=project, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()[-1]


@pytest.mark.parametrize("arguments", [(), ("-n2",)])
def test_its_tests_pass_alone_and_with_two_workers(project: Path, arguments: tuple[str, ...]) -> None:
    assert run_tests(project, *arguments).startswith(f"{TESTS} passed in ")


def test_its_tests_pass_with_two_workers_on_one_server_that_runs_already(project: Path) -> None:
    with MockServer(stores="client-id") as server:
        last = run_tests(project, "-n2", f"--ep-mock-url={server.url}", "-k", "not without_a_socket")
    assert last.startswith(f"{TESTS - 1} passed in ")
