"""Taking secrets out of a request, before anything of it is kept.

What counts is the name: a header, a query parameter, a form field or a JSON key that sounds like a secret
keeps its name and loses its value. A name is judged by its letters and digits alone, so that `privateKey`,
`PRIVATE-KEY` and `private key` are one. What is in doubt is taken out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import unquote_to_bytes

REDACTED: Final = b"[redacted]"

_NOISE: Final = bytes(byte for byte in range(256) if not bytes((byte,)).isalnum())
"""What is left out of a name before it is judged."""
_SECRET: Final = re.compile(
    rb"secret|token|bearer|jwt|assertion|auth(?!or)|authori[sz]|cookie|referer|signature|credential"
    rb"|passw|passphrase|passcode|pwd|(?:api|private|access|encryption|signing)key|session(?:id|key)|sessid"
)
# Each secret has one of these in it. Fewer branches take a quarter of the time, and this is done with every
# body.
_SIGN: Final = re.compile(
    rb"s(?:ecret|ignature|ess)|toke|p(?:ass|wd)|a(?:uth|sser)|c(?:ook|rede)|refere|key|bearer|jwt"
)
_PLAIN_NAME: Final = re.compile(rb"[\w.\-\[\]]*")
_FORM: Final = re.compile(
    rb"[\w.~*%+\-\[\]]+=[\w.~*%+\-\[\]:/?@!$'(),=]*(?:[&;][\w.~*%+\-\[\]]*=[\w.~*%+\-\[\]:/?@!$'(),=]*)*+"
)


class _Verdicts(dict[bytes, bool]):
    """Which names are secrets, as far as they were asked for; a look-up here costs half of one in a cache
    around a function.
    """

    def __missing__(self, name: bytes) -> bool:
        verdict = _SECRET.search(_letters(name)) is not None
        if len(self) < _MOST_VERDICTS and len(name) < 100:
            self[name] = verdict
        return verdict


_MOST_VERDICTS: Final = 1000
_VERDICTS: Final = _Verdicts()


def is_secret(name: bytes) -> bool:
    """Whether what is called like this is a secret: `Authorization`, `client_secret`, `X-EP-Mock-Token`,
    `privateKey`, `pwd` …

    A `Referer` counts as well, since the address of a page may carry one. `author` and `Idempotency-Key` do
    not.
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
    if not _is_suspicious(query):
        return query
    # Some servers take a semicolon for an ampersand.
    return b"".join(part if part in b"&;" else _redacted_pair(part) for part in re.split(rb"([&;])", query))


def redacted_body(body: bytes) -> bytes:
    """A body, unchanged unless there is a secret in it; what may have one, and is neither JSON nor a form, is
    taken out as a whole.
    """
    if not _is_suspicious(body):
        return body
    reading = _Reading()
    try:
        value = json.loads(body, object_pairs_hook=reading.redacted)
    except (ValueError, RecursionError):
        return redacted_query(body) if _FORM.fullmatch(body) else REDACTED
    # The errors are halves of characters, which JSON writes like this.
    return (
        json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(errors="backslashreplace")
        if reading.found
        else body
    )


class _Reading:
    """Takes the secrets out of JSON while it is read: each object is seen with all of its keys, also one that
    another object replaces.
    """

    def __init__(self) -> None:
        self.found = False

    def redacted(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        secrets = {name for name, _ in pairs if is_secret(name.encode(errors="replace"))}
        self.found = self.found or bool(secrets)
        return {name: REDACTED.decode() if name in secrets else value for name, value in pairs}


def _is_suspicious(text: bytes) -> bool:
    """Whether there may be a secret in it: its name is there, or an escape that may hide it."""
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
    # No name, but a text with a secret somewhere in it.
    return REDACTED
