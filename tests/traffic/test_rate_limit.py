"""The rate limit, on a machine whose clock the test moves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ep_mock.clock import Clock, ClockMode
from ep_mock.errors import UsageError
from ep_mock.settings import Settings
from ep_mock.simulation.store import Store
from ep_mock.timings import SECOND
from ep_mock.traffic.rate_limit import RateLimit, check_rate_limit


@given(st.integers(1, 5), st.lists(st.integers(0, SECOND), max_size=60))
def test_never_more_than_the_limit_pass_in_a_second_and_never_fewer_than_possible(
    limit: int, steps: list[int]
) -> None:
    rate, now = RateLimit(), 0
    came: dict[int, int] = {}
    passed: dict[int, int] = {}
    for step in steps:
        now += step
        second = now // SECOND
        came[second] = came.get(second, 0) + 1
        wait = rate.retry_after(limit, now, 1.0)
        if wait is None:
            passed[second] = passed.get(second, 0) + 1
        else:
            assert wait == 1
    assert passed == {second: min(count, limit) for second, count in came.items()}


@pytest.mark.parametrize(
    ("mode", "scale", "pause", "wait"),
    [
        ("real", 1.0, SECOND, 1),
        ("scaled", 60.0, SECOND // 60 + 1, 1),
        ("scaled", 0.1, 10 * SECOND, 10),
        ("scaled", 0.25, 4 * SECOND, 4),
    ],
)
def test_it_follows_the_clock_and_says_when_to_come_again_in_the_clients_seconds(
    mode: ClockMode, scale: float, pause: int, wait: int
) -> None:
    machine = [0]
    clock = Clock(mode, start=0, scale=scale, monotonic=lambda: machine[0])
    rate = RateLimit()

    def ask() -> int | None:
        return rate.retry_after(2, clock.now(), clock.scale)

    assert [ask(), ask(), ask(), ask()] == [None, None, wait, wait]
    machine[0] += pause
    assert [ask(), ask(), ask()] == [None, None, wait]


@pytest.mark.parametrize("mode", ["manual", "poll"])
def test_on_a_clock_that_stands_it_is_refused(mode: ClockMode) -> None:
    with pytest.raises(UsageError, match=f"^rate_limit: needs a clock that runs, and this one is {mode}"):
        check_rate_limit(5, mode)
    with pytest.raises(UsageError, match=r"^rate_limit: needs a clock that runs"):
        Store("tests", Settings(clock=mode, rate_limit=1), "seed")
    store = Store("tests", Settings(rate_limit=1), "seed")
    with pytest.raises(UsageError, match=r"^rate_limit: needs a clock that runs"):
        store.switch_clock(mode, 1.0)
    assert store.clock.mode == "real"
    check_rate_limit(0, mode)
