"""What tests say that they want: the fixture ep_mock_settings, the configuration file and the marker, read
and checked.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from ep_mock.errors import UsageError
from ep_mock.settings import RESET_SCOPES, Settings, parse_setting, setting_names

MARKER: Final = "@pytest.mark.ep_mock"

_OF_A_STORE: Final = setting_names(*RESET_SCOPES)
_IN_MARKER: Final = (*_OF_A_STORE, "fixtures")


class Marked(NamedTuple):
    """What the markers of a test say together: settings of its store, and what to fill it with."""

    changes: dict[str, Any]
    fixtures: tuple[Any, ...]


def settings_given(config: pytest.Config, given: Settings | Mapping[str, Any]) -> dict[str, Any]:
    """What the configuration file and the fixture ep_mock_settings say together; the fixture comes first.

    Raises:
        UsageError: a name or a value cannot be used; the message begins with the place.
    """
    said = {**_from_file(config), **_from_fixture(given)}
    try:
        Settings(**said)
    except UsageError as error:
        raise UsageError(f"ep_mock_settings: {error}") from None
    return said


def marked(item: pytest.Item) -> Marked:
    """What a test's markers say, the nearest to the test first.

    Raises:
        UsageError: an argument is unknown, or its value cannot be used.
    """
    changes: dict[str, Any] = {}
    for marker in item.iter_markers("ep_mock"):
        if marker.args:
            raise UsageError(
                f"{MARKER}: takes keywords only, as in {MARKER}(clock='manual'), got {marker.args[0]!r}"
            )
        for name in marker.kwargs:
            _check_name(name)
        changes = {**marker.kwargs, **changes}
    fixtures = changes.pop("fixtures", ())
    if changes:
        try:
            Settings().with_changes(changes)
        except UsageError as error:
            raise UsageError(f"{MARKER}: {error}") from None
    return Marked(changes, tuple(_found(each, item) for each in _listed(fixtures)))


def only_of_a_store(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The part of the settings with which a store can begin."""
    return {name: value for name, value in settings.items() if name in _OF_A_STORE}


def _from_file(config: pytest.Config) -> dict[str, Any]:
    said: dict[str, Any] = {}
    for line in config.getini("ep_mock_settings"):
        name, equals, text = (part.strip() for part in line.partition("="))
        if not equals or name not in setting_names("server", *RESET_SCOPES):
            raise UsageError(
                f"ep_mock_settings: expected lines such as codes_limit = 50, got {line!r}{_hint(name)}"
            )
        try:
            said[name] = parse_setting(name, text)
        except UsageError as error:
            raise UsageError(f"ep_mock_settings: {error}") from None
    return said


def _from_fixture(given: object) -> dict[str, Any]:
    if isinstance(given, Settings):
        said = {field.name: getattr(given, field.name) for field in dataclasses.fields(given)}
        # The port of a server that people start; beside a test it would be taken sooner or later.
        if said["port"] == Settings.port:
            said["port"] = 0
        return said
    if not isinstance(given, Mapping):
        raise UsageError(
            f"ep_mock_settings: expected a mapping or ep_mock.Settings from the fixture, got {given!r}"
        )
    for name in given:
        if name not in setting_names("server", *RESET_SCOPES):
            raise UsageError(f"ep_mock_settings: there is no setting {name!r}{_hint(str(name))}")
    fixtures = given.get("fixtures", ())
    return dict(given) | ({"fixtures": tuple(_listed(fixtures))} if fixtures else {})


def _check_name(name: str) -> None:
    if name in _IN_MARKER:
        return
    if name in setting_names("server"):
        raise UsageError(
            f"{MARKER}: {name} is a setting of the whole server, not of one test; say it in the fixture "
            f"ep_mock_settings"
        )
    hint = _hint(name, _IN_MARKER) or f"; there are {', '.join(_IN_MARKER)}"
    raise UsageError(f"{MARKER}: there is no setting {name!r}{hint}")


def _hint(name: str, names: Sequence[str] | None = None) -> str:
    close = get_close_matches(name, setting_names("server", *RESET_SCOPES) if names is None else names, 1)
    return f"; did you mean {close[0]}?" if close else ""


def _listed(fixtures: Any) -> Sequence[Any]:
    """One fixture or several, as several."""
    return (fixtures,) if isinstance(fixtures, str | Path | Mapping) else tuple(fixtures)


def _found(fixture: Any, item: pytest.Item) -> Any:
    """A file, or a folder with a slash in its name, is looked for beside the test first."""
    if isinstance(fixture, str | Path):
        beside = item.path.parent / fixture
        is_path = beside.is_file() or (beside.is_dir() and Path(fixture).name != str(fixture))
        return str(beside) if is_path else str(fixture)
    if not isinstance(fixture, Mapping):
        raise UsageError(
            f"{MARKER}: fixtures: expected a file, the name of a shipped fixture or a mapping, got "
            f"{fixture!r}"
        )
    return fixture
