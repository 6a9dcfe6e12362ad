"""Every setting from every place, and which place wins."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from ep_mock.cli import main
from ep_mock.cli.options import configuration_of, flag_of, grouped_names, settings_options, variable_of
from ep_mock.settings import Settings, choices_of, settings_fields, type_of

NAMES = [field.name for field in settings_fields()]
ROOT = Path(__file__).resolve().parents[2]
WORDS = st.text(alphabet="abcXYZ-./_ 0123456789", min_size=1, max_size=8)
SPECIAL = {
    "timings": st.sampled_from(["instant", "fast", "documented,pickup=2s"]),
    "allowed_origins": st.lists(
        st.sampled_from(["http://one.test", "https://two.test:8443", "*"]), min_size=1, max_size=3
    ).map(tuple),
    "public_url": st.sampled_from(["http://one.test", "https://two.test:8443"]),
}
PLACES = ("flag", "environment", "file")


def values_of(name: str) -> st.SearchStrategy[Any]:
    """Values that a setting may have, never empty: an empty variable counts as not set."""
    [field] = [field for field in settings_fields() if field.name == name]
    kind, least, most = type_of(name), field.metadata["least"], field.metadata["most"]
    if name in SPECIAL:
        return SPECIAL[name]
    if choices_of(name):
        return st.sampled_from(choices_of(name))
    if kind is bool:
        return st.booleans()
    if kind is int:
        return st.integers(least, most if most is not None else 10**6)
    if kind is float:
        return st.floats(least, most)
    if kind is tuple:
        return st.lists(WORDS, min_size=1, max_size=3).map(tuple)
    return WORDS


def as_flags(name: str, value: Any) -> list[str]:
    if isinstance(value, bool):
        return [flag_of(name).split("/")[0 if value else 1]]
    return [f"{flag_of(name)}={item}" for item in (value if isinstance(value, tuple) else [value])]


def as_variable(value: Any) -> str:
    return ",".join(value) if isinstance(value, tuple) else str(value)


def as_toml(name: str, value: Any) -> str:
    return f"{name} = {json.dumps(value)}\n"


def read_settings(flags: list[str], variables: dict[str, str]) -> Settings:
    """The settings that a command gets from these flags and variables."""
    read: list[Settings] = []

    @settings_options()
    @click.command()
    @click.pass_context
    def command(context: click.Context, /, **_: object) -> None:
        read.append(configuration_of(context).settings)

    CliRunner(env={variable_of(name): None for name in [*NAMES, "config"]}).invoke(
        command, flags, env=variables, catch_exceptions=False
    )
    return read[0]


given_anywhere = st.sampled_from(NAMES).flatmap(
    lambda name: st.tuples(st.just(name), st.dictionaries(st.sampled_from(PLACES), values_of(name)))
)


@given(cases=st.lists(given_anywhere, unique_by=lambda case: case[0], max_size=4))
def test_a_flag_beats_the_environment_which_beats_the_file_which_beats_the_default(
    cases: list[tuple[str, dict[str, Any]]],
) -> None:
    flags: list[str] = []
    variables: dict[str, str] = {}
    toml = ""
    expected: dict[str, Any] = {}
    for name, values in cases:
        if "flag" in values:
            flags += as_flags(name, values["flag"])
        if "environment" in values:
            variables[variable_of(name)] = as_variable(values["environment"])
        if "file" in values:
            toml += as_toml(name, values["file"])
        for place in reversed(PLACES):
            if place in values:
                expected[name] = values[place]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "mock.toml")
        file.write_text(toml)
        assert read_settings([*flags, f"--config={file}"], variables) == Settings(**expected)


def test_an_empty_variable_counts_as_not_set() -> None:
    assert read_settings([], dict.fromkeys(map(variable_of, NAMES), "")) == Settings()


def test_the_address_of_a_service_counts_as_no_port(tmp_path: Path) -> None:
    (tmp_path / "mock.toml").write_text("port = 9000")
    for address in ("tcp://10.96.0.5:8080", "udp://[fd00::1]:53"):
        assert read_settings([], {"EP_MOCK_PORT": address}) == Settings()
        assert read_settings(
            ["--config", str(tmp_path / "mock.toml")], {"EP_MOCK_PORT": address}
        ) == Settings(port=9000)
        assert read_settings(["--port=9001"], {"EP_MOCK_PORT": address}) == Settings(port=9001)


def test_the_environment_can_name_the_file_and_a_flag_another_one(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.toml").write_text(f'seed = "{name}"')
    variables = {"EP_MOCK_CONFIG": str(tmp_path / "one.toml")}
    assert read_settings([], variables) == Settings(seed="one")
    assert read_settings(["--config", str(tmp_path / "two.toml")], variables) == Settings(seed="two")


def test_a_fixture_beside_the_file_is_found_there_and_any_other_name_stays(tmp_path: Path) -> None:
    (tmp_path / "mine.json").write_text("{}")
    (tmp_path / "small").mkdir()
    (tmp_path / "mock.toml").write_text(
        'fixtures = ["mine.json", "small", "./small"]\nclock_start = 2025-01-31T10:00:00Z'
    )
    settings = read_settings(["--config", str(tmp_path / "mock.toml")], {})
    fixtures = (str(tmp_path / "mine.json"), "small", str(tmp_path / "small"))
    assert settings == Settings(fixtures=fixtures, clock_start="2025-01-31T10:00:00+00:00")


@pytest.mark.parametrize(("name", "flag"), [("fixtures", "--fixture"), ("allowed_hosts", "--allowed-host")])
def test_what_can_be_repeated_is_taken_in_the_singular_too(name: str, flag: str) -> None:
    assert read_settings([f"{flag}=one", f"{flag}s=two"], {}) == Settings().with_changes(
        {name: ("one", "two")}
    )


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_is_in_the_help_of_serve_with_its_flag(name: str) -> None:
    help_text = CliRunner().invoke(main, ["serve", "--help"]).stdout
    for flag in flag_of(name).split("/"):
        assert re.search(rf"{flag}[, \n]", help_text)
    assert "EP_MOCK_ and its name in capitals" in " ".join(help_text.split())


def test_every_setting_stands_under_exactly_one_heading() -> None:
    listed = [name for names in grouped_names().values() for name in names]
    assert sorted(listed) == sorted(NAMES)


def test_the_page_of_settings_is_what_the_program_says() -> None:
    tool = [sys.executable, str(ROOT / "tools" / "build_docs.py"), "--check"]
    ended = subprocess.run(tool, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    for name in NAMES:
        [row] = [
            line for line in page.splitlines() if f"`{variable_of(name)}`" in line and line.startswith("|")
        ]
        assert row.startswith(f"| `{flag_of(name).split('/')[0]}`")


def test_a_stale_page_is_told_and_renewed(tmp_path: Path) -> None:
    tool = [sys.executable, str(ROOT / "tools" / "build_docs.py"), "--directory", str(tmp_path)]
    (tmp_path / "settings.md").write_text("old")
    ended = subprocess.run([*tool, "--check"], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (1, "stale: settings.md; run python tools/build_docs.py\n")
    subprocess.run(tool, check=True, capture_output=True)
    ended = subprocess.run([*tool, "--check"], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
