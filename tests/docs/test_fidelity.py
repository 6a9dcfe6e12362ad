"""The fidelity table has every setting that changes behaviour, and no setting that does not exist."""

from __future__ import annotations

import re

from ep_mock.cli.options import flag_of
from ep_mock.settings import settings_fields
from tests.docs.blocks import ROOT

PAGE = (ROOT / "docs" / "fidelity.md").read_text(encoding="utf-8")
ROWS = [line.strip("| ").split(" | ") for line in PAGE.splitlines() if line.startswith("| ")]
TAGS = {"documented", "client", "inferred", "assumed"}


def flags(name: str) -> set[str]:
    """The ways to write a setting's flag."""
    return set(flag_of(name).split("/"))


def test_every_setting_that_changes_how_a_store_behaves_is_in_the_table() -> None:
    said = set(re.findall(r"--[a-z][a-z-]+", PAGE))
    behaviours = [field.name for field in settings_fields() if field.metadata["scope"] == "store"]
    assert [name for name in behaviours if not flags(name) & said] == []


def test_every_flag_in_the_table_exists() -> None:
    known = set().union(*(flags(field.name) for field in settings_fields()))
    assert set(re.findall(r"--[a-z][a-z-]+", PAGE)) - known == set()


def test_every_row_has_a_known_tag() -> None:
    tagged = [row for row in ROWS if row[0] != "behaviour"]
    assert len(tagged) > 50
    assert [row for row in tagged if row[1].strip() not in TAGS] == []
