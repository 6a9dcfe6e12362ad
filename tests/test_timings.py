"""How timings are written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ep_mock.errors import UsageError
from ep_mock.timings import DOCUMENTED, FAST, INSTANT, LONGEST, SECOND, STEPS, parse_duration, parse_timings


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        ("0", 0),
        ("1.5", 1_500_000_000),
        ("1.5s", 1_500_000_000),
        ("250ms", 250_000_000),
        (" 0.1ms ", 100_000),
        ("1e-9", 1),
        ("10 s", 10 * SECOND),
        ("864000000", LONGEST),
        ("5m", 300 * SECOND),
        ("1.5h", 5400 * SECOND),
        ("2 d", 172_800 * SECOND),
        ("10000d", LONGEST),
    ],
)
def test_durations_are_a_number_and_a_unit_and_without_one_seconds(text: str, nanoseconds: int) -> None:
    assert parse_duration(text) == nanoseconds


@pytest.mark.parametrize(
    "text",
    ["", "s", "ms", "-1", "1y", "1M", "1us", "inf", "0x10", "1e999999999", "1,5", "1_0", "\u0661s", "1h30m"],
)
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(
        UsageError,
        match=r"is not a duration; write a number and its unit, such as 250ms, 1\.5s, 5m, 1h or 2d$",
    ):
        parse_duration(text)


@pytest.mark.parametrize("text", ["864000000.1", "10000.001d", "1e30"])
def test_a_duration_that_is_too_long_is_told_the_longest(text: str) -> None:
    with pytest.raises(UsageError, match=r"is not a duration; the longest is 10000d$"):
        parse_duration(text)


@given(st.integers(0, LONGEST))
def test_a_duration_is_exact_to_the_nanosecond(nanoseconds: int) -> None:
    seconds, rest = divmod(nanoseconds, SECOND)
    assert parse_duration(f"{seconds}.{rest:09}s") == nanoseconds


@pytest.mark.parametrize(
    ("text", "timings"),
    [
        ("instant", INSTANT),
        ("fast", FAST),
        ("documented", DOCUMENTED),
        (
            "fast,pickup=2s,generate_per_code=10ms",
            replace(FAST, pickup=2 * SECOND, generate_per_code=10_000_000),
        ),
        ("fail=1", replace(FAST, fail=SECOND)),
        (" documented , delete = 0 ", replace(DOCUMENTED, delete=0)),
        ("instant,export=1,export=2", replace(INSTANT, export=2 * SECOND)),
    ],
)
def test_timings_are_a_profile_and_single_steps(text: str, timings: object) -> None:
    assert parse_timings(text) == timings


@pytest.mark.parametrize(
    "text",
    ["", "slow", "fast,slow", "fast,instant", "pickup", "fast,pickup", "speed=1s", "fast,", "fast,=1s"],
)
def test_unknown_profiles_and_steps_are_named(text: str) -> None:
    with pytest.raises(UsageError, match=r"^timings: '.*' is not a .*STEP=DURATION"):
        parse_timings(text)


def test_every_step_can_be_set() -> None:
    text = ",".join(["instant", *(f"{step}={number}ms" for number, step in enumerate(STEPS, 1))])
    assert [getattr(parse_timings(text), step) for step in STEPS] == [
        number * 1_000_000 for number in range(1, len(STEPS) + 1)
    ]
