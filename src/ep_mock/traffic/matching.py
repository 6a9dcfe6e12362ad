"""The matcher of requests, for faults and for queries of the journal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Annotated, Any, Final
from urllib.parse import parse_qsl, unquote

import msgspec

from ep_mock.domain.families import FamilyName
from ep_mock.domain.patterns import Pattern, fits, fits_path

MAX_NAMES: Final = 100
"""Maximum number of headers, and of query parameters, in a matcher."""
MAX_TEXT: Final = 65_536
"""Maximum number of characters of `body_contains`."""

_NOT_JSON: Final = object()
_Patterns = Annotated[dict[str, Pattern | None], msgspec.Meta(max_length=MAX_NAMES)]


class RecordedRequest(msgspec.Struct, frozen=True, gc=False):
    """One request as the journal keeps it, without secrets.

    Attributes:
        path, query: as the client sent them.
        operation, family: those of the route; None without a route, and without a family.
        header_lines: a name in lower case, its value, the next name, and so on, one per line.
    """

    method: str
    path: bytes
    query: bytes
    operation: str | None
    family: str | None
    header_lines: bytes
    body: bytes

    @property
    def headers(self) -> list[tuple[str, str]]:
        """Names in lower case, with their values."""
        return _pairs_of(self.header_lines)


class RequestMatcher(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True
):
    """Conditions on a request; an omitted one matches all. Patterns are those of `ep_mock.domain.patterns`.

    Attributes:
        method: in any case.
        path: a pattern, matched against the path as it was sent and against the decoded path.
        operation: the id in the OpenAPI documents, such as `create_job`.
        headers, query: patterns of values by name; None: the name must be absent. If a name occurs twice,
            one matching value is enough. The values of secrets are unknown: only `*` or None match.
        body: JSON that the body must contain: objects may have more keys; lists are compared item by item.
        body_contains: text that the body must contain.
    """

    method: str | None = None
    path: Pattern | None = None
    operation: str | None = None
    family: FamilyName | None = None
    headers: _Patterns = {}
    query: _Patterns = {}
    body: Any = msgspec.UNSET
    body_contains: Annotated[str, msgspec.Meta(max_length=MAX_TEXT)] | None = None

    def matches(self, request: RecordedRequest) -> bool:
        """Whether the request meets all conditions."""
        return not any(self._differences(request))

    def differences(self, request: RecordedRequest) -> tuple[str, ...]:
        """The conditions that the request does not meet: `method`, `path`, `headers.content-type`, …"""
        return tuple(self._differences(request))

    def _differences(self, request: RecordedRequest) -> Iterator[str]:
        if self.method is not None and self.method.upper() != request.method:
            yield "method"
        if self.operation is not None and self.operation != request.operation:
            yield "operation"
        if self.family is not None and self.family != request.family:
            yield "family"
        if self.path is not None and not _fits_path(self.path, request.path):
            yield "path"
        if self.headers:
            patterns = {name.lower(): pattern for name, pattern in self.headers.items()}
            yield from _mismatches("headers", patterns, _headers_by_name(request.header_lines))
        if self.query:
            yield from _mismatches("query", self.query, _arguments_by_name(request.query))
        if self.body_contains is not None and self.body_contains.encode() not in request.body:
            yield "body_contains"
        if self.body is not msgspec.UNSET and not _body_extends(request.body, self.body):
            yield "body"


def extends(value: Any, part: Any) -> bool:
    """Whether JSON `value` contains `part`: objects may have more keys; lists are compared item by item."""
    if isinstance(part, dict):
        return isinstance(value, dict) and all(
            name in value and extends(value[name], inner) for name, inner in part.items()
        )
    if isinstance(part, list):
        return isinstance(value, list) and len(value) == len(part) and all(map(extends, value, part))
    # In Python, but not in JSON, true equals 1.
    return isinstance(value, bool) == isinstance(part, bool) and bool(value == part)


def _body_extends(body: bytes, part: Any) -> bool:
    value = _read_json(body)
    try:
        return value is not _NOT_JSON and extends(value, part)
    except RecursionError:
        return False


# A thousand faults may be matched against one request: its parts are parsed once.
@lru_cache(maxsize=4)
def _read_json(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _NOT_JSON


@lru_cache(maxsize=4)
def _headers_by_name(lines: bytes) -> Mapping[str, Sequence[str]]:
    return _grouped(_pairs_of(lines))


@lru_cache(maxsize=4)
def _arguments_by_name(query: bytes) -> Mapping[str, Sequence[str]]:
    return _grouped(parse_qsl(query.decode("latin-1"), keep_blank_values=True) if query else [])


def _pairs_of(header_lines: bytes) -> list[tuple[str, str]]:
    lines = header_lines.decode("latin-1").split("\n")
    return list(zip(lines[::2], lines[1::2], strict=False))


def _grouped(pairs: list[tuple[str, str]]) -> Mapping[str, Sequence[str]]:
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return values


def _mismatches(
    place: str, patterns: Mapping[str, str | None], values_by_name: Mapping[str, Sequence[str]]
) -> Iterator[str]:
    for name, pattern in patterns.items():
        values = values_by_name.get(name, ())
        if bool(values) if pattern is None else not any(fits(pattern, value) for value in values):
            yield f"{place}.{name}"


def _fits_path(pattern: str, path: bytes) -> bool:
    if fits_path(pattern, path.decode("latin-1")):
        return True
    return (b"%" in path or not path.isascii()) and fits_path(pattern, unquote(path))
