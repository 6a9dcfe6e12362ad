"""The recipes of docs/ci.md, compose.yaml and the workflows: run if possible, else checked by the program."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from ep_mock import MockServer, __version__
from ep_mock.cli import main
from ep_mock.cli.options import variable_of
from ep_mock.cli.serve import command as serve
from ep_mock.serving.logs import json_line
from ep_mock.serving.run import FOREGROUND_SHUTDOWN_TIMEOUT
from ep_mock.settings import settings_fields
from ep_mock.testcontainers import IMAGE
from tests.cli.commands import environment
from tests.cli.test_environment import all_variables
from tests.stub_engine import StubEngine

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
BLOCKS: list[tuple[str, str]] = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
WORKFLOWS = {
    path.name: path.read_text(encoding="utf-8") for path in (ROOT / ".github" / "workflows").iterdir()
}
COMPOSE = (ROOT / "compose.yaml").read_text(encoding="utf-8")
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
NODE = shutil.which("node")

needs_node = pytest.mark.skipif(NODE is None, reason="node is not on the path")


def block(title: str) -> str:
    """The block that begins with a comment that names its file."""
    [found] = [text for _, text in BLOCKS if re.match(rf"(#|//) {re.escape(title)}\n", text)]
    return found


def parsed(title: str) -> Any:
    return yaml.safe_load(block(title))


def test_every_image_is_that_of_this_version() -> None:
    for text in (PAGE, COMPOSE):
        assert set(re.findall(r"ghcr\.io/[\w./:-]+", text)) == {IMAGE}
    assert f"ARG VERSION={__version__}\n" in DOCKERFILE


def test_the_page_and_the_help_have_the_seconds_that_running_requests_get() -> None:
    assert f"have {FOREGROUND_SHUTDOWN_TIMEOUT} seconds to finish" in PAGE
    assert f"{FOREGROUND_SHUTDOWN_TIMEOUT} seconds to finish" in str(serve.help)


@pytest.mark.parametrize(
    "text", [PAGE, COMPOSE, DOCKERFILE], ids=["docs/ci.md", "compose.yaml", "Dockerfile"]
)
def test_every_variable_is_one_that_a_command_reads(text: str) -> None:
    used = set(re.findall(r"EP_MOCK_[A-Z_]+", text))
    assert used
    assert used <= {variable_of(field.name) for field in settings_fields()} | set(all_variables())


def test_every_command_and_flag_of_ep_mock_exists() -> None:
    for name in re.findall(r"(?:ep-mock|0\.1\.0) ((?!healthcheck`)[a-z]+)(?= --|`)", PAGE):
        assert (
            main.get_command(main.make_context("ep-mock", ["--help"], resilient_parsing=True), name)
            is not None
        )
    flags = {flag for parameter in serve.params for flag in (*parameter.opts, *parameter.secondary_opts)}
    assert set(re.findall(r" serve (--[a-z-]+)", PAGE)) == {"--clock"} <= flags


def test_every_setting_of_a_recipe_is_taken() -> None:
    recipes = (
        parsed(".github/workflows/tests.yml")["jobs"]["tests"]["services"]["ep-mock"]["env"],
        parsed(".gitlab-ci.yml")["tests"]["services"][0]["variables"],
        parsed("compose.tests.yaml")["services"]["ep-mock"]["environment"],
    )
    for variables in recipes:
        assert variables == {"EP_MOCK_CLOCK": "manual", "EP_MOCK_SEED": "ci"}


def test_each_recipe_reaches_the_mock_by_the_name_that_its_network_has_for_it() -> None:
    actions = parsed(".github/workflows/tests.yml")["jobs"]["tests"]
    assert actions["services"]["ep-mock"]["ports"] == ["8080:8080"]
    assert actions["steps"][-1]["env"] == {"PROMOTIONS_URL": "http://localhost:8080"}
    gitlab = parsed(".gitlab-ci.yml")["tests"]
    assert gitlab["variables"] == {"PROMOTIONS_URL": f"http://{gitlab['services'][0]['alias']}:8080"}
    compose = parsed("compose.tests.yaml")["services"]
    assert compose["tests"]["environment"] == {"PROMOTIONS_URL": "http://ep-mock:8080"}
    assert compose["tests"]["depends_on"] == {"ep-mock": {"condition": "service_healthy"}}
    assert "HEALTHCHECK" in DOCKERFILE
    assert "EXPOSE 8080\n" in DOCKERFILE


def test_compose_serves_this_checkout_on_loopback_only_with_variables_that_may_be_empty() -> None:
    service = yaml.safe_load(COMPOSE)["services"]["ep-mock"]
    assert (service["build"], service["ports"], service["read_only"]) == (".", ["127.0.0.1:8080:8080"], True)
    for name, value in service["environment"].items():
        assert re.fullmatch(rf"\$\{{{name}:-(campaign|true|)\}}", value)


@needs_node
def test_the_javascript_test_passes(tmp_path: Path) -> None:
    (tmp_path / "codes.test.mjs").write_text(block("test/codes.test.mjs"))
    with MockServer(clock="manual", seed="ci") as mock:
        command = [str(NODE), "--test", str(tmp_path)]
        ended = subprocess.run(
            command,
            env=environment(PROMOTIONS_URL=mock.url),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert ended.returncode == 0, ended.stdout
    assert re.search(r"^# pass 1$", ended.stdout, re.MULTILINE)


@needs_node
def test_the_javascript_is_read_by_node(tmp_path: Path) -> None:
    path = tmp_path / "container.test.mjs"
    path.write_text(block("test/container.test.mjs"))
    subprocess.run([str(NODE), "--check", str(path)], check=True, timeout=60)


def test_the_python_test_passes(tmp_path: Path) -> None:
    (tmp_path / "test_codes.py").write_text(block("tests/test_codes.py"))
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        str(tmp_path),
        str(tmp_path),
    ]
    with StubEngine() as engine:
        variables = environment(**engine.variables)
        ended = subprocess.run(
            command, env=variables, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120
        )
    assert ended.returncode == 0, ended.stdout
    assert "1 passed" in ended.stdout
    assert engine.removed
    assert engine.created["Env"] == ["EP_MOCK_CLOCK=manual", "EP_MOCK_SEED=ci"]


def test_the_lines_of_the_log_are_such_lines() -> None:
    [shown] = [text for kind, text in BLOCKS if kind == "json"]
    for line in shown.splitlines():
        said = json.loads(line)
        fields = {name: value for name, value in said.items() if name not in ("time", "level", "message")}
        again = json_line(said["message"], fields)
        assert {**json.loads(again), "time": said["time"]} == said
        assert list(json.loads(again)) == list(said)


@pytest.mark.parametrize("name", sorted(WORKFLOWS))
def test_every_make_target_tool_and_document_of_a_workflow_exists(name: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for call in re.findall(r"run: make ([^\n]*)", WORKFLOWS[name]):
        assert {word for word in call.split() if re.fullmatch(r"[a-z][a-z-]*", word)} <= targets
    for path in re.findall(r"(?:tools|docs|tests|\.github)/[\w./-]+", WORKFLOWS[name]):
        assert (ROOT / path).exists(), path


@pytest.mark.parametrize("name", sorted(WORKFLOWS))
def test_every_action_has_its_version_and_no_job_waits_for_ever(name: str) -> None:
    for job in yaml.safe_load(WORKFLOWS[name])["jobs"].values():
        if "uses" in job:
            assert (ROOT / job["uses"]).is_file()
            continue
        assert job["timeout-minutes"] <= 30
        for step in job["steps"]:
            assert re.fullmatch(r"[\w-]+/[\w-]+@(v[0-9]+|release/v[0-9]+)", step.get("uses", "any/action@v1"))


def test_a_release_passes_the_checks_first_and_publishes_what_they_passed() -> None:
    release = yaml.safe_load(WORKFLOWS["release.yml"])
    jobs = release["jobs"]
    # YAML takes `on` for a boolean.
    assert release[True] == {"push": {"tags": ["v*"]}}
    assert "workflow_call" in yaml.safe_load(WORKFLOWS["ci.yml"])[True]
    assert (jobs["wheel"]["needs"], jobs["image"]["needs"], jobs["publish"]["needs"]) == (
        "checks",
        "wheel",
        ["wheel", "image"],
    )
    [push] = [
        step["with"]
        for step in jobs["image"]["steps"]
        if step.get("uses", "").startswith("docker/build-push-action")
    ]
    assert (push["platforms"], push["push"], push["provenance"], push["sbom"]) == (
        "linux/amd64,linux/arm64",
        True,
        "mode=max",
        True,
    )
    given = {line.partition("=")[0] for line in push["build-args"].split() if "=" in line}
    assert given == {"VERSION", "REVISION"} <= set(re.findall(r"^ARG (\w+)", DOCKERFILE, re.MULTILINE))
    for name in ("wheel", "image"):
        permissions = jobs[name]["permissions"]
        assert (permissions["id-token"], permissions["attestations"]) == ("write", "write")
        assert any("attest-build-provenance" in step.get("uses", "") for step in jobs[name]["steps"])


def test_the_check_of_a_release_finds_the_image_in_the_documents() -> None:
    assert 'grep --quiet "$IMAGE:$version" docs/ci.md' in WORKFLOWS["release.yml"]
    assert IMAGE in PAGE


def test_nothing_goes_into_the_build_but_what_the_dockerfile_copies() -> None:
    copied = {
        name
        for line in re.findall(r"^COPY (?!--from)(.*)$", DOCKERFILE, re.MULTILINE)
        for name in line.split()[:-1]
    }
    lines = [
        line
        for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    ]
    assert lines[0] == "*"
    assert {line[1:] for line in lines if line.startswith("!")} == copied
    assert all((ROOT / name).exists() for name in copied)
