"""Foreign text, made safe to show: in a table on a terminal, in a line of a log, in a report."""

from __future__ import annotations

import re
from typing import Final

_UNSAFE: Final = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f"  # control characters: ESC and CSI steer a terminal, CR and LF end a line
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # they change the order in which text is shown
    "\u2028\u2029"  # separators of lines and paragraphs
    "\ud800-\udfff"  # halves of characters, which cannot be written to a stream
    "]"
)


def printable(text: str) -> str:
    r"""The text with each character escaped that could steer a terminal, break a line, or change the order of
    what is shown.

    The escapes are those of Python: `\x1b`, `\u202e`. All other characters stay as they are, also a
        backslash, and letters of every
    alphabet. The result is one line, and it can be encoded in UTF-8.
    """
    return _UNSAFE.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    number = ord(match[0])
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"
