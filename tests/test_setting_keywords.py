"""Settings as keywords for type checkers. An unneeded comment that silences mypy fails the check of types."""

from __future__ import annotations

from typing import get_type_hints

import pytest

from ep_mock import MockServer, SettingKeywords, Settings, create_app
from ep_mock.errors import UsageError
from ep_mock.handle import ResetSettings, StoreSettings


def test_the_keywords_are_the_settings() -> None:
    assert get_type_hints(SettingKeywords) == get_type_hints(Settings)
    for part in (StoreSettings, ResetSettings):
        assert get_type_hints(part).items() <= get_type_hints(Settings).items()


def test_known_keywords_are_accepted() -> None:
    assert (
        MockServer(clock="manual").settings.clock
        == create_app(clock="manual").stores.settings.clock
        == "manual"
    )


def test_a_misspelt_keyword_is_an_error_for_type_checkers_and_at_run_time() -> None:
    with pytest.raises(
        UsageError, match=r"^clok: not a setting that can be changed here; did you mean clock\?$"
    ):
        MockServer(clok="manual")  # type: ignore[call-arg]
    with pytest.raises(UsageError, match=r"did you mean clock\?$"):
        create_app(clok="manual")  # type: ignore[call-arg]
    with pytest.raises(UsageError, match="^clock: expected one of real, scaled, manual, poll, got 'maunal'$"):
        MockServer(clock="maunal")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="^codes_limit: expected int, got '5'$"):
        create_app(codes_limit="5")  # type: ignore[arg-type]
    with pytest.raises(
        UsageError,
        match="^settings: expected ep_mock.Settings, or keywords such as clock='manual', got 'manual'$",
    ):
        MockServer("manual")  # type: ignore[arg-type]
