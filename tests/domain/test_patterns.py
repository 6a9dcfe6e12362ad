"""The one dialect of patterns."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ep_mock.domain.patterns import fits, fits_path

TEXTS = st.text("ab/*", max_size=9)
PATTERNS = st.lists(st.sampled_from(["a", "b", "ab", "/", "*", "**", "***"]), max_size=7).map("".join)


def means(pattern: str, text: str, *, path: bool) -> bool:
    """What patterns mean, tried out letter by letter."""
    if not pattern:
        return not text
    if not pattern.startswith("*"):
        return text[:1] == pattern[0] and means(pattern[1:], text[1:], path=path)
    across = not path or pattern.startswith("**")
    rest = pattern.lstrip("*") if across else pattern[1:]
    lengths = range(len(text) + 1) if across else range(len(text.partition("/")[0]) + 1)
    return any(means(rest, text[length:], path=path) for length in lengths)


@given(PATTERNS, TEXTS)
@example("*ab*ab", "abab")
@example("ab*ab", "ab")
def test_in_a_name_a_star_is_any_text_and_all_else_itself(pattern: str, text: str) -> None:
    assert fits(pattern, text) is means(pattern, text, path=False)


@given(PATTERNS, TEXTS)
@example("**a*b", "a/ab")
@example("***b", "a/b")
@example("a*/**", "ab/")
def test_in_a_path_one_star_stays_within_its_segment_and_two_cross_slashes(pattern: str, text: str) -> None:
    assert fits_path(pattern, text) is means(pattern, text, path=True)


@given(st.text())
@example("nightly [EU]")
@example("a?[!b]\\*.")
def test_no_character_but_the_star_has_a_meaning(text: str) -> None:
    literal = text.replace("*", "")
    for matches in (fits, fits_path):
        assert matches(literal, literal)
        assert not matches(literal, f"{literal}x")
        assert matches(f"{literal}*", f"{literal}x")


@pytest.mark.parametrize(
    ("matches", "pattern", "text"),
    [
        (fits_path, "**a**a**a**a**a**a**b", "a" * 200),
        (fits_path, "**a*" * 250, "a" * 60_000 + "/"),
        (fits_path, "/" + "*a" * 400 + "/b", "/" + "a" * 60_000 + "/c"),
        (fits, "*a" * 400 + "b*c", "a" * 60_000),
    ],
)
def test_no_pattern_stalls_whoever_matches_it(
    matches: Callable[[str, str], bool], pattern: str, text: str
) -> None:
    before = time.process_time()
    assert not matches(pattern, text)
    # Less than a tenth of it on an idle machine; with backtracking it would be hours.
    assert time.process_time() - before < 5
