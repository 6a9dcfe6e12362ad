"""Makes foreign text safe to show in tables on a terminal, in lines of a log and in reports."""

from __future__ import annotations

import re
from typing import Final

_UNSAFE: Final = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f"  # control characters: ESC and CSI control a terminal, CR and LF end a line
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # they reorder the text around them
    "\u2028\u2029"  # separators of lines and paragraphs
    "\ud800-\udfff"  # lone surrogates, which cannot be encoded
    "]"
)


def printable(text: str) -> str:
    r"""The text with characters escaped that control a terminal, break a line or reorder text.

    The escapes are those of Python: `\x1b`, `\u202e`. All other characters stay, including backslashes and
    the letters of every alphabet. The result is one line that can be encoded in UTF-8.
    """
    return _UNSAFE.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    number = ord(match[0])
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"
