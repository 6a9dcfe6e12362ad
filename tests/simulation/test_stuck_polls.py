"""Clients that poll while the manual clock stands still."""

from __future__ import annotations

import pytest

from ep_mock.domain.families import RULE
from ep_mock.errors import ApiError
from tests.bodies import code_generate, new_promotion
from tests.client import api_client
from tests.simulation.stores import MS, add_promotion, at, generate, new_store, poll


def test_after_so_many_polls_in_vain_a_503_says_so_and_what_to_do() -> None:
    client = api_client(stuck_polls=3)
    path = "/v2/rule-promotions/" + client.created("/v2/rule-promotions", {"data": new_promotion(RULE)})["id"]
    job = client.created(path + "/jobs", {"data": code_generate(1)})
    statuses = [client.get(path + "/jobs").status_code for _ in range(3)]
    answer = client.get(path + "/jobs")
    assert statuses == [200, 200, 200]
    assert answer.status_code == 503
    assert answer.json() == {
        "errors": [
            {
                "status": 503,
                "title": "Time stands still",
                "detail": "3 polls while the manual clock stood at 2024-12-03T23:31:35.962680423Z: no job can finish. Advance it with "
                'POST /__ep_mock/clock/advance {"next": true} (or {"seconds": 10}), or start ep-mock with --clock poll or --clock real.',
            }
        ]
    }
    assert client.get(f"{path}/jobs/{job['id']}/file").status_code == 503
    # Looking at other things is still possible, and so is doing what the text says.
    assert client.get(path + "/codes").status_code == 200
    assert [entry["status"] for entry in client.advance(next=True)] == ["processing"]
    assert client.get(path + "/jobs").json()["data"][0]["status"] == "processing"


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


@pytest.mark.parametrize("clock", ["real", "scaled", "poll"])
def test_clocks_that_move_are_never_stuck(clock: str) -> None:
    store = new_store(stuck_polls=1, clock=clock)
    promotion = add_promotion(store)
    job = generate(store, promotion, 5)
    for _ in range(10):
        poll(store, promotion)
    assert job.status == ("completed" if clock == "poll" else "pending")


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
