"""Suggestions for misspelt names."""

from __future__ import annotations

from collections.abc import Iterable


def near_match(text: str, names: Iterable[str]) -> str | None:
    """The name that the user probably meant, if any is similar."""
    import difflib  # lazy: few commands need it, and it slows the start

    return next(iter(difflib.get_close_matches(text, sorted(names), 1)), None)
