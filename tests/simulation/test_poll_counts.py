"""Counting requests between two changes of a store."""

from __future__ import annotations

from ep_mock.simulation.poll_counts import MOST_REQUESTS, PollCounts


def test_each_request_is_counted_apart_until_something_happens() -> None:
    looks = PollCounts()
    for request in ("jobs", "codes", "jobs"):
        looks.add((1,), "a", request)
    looks.add((1,), "b", "jobs")
    assert looks.at((1,), "a") == {"jobs": 2, "codes": 1}
    assert looks.at((2,), "a") == {}
    looks.add((2,), "a", "jobs")
    assert looks.all_at((2,)) == {"a": {"jobs": 1}}


def test_what_is_kept_is_bounded_and_the_same_requests_are_still_noticed() -> None:
    looks = PollCounts()
    for number in range(3 * MOST_REQUESTS):
        looks.add((1,), str(number % 7), str(number))
        kept = looks.all_at((1,))
    assert sum(map(len, kept.values())) <= MOST_REQUESTS + 1
    for _ in range(200):
        looks.add((1,), "a", "jobs")
    assert looks.at((1,), "a") == {"jobs": 200}
