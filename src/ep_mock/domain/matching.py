"""Which requests somebody means: one matcher for faults and for questions to the journal."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, unquote

import msgspec

from ep_mock.domain.families import FamilyName


class Request(msgspec.Struct, frozen=True, gc=False):
    """One request as it is kept, without its secrets.

    Attributes:
        path, query: as the client sent them.
        operation, family: what serves the path; None where nothing does, or where the path belongs to no family.
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
        lines = self.header_lines.decode("latin-1").split("\n")
        return list(zip(lines[::2], lines[1::2], strict=False))

    @property
    def arguments(self) -> list[tuple[str, str]]:
        """The decoded query."""
        return parse_qsl(self.query.decode("latin-1"), keep_blank_values=True) if self.query else []


class RequestMatcher(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """What a request must be like; what is not said matches all.

    Attributes:
        method: in any case.
        path: a pattern in which `*` stands for any text within a segment and `**` for any text; it must cover the whole path, which is
            compared as it was sent and decoded.
        operation: the id in the OpenAPI documents, such as `create_job`.
        headers, query: patterns (`*` is any text) by name; None means that there must be none of that name. Of a name that comes twice,
            any value counts. Secrets can be asked for only with `*` or None: their values are not looked at.
        body: JSON of which the body must be an extension: objects may have more keys; lists are compared item by item.
        body_contains: text that the body must have in it.
    """

    method: str | None = None
    path: str | None = None
    operation: str | None = None
    family: FamilyName | None = None
    headers: dict[str, str | None] = {}
    query: dict[str, str | None] = {}
    body: Any = msgspec.UNSET
    body_contains: str | None = None

    def matches(self, request: Request) -> bool:
        """Whether the request is one of those."""
        return not any(self._differences(request))

    def differences(self, request: Request) -> tuple[str, ...]:
        """In what the request differs: `method`, `path`, `headers.content-type`, …; nothing when it matches."""
        return tuple(self._differences(request))

    def _differences(self, request: Request) -> Iterator[str]:
        if self.method is not None and self.method.upper() != request.method:
            yield "method"
        if self.operation is not None and self.operation != request.operation:
            yield "operation"
        if self.family is not None and self.family != request.family:
            yield "family"
        if self.path is not None and not _fits_path(self.path, request.path):
            yield "path"
        if self.headers:
            yield from _unlike({name.lower(): value for name, value in self.headers.items()}, request.headers, "headers")
        if self.query:
            yield from _unlike(self.query, request.arguments, "query")
        if self.body_contains is not None and self.body_contains.encode() not in request.body:
            yield "body_contains"
        if self.body is not msgspec.UNSET and not _body_extends(request.body, self.body):
            yield "body"


def extends(value: Any, wanted: Any) -> bool:
    """Whether JSON `value` has all that `wanted` has: objects may have more keys, lists are compared item by item, the rest is equal."""
    if isinstance(wanted, dict):
        return isinstance(value, dict) and all(name in value and extends(value[name], part) for name, part in wanted.items())
    if isinstance(wanted, list):
        return isinstance(value, list) and len(value) == len(wanted) and all(map(extends, value, wanted))
    # In Python, but not in JSON, true equals 1.
    return isinstance(value, bool) == isinstance(wanted, bool) and bool(value == wanted)


def _body_extends(body: bytes, wanted: Any) -> bool:
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return extends(value, wanted)


def _unlike(wanted: Mapping[str, str | None], pairs: Sequence[tuple[str, str]], place: str) -> Iterator[str]:
    for name, pattern in wanted.items():
        values = [value for given, value in pairs if given == name]
        fits = not values if pattern is None else any(_compiled(pattern, segments=False).fullmatch(value) for value in values)
        if not fits:
            yield f"{place}.{name}"


def _fits_path(pattern: str, path: bytes) -> bool:
    text, compiled = path.decode("latin-1"), _compiled(pattern, segments=True)
    if compiled.fullmatch(text):
        return True
    return (b"%" in path or not path.isascii()) and compiled.fullmatch(unquote(path)) is not None


@lru_cache(maxsize=256)
def _compiled(pattern: str, *, segments: bool) -> re.Pattern[str]:
    stars = {"**": ".*", "*": "[^/]*" if segments else ".*"}
    parts = re.split(r"(\*\*|\*)", pattern)
    return re.compile("".join(stars.get(part) or re.escape(part) for part in parts), re.DOTALL)
