"""YAML that says what JSON could say as well: strict, and without the surprises of YAML 1.1.

Only `true`, `false`, `null`, `~`, nothing, and numbers as JSON writes them are not text: `no`, `2025-01-31`, `0123` and `12:30` are. A key
given twice, a key that is not text, anchors, aliases and tags are errors.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from math import isfinite
from typing import Any

import yaml
from yaml.events import NodeEvent

from ep_mock.errors import UsageError


class _RefusedError(Exception):
    """YAML that has more than plain data; says what, and in which line, counted from zero."""

    def __init__(self, problem: str, place: yaml.Event | yaml.Node) -> None:
        super().__init__(problem)
        self.line = place.start_mark.line if place.start_mark is not None else 0


class _Loader(yaml.SafeLoader):
    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - filled below, by PyYAML's own way

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event: yaml.Event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, NodeEvent) and event.anchor is not None:
            raise _RefusedError("anchors (&) and aliases (*) cannot be used here", event)
        if getattr(event, "tag", None) is not None:
            raise _RefusedError("tags (!) cannot be used here; a text that begins with ! needs quotes", event)
        return super().compose_node(parent, index)

    def construct_yaml_float(self, node: yaml.ScalarNode) -> float:
        number: float = super().construct_yaml_float(node)
        if not isfinite(number):
            raise _RefusedError(f"the number {node.value} is out of range", node)
        return number

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str):
                raise _RefusedError(f"a key must be text; {key!r} needs quotes", key_node)
            if key in seen:
                raise _RefusedError(f"the key {key!r} is there twice", key_node)
            seen.add(key)
        return super().construct_mapping(node, deep)


_Loader.add_constructor("tag:yaml.org,2002:float", _Loader.construct_yaml_float)
for _tag, _pattern, _first in (
    ("bool", r"true|false", "tf"),
    ("null", r"null|~|", "n~\0"),
    ("int", r"-?(0|[1-9][0-9]{0,18})", "-0123456789"),
    ("float", r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?", "-0123456789"),
):
    _firsts = ["" if character == "\0" else character for character in _first]
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"(?:{_pattern})\Z"), _firsts)


def read_yaml(raw: bytes, name: str) -> Any:
    """The one document that `raw` holds, as plain data; `name` is how errors name the file.

    Raises:
        UsageError: it is not such YAML; the message names the line.
    """
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise _unusable(name, raw.count(b"\n", 0, error.start), "it is not UTF-8") from None
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader
    except _RefusedError as error:
        raise _unusable(name, error.line, str(error)) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _unusable(name, mark.line if mark is not None else 0, error.problem or error.context or "it is not YAML") from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, int(error.position))
        raise _unusable(name, line, f"the character U+{ord(text[int(error.position)]):04X} is not allowed in YAML") from None
    except RecursionError:
        raise UsageError(f"{name}: the file is nested too deeply") from None


def _unusable(name: str, line: int, problem: str) -> UsageError:
    return UsageError(f"{name}: line {line + 1}: {problem}")
