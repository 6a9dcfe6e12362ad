"""The tool that builds the container image: with which engine, and what it says where there is none."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ep_mock import __version__

ROOT = Path(__file__).resolve().parents[1]

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="the programs that stand in for engines are shell scripts"
)


def tool(path: Path, *flags: str, builder: Path | None = None) -> tuple[int, str, str]:
    """Run `tools/image.py` with `path` first in PATH: exit code, output, and the last line of errors."""
    variables = {name: value for name, value in os.environ.items() if name != "EP_MOCK_IMAGE_BUILDER"}
    variables["PATH"] = f"{path}{os.pathsep}{variables['PATH']}"
    if builder is not None:
        variables["EP_MOCK_IMAGE_BUILDER"] = str(builder)
    command = [sys.executable, str(ROOT / "tools" / "image.py"), *flags]
    ended = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    return ended.returncode, ended.stdout, ended.stderr.strip().rpartition("\n")[2]


def program(folder: Path, name: str, script: str) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def no_engine(tmp_path: Path) -> Path:
    for name in ("docker", "podman"):
        program(tmp_path, name, "exit 1")
    return tmp_path


@pytest.mark.parametrize(("engine", "format_flags"), [("docker", []), ("podman", ["--format", "docker"])])
def test_an_engine_builds_it_with_the_version_and_its_size_is_told(
    no_engine: Path, engine: str, format_flags: list[str]
) -> None:
    calls = no_engine / "calls"
    answers = 'case "$1" in image) echo 165400000 ;; run) printf "41900000\\t/opt/ep-mock\\n" ;; esac'
    program(no_engine, engine, f'printf "%s|" "$@" >>{calls}; echo >>{calls}; {answers}')
    image = f"ep-mock:{__version__}"
    assert tool(no_engine)[:2] == (
        0,
        f"{image}, built with {engine}: 165 MB, of which ep-mock and its packages are 42 MB\n",
    )
    code, out, _ = tool(no_engine, "--json")
    assert (code, json.loads(out)) == (
        0,
        {"engine": engine, "image": image, "bytes": 165_400_000, "own_bytes": 41_900_000},
    )
    [build] = {line for line in calls.read_text().splitlines() if line.startswith("build|")}
    parts = build.split("|")
    revision = parts.pop(parts.index(f"VERSION={__version__}") + 2)
    assert revision.startswith("REVISION=")
    assert parts == [
        "build",
        *format_flags,
        "--build-arg",
        f"VERSION={__version__}",
        "--build-arg",
        "--tag",
        image,
        str(ROOT),
        "",
    ]


def test_a_build_that_fails_is_told(no_engine: Path) -> None:
    program(no_engine, "docker", '[ "$1" = info ]')
    code, out, error = tool(no_engine)
    assert (code, out) == (1, "")
    assert error.startswith(f"image: docker build --build-arg VERSION={__version__} ")
    assert error.endswith(" failed")


def test_where_nothing_can_build_it_says_what_it_would_take(no_engine: Path) -> None:
    line = "image: no container engine answers (docker, podman); without one, root and EP_MOCK_IMAGE_BUILDER are needed"
    assert tool(no_engine) == (3, "", line)


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can build without an engine"
)
@pytest.mark.parametrize(
    ("script", "code", "line"),
    [
        (
            '[ "$1" != base ] || { echo "no network" >&2; exit 1; }',
            3,
            "image: EP_MOCK_IMAGE_BUILDER: maker cannot make a base here: no network",
        ),
        ('[ "$1" = base ]', 1, "image: {maker} build {root} ep-mock failed"),
    ],
)
def test_without_a_base_nothing_can_be_built_but_with_one_a_build_may_fail(
    no_engine: Path, script: str, code: int, line: str
) -> None:
    maker = program(no_engine, "maker", script)
    assert tool(no_engine, builder=maker) == (code, "", line.format(maker=maker, root=ROOT))
