"""Fixture files: which are found, how they are read, and what is said of those that cannot be."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ep_mock.errors import UsageError
from ep_mock.fixtures import files as fixture_files
from ep_mock.fixtures.files import fixture_paths, read_fixture, shipped_fixtures
from ep_mock.fixtures.yaml import read_yaml
from ep_mock.web.app import create_app
from tests.client import api_client

YAML = """\
# A comment.
ep_mock_fixture: 1
description: Read from YAML
settings: {codes_limit: 7}
promotions:
  - family: rule
    name: no
    start: 2025-01-31
    priority: 10
    automatic: true
"""
JSON = """\
{"ep_mock_fixture": 1, "description": "Read from YAML", "settings": {"codes_limit": 7}, "promotions":
 [{"family": "rule", "name": "no", "start": "2025-01-31", "priority": 10, "automatic": true}]}
"""


def written(folder: Path, name: str, content: str | bytes) -> str:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(path)


def problem(name: str) -> str:
    """What is said of a file, without the folder that it is in."""
    with pytest.raises(UsageError) as error:
        read_fixture(name)
    return str(error.value).replace(str(Path(name).parent) + os.sep, "")


@pytest.mark.parametrize("name", ["f.yaml", "f.yml", "F.YAML"])
def test_yaml_and_json_say_the_same(tmp_path: Path, name: str) -> None:
    from_yaml = read_fixture(written(tmp_path, name, YAML))
    from_json = read_fixture(written(tmp_path, "f.json", JSON))
    assert (
        (from_yaml.description, from_yaml.settings) == (from_json.description, from_json.settings) == ("Read from YAML", {"codes_limit": 7})
    )
    assert from_yaml.promotions[0].request == from_json.promotions[0].request


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    for name, text in (("f.yaml", YAML), ("f.json", JSON)):
        assert read_fixture(written(tmp_path, name, b"\xef\xbb\xbf" + text.encode())).description == "Read from YAML"


def test_text_is_text_unless_json_would_call_it_something_else() -> None:
    text = "[no, on, 2025-01-31, 0123, 12:30, 0x10, 1_000, .inf, .5, +1, True, true, null, ~, 10, -1, 1.5, 1e3, '10', <<, =, ]"
    expected: list[Any] = ["no", "on", "2025-01-31", "0123", "12:30", "0x10", "1_000", ".inf", ".5", "+1", "True", True, None, None]
    assert read_yaml(text.encode(), "f.yaml") == [*expected, 10, -1, 1.5, 1000.0, "10", "<<", "="]


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**18), 10**18)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text("ab é:#-'{\\\n\"1."),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab #:", max_size=5), inner, max_size=3),
    max_leaves=10,
)


@given(VALUES)
def test_json_is_yaml(value: object) -> None:
    assert read_yaml(json.dumps(value, ensure_ascii=False).encode(), "f.yaml") == value


BROKEN: list[tuple[str, str | bytes, str]] = [
    ("f.yaml", "ep_mock_fixture: 1\npromotions: [\n", "f.yaml: line 3: expected the node content"),
    ("f.yaml", "ep_mock_fixture: 1\nsettings: {}\nsettings: {}\n", "f.yaml: line 3: the key 'settings' is there twice"),
    ("f.yaml", "ep_mock_fixture: 1\nsettings:\n  1: 2\n", "f.yaml: line 3: a key must be text; 1 needs quotes"),
    ("f.yaml", "a: &x 1\nb: *x\n", "f.yaml: line 1: anchors (&) and aliases (*) cannot be used here"),
    ("f.yaml", "a: 1\nb: *x\n", "f.yaml: line 2: anchors (&) and aliases (*) cannot be used here"),
    ("f.yaml", "\nb: !!python/name:os.system\n", "f.yaml: line 2: tags (!) cannot be used here; a text that begins with ! needs quotes"),
    ("f.yaml", "a: 1\n---\nb: 1\n", "f.yaml: line 2: but found another document"),
    ("f.yaml", "a: 1\n\tb: 1\n", "f.yaml: line 2: found character '\\t' that cannot start any token"),
    ("f.yaml", b"a: 1\nb: \xff\n", "f.yaml: line 2: it is not UTF-8"),
    ("f.yaml", "a: 1\nb: \x00\n", "f.yaml: line 2: the character U+0000 is not allowed in YAML"),
    ("f.yaml", "ep_mock_fixture: 1\nsettings: {codes_limit: 1e999}\n", "f.yaml: line 2: the number 1e999 is out of range"),
    ("f.yaml", "[" * 100_000, "f.yaml: the file is nested too deeply"),
    ("f.yaml", "", 'f.yaml: expected an object that begins with "ep_mock_fixture": 1'),
    (
        "f.yaml",
        "ep_mock_fixture: 1\npromotion: []\n",
        'f.yaml: unknown key "promotion"; expected one of ep_mock_fixture, description, settings, promotions',
    ),
    ("f.json", '{"ep_mock_fixture": 1,\n}', "f.json: the file is not JSON: "),
    ("f.json", "", "f.json: the file is not JSON: it ends too early at byte 0 (line 1, column 1)"),
    ("f.json", b'"\xff"', "f.json: the file is not UTF-8 at byte 1 (line 1, column 2)"),
    (
        "f.json",
        '{"ep_mock_fixture": 1, "promotions": [{"name": "a", "name": "b"}]}',
        "f.json: the key 'name' is there twice in one object",
    ),
    ("f.json", "[" * 100_000, "f.json: the file is not acceptable: it is nested more than 128 levels deep"),
]


@pytest.mark.parametrize(("name", "content", "expected"), BROKEN)
def test_a_file_that_cannot_be_read_is_named_with_its_line(tmp_path: Path, name: str, content: str | bytes, expected: str) -> None:
    assert problem(written(tmp_path, name, content)).startswith(expected)


@given(st.binary(max_size=60) | st.text("[]{}:,-&*!|>'\"#\n a1?%@\t", max_size=40).map(str.encode))
def test_bytes_are_data_or_one_line_of_error(raw: bytes) -> None:
    try:
        said = json.dumps(read_yaml(raw, "f.yaml"))
    except UsageError as error:
        said = str(error)
    assert "\n" not in said


def test_what_is_no_file_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "folder.yaml").mkdir()
    assert problem(str(tmp_path / "folder.yaml")) == "folder.yaml: expected a fixture file, but this is a folder"
    assert problem(str(tmp_path / "none.json")) == "none.json: there is no such file"
    assert problem(str(tmp_path / "campaign.yaml")) == "campaign.yaml: there is no such file; did you mean the shipped fixture 'campaign'?"
    with pytest.raises(UsageError, match="the file cannot be read: embedded null"):
        read_fixture("a\0.json")
    monkeypatch.setattr(fixture_files, "LARGEST", 10)
    assert problem(written(tmp_path, "f.yaml", YAML)) == "f.yaml: the file is larger than 10 bytes"


def test_a_word_is_a_shipped_fixture_or_an_error_that_lists_them() -> None:
    with pytest.raises(UsageError) as error:
        read_fixture("campain")
    names = ", ".join(shipped_fixtures())
    assert str(error.value) == f"fixtures: 'campain' is no shipped fixture ({names}), and no file that ends in .json, .yaml, .yml"


def test_a_folder_stands_for_its_fixtures_in_the_order_of_their_names(tmp_path: Path) -> None:
    one = '{"ep_mock_fixture": 1, "settings": {"codes_limit": %d}, "promotions": [{"family": "rule", "name": "%s"}]}'
    written(tmp_path, "2.json", one % (2, "Second"))
    written(tmp_path, "1.yaml", one % (1, "First"))
    written(tmp_path, ".hidden.json", one % (3, "Hidden"))
    written(tmp_path, "README.md", "About these.")
    (tmp_path / "more.yaml").mkdir()
    client = api_client(fixtures=(str(tmp_path),))
    assert {promotion["name"] for promotion in client.pages("/v2/rule-promotions")} == {"First", "Second"}
    assert client.store.settings.codes_limit == 2


def test_a_folder_without_fixtures_stands_for_none(tmp_path: Path) -> None:
    assert not fixture_paths(str(tmp_path))


def test_a_folder_needs_a_slash_since_a_bare_word_is_a_shipped_fixture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "campaign").mkdir()
    (tmp_path / "mine").mkdir()
    assert fixture_paths("campaign") == ["campaign"]
    assert fixture_paths("campaign/") == fixture_paths("./mine") == []
    with pytest.raises(UsageError, match=r"'mine' is no shipped fixture .*; for the folder, say './mine'$"):
        create_app(fixtures=("mine",))


def test_each_fixture_is_read_once_and_a_reset_loads_it_again(tmp_path: Path) -> None:
    name = written(tmp_path, "f.yaml", YAML)
    app = create_app(fixtures=(name, "nearly-full"), seed="x")
    Path(name).unlink()
    first = app.gate.enter("default").store
    app.gate.reset("default")
    again, other = app.gate.enter("default").store, app.gate.enter("other").store
    assert again is not first
    for store in (first, again, other):
        listed = [promotion.fields["name"] for family in store.content.promotions.values() for promotion in family.values()]
        assert listed == ["Five codes to go", "no", "Five codes to go, by rules"]
        assert store.settings.codes_limit == 7


def test_a_fixture_that_does_not_fit_stops_the_start(tmp_path: Path) -> None:
    name = written(tmp_path, "f.json", '{"ep_mock_fixture": 1, "settings": {"port": 1}}')
    with pytest.raises(UsageError, match=r"f\.json: settings: port: not a setting that can be changed here"):
        create_app(fixtures=(name,))
