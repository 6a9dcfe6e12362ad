"""Clients that poll in vain while the clock of a store stands still."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ep_mock.clock import LATEST
from ep_mock.domain.families import RULE
from ep_mock.domain.lifecycle import CANCELLABLE
from ep_mock.domain.plans import Plan
from ep_mock.errors import ApiError
from tests.bodies import code_generate, new_promotion
from tests.client import api_client
from tests.simulation.stores import MS, add_promotion, at, cancel, export, generate, new_store, poll


def test_it_is_two_hundred_by_default() -> None:
    store = new_store()
    promotion = add_promotion(store)
    generate(store, promotion, 5)
    for _ in range(200):
        poll(store, promotion)
    with pytest.raises(ApiError, match="200 polls"):
        poll(store, promotion)


def test_each_move_of_time_gives_new_patience() -> None:
    store = new_store(stuck_polls=2)
    promotion = add_promotion(store)
    generate(store, promotion, 5)
    for moment in range(5):
        at(store, moment)
        for _ in range(2):
            poll(store, promotion)
        with pytest.raises(ApiError, match="2 polls"):
            poll(store, promotion)


def test_polls_of_a_promotion_without_an_unfinished_job_are_not_counted() -> None:
    store = new_store(stuck_polls=2)
    promotion, waiting = add_promotion(store), add_promotion(store)
    generate(store, waiting, 5)
    seen = [poll(store, promotion) for _ in range(10)]
    assert seen == [[]] * 10
    generate(store, promotion, 5)
    store.advance_until_idle()
    assert len([poll(store, promotion) for _ in range(10)]) == 10


def test_a_poll_clock_that_moves_is_never_stuck() -> None:
    store = new_store(stuck_polls=1, clock="poll")
    promotion = add_promotion(store)
    job = generate(store, promotion, 5)
    assert len([poll(store, promotion) for _ in range(10)]) == 10
    assert job.status == "completed"


def test_a_poll_clock_with_nothing_to_come_is_stuck() -> None:
    store = new_store(stuck_polls=3, clock="poll")
    promotion = add_promotion(store)
    job = generate(store, promotion, 5)
    store.worker.pause()
    for _ in range(3):
        poll(store, promotion)
    with pytest.raises(
        ApiError, match=f"3 polls .*job {job.id} is pending since .*the worker is paused: resume it"
    ):
        poll(store, promotion)
    store.worker.resume(store.now)
    assert len([poll(store, promotion) for _ in range(10)]) == 10
    assert job.status == "completed"


def test_polls_of_many_promotions_are_counted_apart() -> None:
    store = new_store(stuck_polls=2)
    promotions = [add_promotion(store) for _ in range(20)]
    for promotion in promotions:
        generate(store, promotion, 1)
    for _ in range(2):
        assert [len(poll(store, promotion)) for promotion in promotions] == [1] * 20
    with pytest.raises(ApiError, match="2 polls"):
        poll(store, promotions[0])
    cancel(store, promotions[0], promotions[0].jobs[0])
    assert [len(poll(store, promotion)) for promotion in promotions] == [1] * 20, "something has changed"


def test_a_job_behind_a_newer_one_counts_as_unfinished() -> None:
    store = new_store(stuck_polls=2, clock="poll", cancelling_blocks=False)
    promotion = add_promotion(store)
    store.state.plans.add(Plan(stuck="cancelling"))
    held = generate(store, promotion, 5)
    at(store, 200 * MS)
    cancel(store, promotion, held)
    cancel(store, promotion, export(store, promotion))
    for _ in range(2):
        poll(store, promotion)
    with pytest.raises(
        ApiError,
        match=f"job {held.id} is cancelling since .*stuck there: delete its promotion, or reset the store",
    ):
        poll(store, promotion)


@given(
    clock=st.sampled_from(["manual", "poll"]),
    stuck=st.sampled_from([None, "pending", "processing", "cancelling"]),
    paused=st.booleans(),
    cancelled=st.booleans(),
    counts=st.lists(st.integers(1, 4), min_size=1, max_size=3),
    polled=st.lists(st.integers(0, 2), max_size=10),
    late=st.booleans(),
)
def test_whatever_the_state_polling_ends(
    clock: str, stuck: Any, paused: bool, cancelled: bool, counts: list[int], polled: list[int], late: bool
) -> None:
    store = new_store(stuck_polls=3, clock=clock)
    if late:
        store.advance_to(LATEST - 1)
    if stuck is not None:
        store.state.plans.add(Plan(stuck=stuck))
    promotions = [add_promotion(store) for _ in counts]
    jobs = [generate(store, promotion, count) for promotion, count in zip(promotions, counts, strict=True)]
    for number in polled:
        with contextlib.suppress(ApiError):
            poll(store, promotions[number % len(promotions)])
    if paused:
        store.worker.pause()
    if cancelled and jobs[0].status in CANCELLABLE:
        cancel(store, promotions[0], jobs[0])
    for promotion, job in zip(promotions, jobs, strict=True):
        looks = 0
        with contextlib.suppress(ApiError):
            while not job.ended:
                poll(store, promotion)
                looks += 1
                assert looks <= 5 * (3 + 1), (
                    "a job has at most four more changes to be seen, each after three polls"
                )


def test_zero_means_endless_patience() -> None:
    store = new_store(stuck_polls=0)
    promotion = add_promotion(store)
    generate(store, promotion, 5)
    for _ in range(500):
        poll(store, promotion)
    assert store.now == store.clock.now()


def test_a_filter_that_cannot_be_used_is_not_counted() -> None:
    client = api_client(stuck_polls=1)
    path = "/v2/rule-promotions/" + client.created("/v2/rule-promotions", {"data": new_promotion(RULE)})["id"]
    client.created(path + "/jobs", {"data": code_generate(1)})
    assert [client.get(path + "/jobs?filter=nonsense").status_code for _ in range(3)] == [400] * 3
    assert [client.get(path + "/jobs").status_code for _ in range(2)] == [200, 503]


def test_switching_to_a_clock_that_moves_ends_it() -> None:
    store = new_store(stuck_polls=1)
    promotion = add_promotion(store)
    job = generate(store, promotion, 5)
    poll(store, promotion)
    with pytest.raises(ApiError, match="1 polls"):
        poll(store, promotion)
    store.switch_clock("poll", 1.0)
    for _ in range(4):
        poll(store, promotion)
    assert (job.status, store.now - job.created_at) == ("completed", 255 * MS)
