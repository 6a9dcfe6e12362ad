"""The durations of the worker's steps, and the named profiles.

Durations are integer nanoseconds. As text they are a number and a unit: `250ms`, `0.25s`, `5m`, `1h`, `2d`.
The default unit is seconds.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from decimal import Decimal

import msgspec

from ep_mock.errors import UsageError

SECOND = 1_000_000_000
LONGEST = 10_000 * 86_400 * SECOND
"""Maximum duration of a step; it keeps every time of the simulation printable."""

_UNITS: Mapping[str, int] = {
    "ms": 1_000_000,
    "s": SECOND,
    "m": 60 * SECOND,
    "h": 3600 * SECOND,
    "d": 86_400 * SECOND,
}
_DURATION = re.compile(r"(?P<number>[-+0-9.eE]+) ?(?P<unit>ms|s|m|h|d)?", re.ASCII)


class Timings(msgspec.Struct, frozen=True):
    """Durations of the worker's steps, in nanoseconds.

    Attributes:
        pickup: from a free worker and a job that is first in line until the job is `processing`.
        generate, generate_per_code: a generate job takes the first plus the second per code; codes appear one
            by one.
        export, export_per_code: the same for an export.
        delete, delete_per_code: the same for deleting the codes of a cancelled job.
        fail: a job that would exceed the promotion's limit is `processing` this long, then `failed`.
    """

    pickup: int = 0
    generate: int = 0
    generate_per_code: int = 0
    export: int = 0
    export_per_code: int = 0
    delete: int = 0
    delete_per_code: int = 0
    fail: int = 0


STEPS = Timings.__struct_fields__

INSTANT = Timings()
FAST = Timings(
    pickup=100_000_000,
    generate=150_000_000,
    generate_per_code=1_000_000,
    export=150_000_000,
    export_per_code=100_000,
    delete=150_000_000,
    delete_per_code=500_000,
    fail=150_000_000,
)
# The published examples: 1,000 codes in 7.7 s, a failure after minutes, a cancellation after 22 s.
DOCUMENTED = Timings(
    pickup=SECOND,
    generate=SECOND,
    generate_per_code=5_700_000,
    export=5 * SECOND,
    export_per_code=1_000_000,
    delete=2 * SECOND,
    delete_per_code=20_000_000,
    fail=30 * SECOND,
)
PROFILES: Mapping[str, Timings] = {"instant": INSTANT, "fast": FAST, "documented": DOCUMENTED}


def parse_duration(text: str) -> int:
    """Nanoseconds of a duration such as `1.5`, `1.5s`, `250ms`, `5m`, `1h` or `2d`, at most 10,000 days.

    Raises:
        UsageError: the text is not such a duration.
    """
    found = _DURATION.fullmatch(text.strip())
    value = None
    if found is not None:
        with contextlib.suppress(ArithmeticError):
            value = Decimal(found["number"]) * _UNITS[found["unit"] or "s"]
    if value is None or not 0 <= value <= LONGEST:
        example = "write a number and its unit, such as 250ms, 1.5s, 5m, 1h or 2d"
        hint = "the longest is 10000d" if value is not None and value > 0 else example
        raise UsageError(f"{text.strip()!r} is not a duration; {hint}")
    return int(value)


def parse_timings(text: str) -> Timings:
    """Timings from a profile with optional steps: `fast` or `fast,pickup=2s,generate_per_code=10ms`.

    Raises:
        UsageError: unknown profile or step, or not a duration.
    """
    timings = FAST
    for position, part in enumerate(text.split(",")):
        name, equals, value = part.strip().partition("=")
        if not equals and position == 0 and name in PROFILES:
            timings = PROFILES[name]
        elif equals and name.strip() in STEPS:
            timings = msgspec.structs.replace(timings, **{name.strip(): parse_duration(value)})
        else:
            expected = f"a step ({', '.join(STEPS)}) as STEP=DURATION"
            if position == 0:
                expected = f"a profile ({', '.join(PROFILES)}) or {expected}"
            raise UsageError(f"timings: {part.strip()!r} is not {expected}")
    return timings
