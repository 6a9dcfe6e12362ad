"""Taking secrets out of a request, before anything of it is kept.

What counts is the name: a header, a query parameter, a form field or a JSON key that sounds like a secret keeps its name and loses its
value. What is in doubt is taken out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import unquote_to_bytes

import msgspec

REDACTED: Final = b"[redacted]"

_SECRET = re.compile(rb"secret|token|passw|auth|cookie|signature|credential|api[-_]?key|referer", re.IGNORECASE)
# Of lower-case text. The last two are escapes, which may hide a word from a search for it.
_SIGN = re.compile(rb"s(?:ecret|ignature)|token|passw|auth|c(?:ookie|redential)|key|%|\\u")


class _Verdicts(dict[bytes, bool]):
    """Which names are secrets, as far as they were asked for; a look-up here costs half of one in a cache around a function."""

    def __missing__(self, name: bytes) -> bool:
        verdict = _SECRET.search(name) is not None
        if len(self) < _MOST_VERDICTS and len(name) < 100:
            self[name] = verdict
        return verdict


_MOST_VERDICTS: Final = 1000
_VERDICTS: Final = _Verdicts()


def is_secret(name: bytes) -> bool:
    """Whether what is called like this is a secret: `Authorization`, `client_secret`, `X-EP-Mock-Token`, `Signature` …

    A `Referer` counts as well, since the address of a page may carry one.
    """
    return _VERDICTS[name]


def redacted_headers(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Headers as lines: a name, its value, the next name, and so on."""
    # A loop, for it is done with every request: it takes half as long as what is shorter.
    lines: list[bytes] = []
    for name, value in headers:
        lines.append(name)
        lines.append(REDACTED if _VERDICTS[name] else value)
    return b"\n".join(lines)


def redacted_query(query: bytes) -> bytes:
    """A query, or the body of a form, otherwise unchanged."""
    return b"&".join([_redacted_pair(pair) for pair in query.split(b"&")]) if _is_suspicious(query) else query


def redacted_body(body: bytes) -> bytes:
    """A body, unchanged unless there is a sign of a secret in it; what is neither JSON nor a form is then taken out as a whole."""
    if not _is_suspicious(body):
        return body
    try:
        return msgspec.json.encode(_redacted_json(msgspec.json.decode(body)))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        # A form is one line, and every part of it a pair.
        is_form = b"\n" not in body and all(b"=" in pair for pair in body.split(b"&"))
        return redacted_query(body) if is_form else REDACTED


def _is_suspicious(text: bytes) -> bool:
    return _SIGN.search(text.lower()) is not None


def _redacted_pair(pair: bytes) -> bytes:
    name, equals, _ = pair.partition(b"=")
    return name + equals + REDACTED if equals and is_secret(unquote_to_bytes(name)) else pair


def _redacted_json(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: REDACTED.decode() if is_secret(name.encode()) else _redacted_json(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_redacted_json(part) for part in value]
    return value
