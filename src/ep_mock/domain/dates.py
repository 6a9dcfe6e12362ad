"""Instants as nanoseconds since 1970-01-01T00:00:00 UTC, and their texts in the API.

The accepted inputs and the forms of the outputs are published. Promotions accept three forms of dates and
show whole seconds. Jobs and codes show nanoseconds in the response to their creation and milliseconds later,
floored, never rounded. The name of an exported file contains the compact form.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final

SECOND: Final = 1_000_000_000
MINIMUM: Final = -62_135_596_800 * SECOND
"""0001-01-01T00:00:00Z, the first instant that has a text."""
MAXIMUM: Final = 253_402_300_800 * SECOND - 1
"""9999-12-31T23:59:59.999999999Z, the last instant that has a text."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC).replace(tzinfo=None)
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
_DATE: Final = (
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"(?: ([0-9]{2}):([0-9]{2})"
    r"|T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?(?:Z|([+-])([0-9]{2}):([0-9]{2})))?"
)
_SHOWN: Final = 60


def parse_date(text: str) -> int:
    """The instant that `text` names.

    Accepts `YYYY-MM-DD` and `YYYY-MM-DD HH:MM` (both UTC), and RFC 3339 with `Z` or an offset, up to nine
    digits of fraction, and `T` and `Z` in upper case.

    Raises:
        ValueError: anything else, such as an impossible day or time, a leap second, or an instant outside
            the years 0001 to 9999 of UTC. The message is a readable sentence.
    """
    match = re.fullmatch(_DATE, text)
    if match is None:
        raise ValueError(
            f"{_shown(text)} is not a date: expected YYYY-MM-DD, YYYY-MM-DD HH:MM or RFC 3339 such as "
            f"2025-01-31T10:00:00Z"
        )
    year, month, day, plain_hour, plain_minute, hour, minute, second, fraction, *offset = match.groups()
    try:
        days = date(int(year), int(month), int(day)).toordinal() - _EPOCH_DAY
    except ValueError as error:
        raise ValueError(f"{_shown(text)} is not a date: {error}") from None
    hours, minutes, seconds = int(hour or plain_hour or 0), int(minute or plain_minute or 0), int(second or 0)
    if hours > 23 or minutes > 59 or seconds > 59:
        raise ValueError(f"{_shown(text)} is not a date: the time of day goes from 00:00:00 to 23:59:59")
    instant = (days * 86_400 + hours * 3_600 + minutes * 60 + seconds) * SECOND
    if fraction:
        instant += int(fraction.ljust(9, "0"))
    sign, offset_hours, offset_minutes = offset
    if sign:
        if int(offset_hours) > 23 or int(offset_minutes) > 59:
            raise ValueError(f"{_shown(text)} is not a date: an offset goes from -23:59 to +23:59")
        ahead = (int(offset_hours) * 3_600 + int(offset_minutes) * 60) * SECOND
        instant += -ahead if sign == "+" else ahead
        if not MINIMUM <= instant <= MAXIMUM:
            raise ValueError(f"{_shown(text)} is not a date: in UTC it lies outside the years 0001 to 9999")
    return instant


def format_seconds(ns: int) -> str:
    """`2000-01-01T00:00:00Z`, floored. Raises ValueError outside `MINIMUM` to `MAXIMUM`."""
    return f"{_second(ns // SECOND)}Z"


def format_millis(ns: int) -> str:
    """`2024-12-03T23:31:35.962Z`, floored. Raises ValueError outside `MINIMUM` to `MAXIMUM`."""
    seconds, rest = divmod(ns, SECOND)
    return f"{_second(seconds)}.{rest // 1_000_000:03}Z"


def format_nanos(ns: int) -> str:
    """`2024-12-03T23:31:35.962680423Z`. Raises ValueError outside `MINIMUM` to `MAXIMUM`."""
    seconds, rest = divmod(ns, SECOND)
    return f"{_second(seconds)}.{rest:09}Z"


def format_compact(ns: int) -> str:
    """`20230911_182858`, floored to the second. Raises ValueError outside `MINIMUM` to `MAXIMUM`."""
    return _second(ns // SECOND).replace("-", "").replace(":", "").replace("T", "_")


@lru_cache(maxsize=1024)  # one page repeats a few seconds many times
def _second(seconds: int) -> str:
    try:
        return (_EPOCH + timedelta(seconds=seconds)).isoformat()
    except OverflowError:
        raise ValueError(f"{seconds} seconds since 1970 lie outside the years 0001 to 9999") from None


def _shown(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "…")
