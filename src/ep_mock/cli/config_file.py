"""Settings from a TOML file."""

from __future__ import annotations

import datetime
import difflib
import tomllib
from pathlib import Path
from typing import Any

from ep_mock.errors import UsageError
from ep_mock.settings import kind_of, settings_fields


def read_config_file(path: Path) -> dict[str, Any]:
    """The settings in a file, by name, each of its TOML type; `Settings` checks the rest.

    A fixture or a folder of fixtures that lies beside the file is found there, wherever ep-mock is started.

    Raises:
        UsageError: the file cannot be read, is no TOML, or has a key that is no setting.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror or error}") from None
    except ValueError as error:
        raise UsageError(f"{path}: is no TOML: {error}") from None
    names = [field.name for field in settings_fields()]
    for key in content:
        if key not in names:
            near = difflib.get_close_matches(key.replace("-", "_").lower(), names, 1)
            hint = f"did you mean {near[0]}?" if near else f"expected some of {', '.join(names)}"
            raise UsageError(f"{path}: {key!r} is not a setting; {hint}")
    return {name: _value(path, name, value) for name, value in content.items()}


def _value(path: Path, name: str, value: Any) -> Any:
    kind = kind_of(name)
    if kind is str and isinstance(value, datetime.date):  # a date without quotes, also one with a time
        return value.isoformat()
    if kind is not tuple:
        return value
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise UsageError(f'{path}: {name}: expected a list of texts such as ["one", "two"], got {value!r}')
    if name != "fixtures":
        return tuple(value)
    return tuple(_beside(path, item) for item in value)


def _beside(path: Path, fixture: str) -> str:
    beside = path.parent / fixture
    # A folder is not meant by a bare word: that is the name of a shipped fixture.
    return str(beside) if beside.is_file() or (Path(fixture).name != fixture and beside.is_dir()) else fixture
