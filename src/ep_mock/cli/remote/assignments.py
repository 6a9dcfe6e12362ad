"""Settings as people write them in a shell: `codes_limit=50`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ep_mock.errors import UsageError
from ep_mock.settings import names_of, setting_from_text


def read_assignments(texts: Sequence[str], allowed: Sequence[str]) -> dict[str, Any]:
    """The settings by name; dashes in a name count as underscores.

    Raises:
        UsageError: one is no assignment, of an unknown setting or of a value of the wrong kind.
    """
    changes = {}
    for text in texts:
        name, equals, value = text.partition("=")
        name = name.strip().replace("-", "_")
        if not equals or name not in allowed:
            raise UsageError(f"expected NAME=VALUE with one of the names {', '.join(allowed)}, got {text!r}")
        changes[name] = setting_from_text(name, value)
    return changes


STORE_SETTINGS = names_of("store")
RESET_SETTINGS = names_of("start", "store")
