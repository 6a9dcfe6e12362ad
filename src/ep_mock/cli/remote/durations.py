"""Durations as values of options."""

from __future__ import annotations

import click

from ep_mock.errors import UsageError
from ep_mock.timings import SECOND, parse_duration


def duration(_: click.Context, parameter: click.Parameter, text: str | None) -> float | None:
    """The callback of an option that takes a text such as `250ms`, `5m` or `1h`: the same as seconds.

    Raises:
        UsageError: it is no duration; the message names the option.
    """
    if text is None:
        return None
    try:
        return parse_duration(text) / SECOND
    except UsageError as error:
        raise UsageError(f"{parameter.opts[-1]}: {error}") from None
