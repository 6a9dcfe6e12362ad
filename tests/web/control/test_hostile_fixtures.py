"""Hundreds of edited fixtures."""

from __future__ import annotations

from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.mutations import edits
from tests.web.control.hostile import try_fixture
from tests.web.control.rich_fixtures import RICH

# The large one says the same as the others of more codes.
EDITS: Final = {name: edits(fixture) for name, fixture in RICH.items() if name != "large"}


@pytest.mark.parametrize("name", RICH)
def test_a_store_that_a_fixture_has_filled_keeps_all_rules_of_a_snapshot(name: str) -> None:
    assert try_fixture(RICH[name]) == "accepted"


@pytest.mark.parametrize("name", EDITS)
@settings(max_examples=settings().max_examples // 2)
@given(drawn=st.data())
def test_a_fixture_that_somebody_has_edited_is_refused_or_does_no_harm(
    name: str, drawn: st.DataObject
) -> None:
    try_fixture(drawn.draw(EDITS[name]))
