"""Settings and fixtures of tests: from the fixture ep_mock_settings, the configuration file and markers."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from ep_mock.errors import UsageError
from ep_mock.settings import RESET_SCOPES, SCOPES, Settings, parse_setting, setting_names

MARKER: Final = "@pytest.mark.ep_mock"

_ALL_SETTINGS: Final = setting_names(*SCOPES)
_STORE_SETTINGS: Final = setting_names(*RESET_SCOPES)
_MARKER_KEYWORDS: Final = (*_STORE_SETTINGS, "fixtures")


class MarkerArguments(NamedTuple):
    """The arguments of all markers of a test: settings of its store, and fixtures to load."""

    settings: dict[str, Any]
    fixtures: tuple[Any, ...]


def configured_settings(
    config: pytest.Config, fixture_settings: Settings | Mapping[str, Any]
) -> dict[str, Any]:
    """Merge the settings of the configuration file and of the fixture ep_mock_settings, which wins.

    Raises:
        UsageError: a name or a value is invalid.
    """
    settings = {**_file_settings(config), **_fixture_settings(fixture_settings)}
    try:
        Settings(**settings)
    except UsageError as error:
        raise UsageError(f"ep_mock_settings: {error}") from None
    return settings


def marker_arguments(test: pytest.Item) -> MarkerArguments:
    """Merge the markers of a test. The nearest marker wins.

    Raises:
        UsageError: an argument is unknown or invalid.
    """
    settings: dict[str, Any] = {}
    for marker in test.iter_markers("ep_mock"):
        if marker.args:
            raise UsageError(
                f"{MARKER}: takes keywords only, as in {MARKER}(clock='manual'), got {marker.args[0]!r}"
            )
        for name in marker.kwargs:
            _check_marker_keyword(name)
        settings = {**marker.kwargs, **settings}
    fixtures = _as_sequence(settings.pop("fixtures", ()))
    try:
        Settings().with_changes(settings)
    except UsageError as error:
        raise UsageError(f"{MARKER}: {error}") from None
    return MarkerArguments(settings, tuple(_resolved(each, test) for each in fixtures))


def only_store_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that a reset can change."""
    return {name: value for name, value in settings.items() if name in _STORE_SETTINGS}


def _file_settings(config: pytest.Config) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    for line in config.getini("ep_mock_settings"):
        name, equals, text = (part.strip() for part in line.partition("="))
        if not equals or name not in _ALL_SETTINGS:
            hint = _did_you_mean(name, _ALL_SETTINGS)
            raise UsageError(f"ep_mock_settings: expected lines such as codes_limit = 50, got {line!r}{hint}")
        try:
            settings[name] = parse_setting(name, text)
        except UsageError as error:
            raise UsageError(f"ep_mock_settings: {error}") from None
    return settings


def _fixture_settings(value: object) -> dict[str, Any]:
    if isinstance(value, Settings):
        settings = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        # The default port is for servers that people start. A test must not compete for it.
        if settings["port"] == Settings.port:
            settings["port"] = 0
        return settings
    if not isinstance(value, Mapping):
        raise UsageError(
            f"ep_mock_settings: expected a mapping or ep_mock.Settings from the fixture, got {value!r}"
        )
    for name in value:
        if name not in _ALL_SETTINGS:
            hint = _did_you_mean(str(name), _ALL_SETTINGS)
            raise UsageError(f"ep_mock_settings: there is no setting {name!r}{hint}")
    fixtures = value.get("fixtures", ())
    return dict(value) | ({"fixtures": tuple(_as_sequence(fixtures))} if fixtures else {})


def _check_marker_keyword(name: str) -> None:
    if name in _MARKER_KEYWORDS:
        return
    if name in _ALL_SETTINGS:
        raise UsageError(
            f"{MARKER}: {name} is a setting of the whole server, not of one test; set it in the fixture "
            "ep_mock_settings"
        )
    hint = _did_you_mean(name, _MARKER_KEYWORDS) or f"; expected one of {', '.join(_MARKER_KEYWORDS)}"
    raise UsageError(f"{MARKER}: there is no setting {name!r}{hint}")


def _did_you_mean(name: str, names: Sequence[str]) -> str:
    close = get_close_matches(name, names, 1)
    return f"; did you mean {close[0]}?" if close else ""


def _as_sequence(fixtures: Any) -> Sequence[Any]:
    return (fixtures,) if isinstance(fixtures, str | Path | Mapping) else tuple(fixtures)


def _resolved(fixture: Any, test: pytest.Item) -> Any:
    """Look for a file, or a folder with a slash in its name, beside the test first."""
    if isinstance(fixture, str | Path):
        beside = test.path.parent / fixture
        is_path = beside.is_file() or (beside.is_dir() and Path(fixture).name != str(fixture))
        return str(beside) if is_path else str(fixture)
    if not isinstance(fixture, Mapping):
        raise UsageError(
            f"{MARKER}: fixtures: expected a file, the name of a shipped fixture or a mapping, got "
            f"{fixture!r}"
        )
    return fixture
