"""Installations work: the wheel in a clean environment, and the editable one that other tests use."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
import venv
import zipfile
from pathlib import Path

import pytest

from ep_mock.contract.documents import load_document

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = ("standard", "rule", "control")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    target = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(target), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    (built,) = target.glob("*.whl")
    return built


def test_the_wheel_carries_documents_fixtures_and_types_and_nothing_else(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {f"ep_mock/_openapi/{name}.json" for name in DOCUMENTS} <= names
    assert {f"ep_mock/_fixtures/{path.name}" for path in (ROOT / "fixtures").iterdir()} <= names
    assert "ep_mock/py.typed" in names
    assert {name.split("/")[0].split("-")[0] for name in names} == {"ep_mock"} | {
        name.split("-")[0] for name in names if ".dist-info" in name
    }


def test_the_wheel_starts_in_a_clean_environment(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "clean", with_pip=True)
    scripts = tmp_path / "clean" / ("Scripts" if os.name == "nt" else "bin")
    subprocess.run(
        [scripts / "python", "-m", "pip", "install", "--quiet", str(wheel)],
        check=True,
        capture_output=True,
        timeout=300,
    )
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("EP_MOCK_", "PYTHON"))
    }
    for name in DOCUMENTS:
        printed = subprocess.run(
            [scripts / "ep-mock", "openapi", name],
            check=True,
            capture_output=True,
            cwd=tmp_path,
            env=environment,
        )
        assert json.loads(printed.stdout)["openapi"].startswith("3.1")
    command = [str(scripts / "ep-mock"), "serve", "--port", "0", "--fixtures", "campaign"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=tmp_path, env=environment
    ) as server:
        try:
            if server.stdout is None:
                raise RuntimeError("the server has no output")
            url = server.stdout.readline().split("listening on ")[1].strip()
            request = urllib.request.Request(
                f"{url}/v2/rule-promotions", headers={"Authorization": "Bearer any"}
            )
            with urllib.request.urlopen(request, timeout=10) as answer:
                assert answer.status == 200
                assert json.load(answer)["data"]
        finally:
            server.terminate()
    assert server.returncode == 0


def test_the_editable_install_finds_the_documents_of_the_checkout() -> None:
    for name in DOCUMENTS:
        assert load_document(name).raw == json.loads(
            (ROOT / "openapi" / f"{name}.json").read_text(encoding="utf-8")
        )
