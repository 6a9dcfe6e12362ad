"""The code blocks of a Markdown page."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent.parent
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A fenced block: its language (may be empty) and its text."""

    language: str
    text: str


def blocks(page: str) -> list[Block]:
    """The fenced blocks of a page in order; `page` is relative to the root of the repository."""
    return [Block(*match) for match in _BLOCK.findall((ROOT / page).read_text(encoding="utf-8"))]
