"""The clock, on a machine whose own clock is played by the test."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ep_mock.clock import CLOCK_MODES, LATEST, Clock, ClockMode
from ep_mock.errors import UsageError
from ep_mock.timings import SECOND


class Machine:
    """A monotonic clock that a test moves."""

    def __init__(self, now: int = 7) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now


@pytest.mark.parametrize(
    ("mode", "scale", "times"),
    [
        ("real", 1.0, [1000, 1000 + SECOND, 1000 + 3 * SECOND]),
        ("scaled", 60.0, [1000, 1000 + 60 * SECOND, 1000 + 180 * SECOND]),
        ("scaled", 0.5, [1000, 1000 + SECOND // 2, 1000 + 3 * SECOND // 2]),
        ("manual", 1.0, [1000, 1000, 1000]),
        ("poll", 1.0, [1000, 1000, 1000]),
    ],
)
def test_each_mode_has_its_pace(mode: ClockMode, scale: float, times: list[int]) -> None:
    machine = Machine()
    clock = Clock(mode, start=1000, scale=scale, monotonic=machine)
    seen = [clock.now()]
    for step in (SECOND, 2 * SECOND):
        machine.now += step
        seen.append(clock.now())
    assert seen == times
    assert clock.running is (mode in ("real", "scaled"))


@pytest.mark.parametrize("mode", CLOCK_MODES)
def test_every_clock_can_be_advanced_but_not_turned_back(mode: ClockMode) -> None:
    clock = Clock(mode, start=1000, monotonic=Machine())
    seen = []
    for moment in (5000, 4000, 0, 6000):
        clock.advance_to(moment)
        seen.append(clock.now())
    assert seen == [5000, 5000, 5000, 6000]


def test_a_switch_goes_on_from_the_present() -> None:
    machine = Machine()
    clock = Clock("real", start=0, monotonic=machine)
    seen = []
    steps: list[tuple[ClockMode, float]] = [
        ("scaled", 10.0),
        ("manual", 1.0),
        ("scaled", 0.1),
        ("real", 99.0),
        ("poll", 1.0),
    ]
    for mode, scale in steps:
        machine.now += 100
        before = clock.now()
        clock.switch(mode, scale)
        seen.append((before, clock.now(), clock.mode, clock.scale))
    assert seen == [
        (100, 100, "scaled", 10.0),
        (1100, 1100, "manual", 1.0),
        (1100, 1100, "scaled", 0.1),
        (1110, 1110, "real", 1.0),
        (1210, 1210, "poll", 1.0),
    ]


def test_without_a_start_it_begins_at_the_machines_time() -> None:
    first, second = Clock("manual"), Clock("manual")
    assert 1_700_000_000 * SECOND < first.now() <= second.now() < LATEST


@pytest.mark.parametrize("start", [-1, LATEST + 1])
def test_a_start_beyond_what_dates_can_say_is_refused(start: int) -> None:
    with pytest.raises(UsageError, match="between 1970 and 9892"):
        Clock("manual", start=start)


@pytest.mark.parametrize("scale", [0.0, -1.0, 9e-7, 1e6 + 1, float("nan"), float("inf")])
def test_a_scale_out_of_range_is_refused_and_changes_nothing(scale: float) -> None:
    clock = Clock("manual", start=5, monotonic=Machine())
    with pytest.raises(UsageError, match=r"expected a number from 1e-06 to 1000000\.0, got"):
        clock.switch("scaled", scale)
    assert (clock.mode, clock.scale, clock.now()) == ("manual", 1.0, 5)


def test_an_unknown_mode_is_refused_and_the_known_ones_are_named() -> None:
    with pytest.raises(UsageError, match=r"^clock: expected one of real, scaled, manual, poll, got 'fast'$"):
        Clock("fast")  # type: ignore[arg-type]


def test_it_cannot_be_advanced_beyond_what_dates_can_say() -> None:
    clock = Clock("manual", start=5, monotonic=Machine())
    with pytest.raises(UsageError, match="before the year 9892"):
        clock.advance_to(LATEST + 1)
    clock.advance_to(LATEST)
    assert clock.now() == LATEST


@pytest.mark.parametrize("mode", ["real", "scaled"])
def test_a_running_clock_stops_at_the_end_of_what_dates_can_say(mode: ClockMode) -> None:
    machine = Machine()
    clock = Clock(mode, start=LATEST - 1, monotonic=machine)
    machine.now += 10 * SECOND
    assert clock.now() == LATEST


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("pass"), st.integers(0, 10**12)),
            st.tuples(st.just("advance"), st.integers(0, 10**13)),
            st.tuples(st.just("switch"), st.tuples(st.sampled_from(CLOCK_MODES), st.floats(1e-6, 1e6))),
        ),
        max_size=20,
    )
)
def test_time_never_runs_backwards(steps: list[tuple[str, object]]) -> None:
    machine = Machine()
    clock = Clock("real", start=0, monotonic=machine)
    latest = 0
    for kind, value in steps:
        if kind == "pass" and isinstance(value, int):
            machine.now += value
        elif kind == "advance" and isinstance(value, int):
            clock.advance_to(value)
        elif isinstance(value, tuple):
            before = clock.now()
            clock.switch(*value)
            assert clock.now() == before
        now = clock.now()
        assert now >= latest
        assert clock.now() == now
        latest = now
