"""From bytes to plain data, once and strictly: UTF-8, one JSON value, finite numbers, bounded depth.

No second parser sees the bytes. JSON knows one kind of number, so one without a fraction (`5.0`, `1e2`) is an int from the start.
"""

from __future__ import annotations

from math import isinf
from typing import Any, Final

import msgspec

MAX_DEPTH: Final = 128
"""How deep a body may be nested. Far below what any recursive program on the way can bear, far above what a rule tree needs."""


class NotDecodableError(ValueError):
    """The bytes are not what they should be. The message completes the sentence "the body is …" and names the place.

    Attributes:
        malformed: whether the text is not JSON at all, rather than JSON beyond a limit.
    """

    def __init__(self, reason: str, *, malformed: bool) -> None:
        super().__init__(reason)
        self.malformed = malformed


def decode(raw: bytes) -> Any:
    """The JSON value that `raw` holds. Raises NotDecodableError for anything that is wrong with it."""
    try:
        value = _decode(raw)
    except msgspec.ValidationError:
        raise NotDecodableError("not acceptable: a number in it is out of range", malformed=False) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise NotDecodableError(_reason(raw, error), malformed=True) from None
    except RecursionError:
        raise _too_deep() from None
    # A value cannot be deeper than its brackets are many; only then is it worth a walk.
    if raw.count(b"{") + raw.count(b"[") > MAX_DEPTH and _is_too_deep(value):
        raise _too_deep()
    return value


_BEGINNINGS: Final = {
    b"\xef\xbb\xbf": "a byte order mark; send UTF-8 without one",
    b"\xff\xfe": "a byte order mark of UTF-16 or UTF-32; send UTF-8",
    b"\xfe\xff": "a byte order mark of UTF-16; send UTF-8",
    b"\0\0\xfe\xff": "a byte order mark of UTF-32; send UTF-8",
    b"\x1f\x8b": "the mark of gzip; send it as it is, not compressed",
}


def _number(text: str) -> int | float:
    number = float(text)
    if isinf(number):
        raise ValueError(text)
    return int(number) if number.is_integer() else number


_decode: Final = msgspec.json.Decoder(float_hook=_number).decode


def _is_too_deep(value: Any) -> bool:
    layer = [value]
    for _ in range(MAX_DEPTH):
        parts = (part for container in layer for part in (container.values() if isinstance(container, dict) else container))
        layer = [part for part in parts if isinstance(part, (dict, list))]
    return bool(layer)


def _too_deep() -> NotDecodableError:
    return NotDecodableError(f"not acceptable: it is nested more than {MAX_DEPTH} levels deep", malformed=False)


def _reason(raw: bytes, error: Exception) -> str:
    for beginning, what in _BEGINNINGS.items():
        if raw.startswith(beginning):
            return f"not acceptable: it begins with {what}"
    try:
        raw.decode()
    except UnicodeDecodeError as wrong:
        # The decoder counts from the beginning of the string that is wrong.
        return f"not UTF-8 {_place(raw, wrong.start)}"
    what, _, offset = str(error).removeprefix("JSON is malformed: ").removesuffix(")").rpartition(" (byte ")
    if not offset.isdecimal():
        return f"not JSON: it ends too early {_place(raw, len(raw))}"
    return f"not JSON: {what} {_place(raw, int(offset))}"


def _place(raw: bytes, offset: int) -> str:
    line = raw.count(b"\n", 0, offset) + 1
    column = offset - raw.rfind(b"\n", 0, offset)
    return f"at byte {offset} (line {line}, column {column})"
