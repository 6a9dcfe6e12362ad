"""The dialect of patterns: stars match text, every other character matches itself.

In names and values `*` matches any text. In paths `*` matches any text without a slash, `**` any text.
Brackets, question marks and backslashes are text. A pattern must match the whole text.

Nothing here backtracks, so no pattern can stall the server: the time to match grows with the length of the
text, times at most the length of the pattern in machine words.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Annotated, Final

import msgspec

MAX_CHARACTERS: Final = 1000
"""Maximum number of characters of a pattern."""

Pattern = Annotated[str, msgspec.Meta(max_length=MAX_CHARACTERS)]

_Test = Callable[[str], bool]


def fits(pattern: str, text: str) -> bool:
    """Whether a name or a value matches; `*` is any text."""
    return _name_test(pattern)(text)


def fits_path(pattern: str, path: str) -> bool:
    """Whether a path matches; `*` is any text without a slash, `**` any text."""
    return _path_test(pattern)(path)


@lru_cache(maxsize=256)
def _name_test(pattern: str) -> _Test:
    first, *others = pattern.split("*")
    if not others:
        return lambda text: text == pattern
    *between, last = others
    length = len(first) + len(last)

    def test(text: str) -> bool:
        if len(text) < length or not (text.startswith(first) and text.endswith(last)):
            return False
        # The first place for a part is the best: it leaves most room for the others.
        place, end = len(first), len(text) - len(last)
        for part in between:
            place = text.find(part, place, end)
            if place < 0:
                return False
            place += len(part)
        return True

    return test


@lru_cache(maxsize=256)
def _path_test(pattern: str) -> _Test:
    if "**" in pattern:
        return _Automaton(pattern).accepts
    tests = [_name_test(segment) for segment in pattern.split("/")]

    def test(path: str) -> bool:
        segments = path.split("/")
        return len(segments) == len(tests) and all(
            fits(segment) for fits, segment in zip(tests, segments, strict=True)
        )

    return test


class _Automaton:
    """Reads a text once. State bit n: the first n characters of the pattern, without stars, have matched."""

    def __init__(self, pattern: str) -> None:
        parts = re.split(r"(\*+)", pattern)
        letters = "".join(parts[::2])
        self._moves: dict[str, int] = {}
        for place, letter in enumerate(letters):
            self._moves[letter] = self._moves.get(letter, 0) | 1 << place
        self._any, self._within, place = 0, 0, 0
        for part, stars in zip(parts[::2], parts[1::2], strict=False):
            place += len(part)
            if len(stars) > 1:
                self._any |= 1 << place
            else:
                self._within |= 1 << place
        self._end = 1 << len(letters)

    def accepts(self, text: str) -> bool:
        """Whether the whole text matches."""
        moves, stay_any, stay_within = self._moves, self._any, self._any | self._within
        state = 1
        for letter in text:
            state = (state & moves.get(letter, 0)) << 1 | state & (stay_any if letter == "/" else stay_within)
            if not state:
                return False
        return bool(state & self._end)
