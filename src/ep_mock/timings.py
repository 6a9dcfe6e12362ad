"""How long the worker takes: durations of its steps, and the named profiles.

All durations are integer nanoseconds. On the command line they are written in seconds (`0.25`, `0.25s`) or milliseconds (`250ms`).
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

import msgspec

from ep_mock.errors import UsageError

SECOND = 1_000_000_000
LONGEST = 10_000 * 86_400 * SECOND
"""No step takes longer than this: it keeps every time of the simulation printable."""


class Timings(msgspec.Struct, frozen=True):
    """Durations of the worker's steps, in nanoseconds.

    Attributes:
        pickup: from the moment a job is first in line and the worker is free to the moment it is `processing`.
        generate, generate_per_code: a generate job takes the first plus the second for each code; codes appear one by one.
        export, export_per_code: the same for an export.
        delete, delete_per_code: the same for the codes that a cancelled job leaves to delete.
        fail: how long a job that will pass the promotion's limit stays `processing` before it is `failed`.
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
# The pace of the published examples: 1,000 codes in 7.7 s, a failure after minutes, a cancellation after 22 s.
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
    """Nanoseconds of a duration such as `1.5`, `1.5s` or `250ms`; not negative, at most 10,000 days.

    Raises:
        UsageError: the text is no such duration.
    """
    number, unit = text.strip(), SECOND
    if number.endswith("ms"):
        number, unit = number[:-2], 1_000_000
    elif number.endswith("s"):
        number = number[:-1]
    try:
        value = Decimal(number)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or value < 0 or value * unit > LONGEST:
        raise UsageError(f"{text.strip()!r} is not a duration; write seconds such as 1.5 or 1.5s, or milliseconds such as 250ms")
    return int(value * unit)


def parse_timings(text: str) -> Timings:
    """Timings from a profile's name, optionally followed by single steps: `fast`, `fast,pickup=2s,generate_per_code=10ms`.

    Raises:
        UsageError: unknown profile or step, or no duration.
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
