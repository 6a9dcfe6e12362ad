"""Which requests somebody means: one matcher for faults and for questions to the journal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Annotated, Any, Final
from urllib.parse import parse_qsl, unquote

import msgspec

from ep_mock.domain.families import FamilyName
from ep_mock.domain.patterns import Pattern, fits, fits_path

MOST_NAMES: Final = 100
"""Most headers, and most query parameters, that a matcher asks for."""
MOST_TEXT: Final = 65_536
"""Most characters of a text that a body must have in it."""

_NO_JSON: Final = object()
_Patterns = Annotated[dict[str, Pattern | None], msgspec.Meta(max_length=MOST_NAMES)]


class RecordedRequest(msgspec.Struct, frozen=True, gc=False):
    """One request as it is kept, without its secrets.

    Attributes:
        path, query: as the client sent them.
        operation, family: what serves the path; None where nothing does, or where the path belongs to no
            family.
        header_lines: a name in lower case, its value, the next name, and so on, each in a line.
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
    """What a request must be like; what is not said matches all. `ep_mock.domain.patterns` says what patterns
    are.

    Attributes:
        method: in any case.
        path: a pattern of a path; it is held against the path as it was sent, and decoded.
        operation: the id in the OpenAPI documents, such as `create_job`.
        headers, query: patterns of values, by name; None means that there must be none of that name. Of a
            name that comes twice, any value counts. Secrets can be asked for only with `*` or None: their
                values are not looked at.
        body: JSON of which the body must be an extension: objects may have more keys; lists are compared item
            by item.
        body_contains: text that the body must have in it.
    """

    method: str | None = None
    path: Pattern | None = None
    operation: str | None = None
    family: FamilyName | None = None
    headers: _Patterns = {}
    query: _Patterns = {}
    body: Any = msgspec.UNSET
    body_contains: Annotated[str, msgspec.Meta(max_length=MOST_TEXT)] | None = None

    def matches(self, request: RecordedRequest) -> bool:
        """Whether the request is one of those."""
        return not any(self._differences(request))

    def differences(self, request: RecordedRequest) -> tuple[str, ...]:
        """In what the request differs: `method`, `path`, `headers.content-type`, …; nothing when it
        matches.
        """
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
            wanted = {name.lower(): pattern for name, pattern in self.headers.items()}
            yield from _unlike(wanted, _headers_by_name(request.header_lines), "headers")
        if self.query:
            yield from _unlike(self.query, _arguments_by_name(request.query), "query")
        if self.body_contains is not None and self.body_contains.encode() not in request.body:
            yield "body_contains"
        if self.body is not msgspec.UNSET and not _body_extends(request.body, self.body):
            yield "body"


def extends(value: Any, wanted: Any) -> bool:
    """Whether JSON `value` has all that `wanted` has: objects may have more keys, lists are compared item by
    item, the rest is equal.
    """
    if isinstance(wanted, dict):
        return isinstance(value, dict) and all(
            name in value and extends(value[name], part) for name, part in wanted.items()
        )
    if isinstance(wanted, list):
        return isinstance(value, list) and len(value) == len(wanted) and all(map(extends, value, wanted))
    # In Python, but not in JSON, true equals 1.
    return isinstance(value, bool) == isinstance(wanted, bool) and bool(value == wanted)


def _body_extends(body: bytes, wanted: Any) -> bool:
    value = _read_json(body)
    try:
        return value is not _NO_JSON and extends(value, wanted)
    except RecursionError:
        return False


# A thousand faults may be held against one request: what it consists of is taken apart once.
@lru_cache(maxsize=4)
def _read_json(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _NO_JSON


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


def _unlike(
    wanted: Mapping[str, str | None], values: Mapping[str, Sequence[str]], place: str
) -> Iterator[str]:
    for name, pattern in wanted.items():
        given = values.get(name, ())
        if bool(given) if pattern is None else not any(fits(pattern, value) for value in given):
            yield f"{place}.{name}"


def _fits_path(pattern: str, path: bytes) -> bool:
    if fits_path(pattern, path.decode("latin-1")):
        return True
    return (b"%" in path or not path.isascii()) and fits_path(pattern, unquote(path))
