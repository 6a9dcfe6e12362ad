"""Removes the secrets from a request before any of it is kept.

The name decides: a header, a query parameter, a form field or a JSON key whose name sounds like a secret
keeps its name and loses its value. Only the letters and digits of a name count, so `privateKey`,
`PRIVATE-KEY` and `private key` are equal. Doubtful values are removed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import unquote_to_bytes

REDACTED: Final = b"[redacted]"

_NOISE: Final = bytes(byte for byte in range(256) if not bytes((byte,)).isalnum())
"""The characters of a name that do not count."""
_SECRET: Final = re.compile(
    rb"secret|token|bearer|jwt|assertion|auth(?!or)|authori[sz]|cookie|referer|signature|credential"
    rb"|passw|passphrase|passcode|pwd|(?:api|private|access|encryption|signing)key|session(?:id|key)|sessid"
)
# Each secret contains one of these. Fewer branches take a quarter of the time, and every body is searched.
_SIGN: Final = re.compile(
    rb"s(?:ecret|ignature|ess)|toke|p(?:ass|wd)|a(?:uth|sser)|c(?:ook|rede)|refere|key|bearer|jwt"
)
_PLAIN_NAME: Final = re.compile(rb"[\w.\-\[\]]*")
_FORM: Final = re.compile(
    rb"[\w.~*%+\-\[\]]+=[\w.~*%+\-\[\]:/?@!$'(),=]*(?:[&;][\w.~*%+\-\[\]]*=[\w.~*%+\-\[\]:/?@!$'(),=]*)*+"
)


class _Verdicts(dict[bytes, bool]):
    """A cache: name to whether it is a secret. A look-up takes half the time of a cached function."""

    def __missing__(self, name: bytes) -> bool:
        verdict = _SECRET.search(_letters(name)) is not None
        if len(self) < _MOST_VERDICTS and len(name) < 100:
            self[name] = verdict
        return verdict


_MOST_VERDICTS: Final = 1000
_VERDICTS: Final = _Verdicts()


def is_secret(name: bytes) -> bool:
    """Whether the value of this name is a secret: `Authorization`, `client_secret`, `privateKey`, `pwd` …

    So is `Referer`, since the address of a page may contain one. `author` and `Idempotency-Key` are not.
    """
    return _VERDICTS[name]


def redacted_headers(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Headers as lines: a name, its value, the next name, and so on."""
    # This runs with every request; a loop takes half the time of shorter code.
    lines: list[bytes] = []
    for name, value in headers:
        lines.append(name)
        lines.append(REDACTED if _VERDICTS[name] else value)
    return b"\n".join(lines)


def redacted_query(query: bytes) -> bytes:
    """A query, or the body of a form, otherwise unchanged."""
    if not _is_suspicious(query):
        return query
    # Some servers accept a semicolon as separator.
    return b"".join(part if part in b"&;" else _redacted_pair(part) for part in re.split(rb"([&;])", query))


def redacted_body(body: bytes) -> bytes:
    """A body without secrets. If it may have one and is neither JSON nor a form, all of it is removed."""
    if not _is_suspicious(body):
        return body
    reading = _Reading()
    try:
        value = json.loads(body, object_pairs_hook=reading.redacted)
    except (ValueError, RecursionError):
        return redacted_query(body) if _FORM.fullmatch(body) else REDACTED
    if not reading.found:
        return body
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    # Only lone surrogates cannot be encoded; JSON escapes them like this.
    return text.encode(errors="backslashreplace")


class _Reading:
    """Removes secrets while JSON is read, when duplicate keys are still there."""

    def __init__(self) -> None:
        self.found = False

    def redacted(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        secrets = {name for name, _ in pairs if is_secret(name.encode(errors="replace"))}
        self.found = self.found or bool(secrets)
        return {name: REDACTED.decode() if name in secrets else value for name, value in pairs}


def _is_suspicious(text: bytes) -> bool:
    """Whether it may contain a secret: the name of one, or an escape that may hide it."""
    return b"%" in text or b"\\u" in text or _SIGN.search(_letters(text)) is not None


def _letters(text: bytes) -> bytes:
    return text.lower().translate(None, _NOISE)


def _redacted_pair(pair: bytes) -> bytes:
    name, equals, _ = pair.partition(b"=")
    decoded = unquote_to_bytes(name)
    if not is_secret(decoded):
        return pair
    if _PLAIN_NAME.fullmatch(decoded):
        return name + equals + REDACTED if equals else pair
    # Not a name but a text that contains a secret.
    return REDACTED
