"""The benchmark runs from end to end. Its results are not judged: they depend on the machine."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

RUN = Path(__file__).parent.parent / "benchmarks" / "run.py"
TINY = (
    "--rounds",
    "1",
    "--polls",
    "40",
    "--creates",
    "20",
    "--starts",
    "1",
    "--codes",
    "2000",
    "--promotions",
    "200",
)


def test_the_benchmark_prints_each_ratio_with_its_aim_and_a_verdict() -> None:
    done = subprocess.run(
        [sys.executable, RUN, *TINY], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    headings, *rows = [re.split(r" {2,}", line) for line in done.stdout.splitlines() if "  " in line]
    assert headings[:2] == ["ratio", "measured"]
    names = [row[0] for row in rows]
    assert names[:5] == [
        "poll of 25 jobs, requests",
        "poll of 25 jobs, processor time",
        "create of a job, requests",
        "growth under polling, MB",
        "start to first answer",
    ]
    assert [name for name in names if name.endswith(", number of promotions")] == [
        "create a Rule promotion, number of promotions",
        "add a Standard code, number of promotions",
        "generate 1000 codes, number of promotions",
        "cancel and create a job, number of promotions",
        "promotions by a code, number of promotions",
    ]
    assert all(set(row) & {"ok", "below aim", "DEFECT", "not measured here"} for row in rows)


def test_the_benchmark_of_the_fixture_prints_its_cost_beside_the_others() -> None:
    command = (sys.executable, str(RUN.with_name("per_test.py")), "--rounds", "1", "--tests", "3")
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    _, fixture, stop = done.stdout.splitlines()
    assert fixture.startswith("fixture, ms a test ")
    assert re.search(
        r"a whole test takes [0-9.]+ ms with empty, [0-9.]+ ms with ep_mock, [0-9.]+ ms with server$", fixture
    )
    assert stop.startswith("stop of a server, ms ")
