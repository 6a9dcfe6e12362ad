"""The poll clock: after the response to a poll, time moves to the next change in that promotion."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ep_mock.clock import LATEST
from ep_mock.domain.families import FAMILIES, RULE, STANDARD, Family
from ep_mock.simulation.promotion import Promotion
from ep_mock.simulation.store import Store
from tests.bodies import code_export, code_generate, new_promotion
from tests.client import ApiClient, api_client
from tests.simulation.stores import (
    MS,
    START,
    add_promotion,
    cancel,
    codes_of,
    export,
    generate,
    log_of,
    new_store,
    poll,
)

Seen = tuple[list[str], int]


def polled(store: Store, promotion: Promotion) -> Seen:
    """What one poll shows, and how many codes there are right after it."""
    statuses = [json.loads(item)["status"] for item in poll(store, promotion)]
    return statuses, len(codes_of(store, promotion))


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_each_poll_shows_the_next_status_with_a_stop_halfway(family: Family) -> None:
    store = new_store(clock="poll")
    promotion = add_promotion(store, family)
    job = generate(store, promotion, 5)
    seen = [(polled(store, promotion), store.now - START) for _ in range(5)]
    assert seen == [
        ((["pending"], 0), 100 * MS),
        ((["processing"], 2), 252 * MS),
        ((["processing"], 5), 255 * MS),
        ((["completed"], 5), 255 * MS),
        ((["completed"], 5), 255 * MS),
    ]
    assert log_of(job) == [(0, "pending"), (100 * MS, "processing"), (255 * MS, "completed")]


def test_codes_are_seen_to_go_as_well() -> None:
    store = new_store(clock="poll")
    promotion = add_promotion(store)
    job = generate(store, promotion, 10)
    for _ in range(2):
        poll(store, promotion)
    cancel(store, promotion, job)
    assert [polled(store, promotion) for _ in range(3)] == [
        (["cancelling"], 3),
        (["cancelling"], 0),
        (["cancelled"], 0),
    ]
    assert job.result == {"generated": 5, "deleted": 5}


def test_a_job_of_one_code_an_export_and_a_failure_have_no_stop_halfway() -> None:
    store = new_store(clock="poll", codes_limit=2)
    promotion = add_promotion(store)
    walks = []
    for number in range(3):
        job = (
            export(store, promotion) if number == 1 else generate(store, promotion, number + 1 - number // 2)
        )
        walk = []
        while not job.ended:
            walk.append(json.loads(poll(store, promotion)[0])["status"])
        walks.append((walk, job.status))
    assert walks == [
        (["pending", "processing"], "completed"),
        (["pending", "processing"], "completed"),
        (["pending", "processing"], "failed"),
    ]


def test_earlier_events_of_other_promotions_run_on_the_way() -> None:
    store = new_store(clock="poll")
    first, second = add_promotion(store, STANDARD), add_promotion(store, RULE)
    ahead, behind = generate(store, first, 10), generate(store, second, 10)
    poll(store, second)
    assert [log_of(job) for job in (ahead, behind)] == [
        [(0, "pending"), (100 * MS, "processing"), (260 * MS, "completed")],
        [(0, "pending"), (360 * MS, "processing")],
    ]
    assert store.now == START + 360 * MS


def test_a_poll_of_one_promotion_does_not_wait_for_another() -> None:
    store = new_store(clock="poll")
    first, second = add_promotion(store), add_promotion(store)
    ahead, behind = generate(store, first, 10), generate(store, second, 10)
    while not ahead.ended:
        poll(store, first)
    now = store.now
    poll(store, first)
    assert (store.now, log_of(behind)) == (now, [(0, "pending")])


def test_polling_a_promotion_without_an_unfinished_job_moves_nothing() -> None:
    store = new_store(clock="poll")
    idle, busy = add_promotion(store), add_promotion(store)
    generate(store, busy, 5)
    assert poll(store, idle) == []
    assert store.now == START


def test_on_other_clocks_a_poll_moves_nothing() -> None:
    store = new_store(clock="manual")
    promotion = add_promotion(store)
    generate(store, promotion, 5)
    seen = [poll(store, promotion) for _ in range(3)]
    assert (store.now, seen[0] == seen[1] == seen[2]) == (START, True)


def test_at_the_end_of_all_dates_polls_are_still_answered() -> None:
    store = new_store(clock="poll")
    promotion = add_promotion(store)
    store.advance_to(LATEST - 1)
    job = generate(store, promotion, 5)
    assert len([poll(store, promotion) for _ in range(3)]) == 3
    assert (job.status, store.now) == ("pending", LATEST - 1)


def test_with_instant_timings_the_first_poll_shows_the_end() -> None:
    store = new_store(clock="poll", timings="instant")
    promotion = add_promotion(store)
    generate(store, promotion, 5)
    assert polled(store, promotion) == (["completed"], 5)


@given(
    st.lists(st.tuples(st.sampled_from(FAMILIES), st.integers(0, 8), st.booleans()), min_size=1, max_size=4),
    st.lists(st.integers(0, 3), max_size=40),
)
def test_every_job_passes_its_statuses_in_order_and_ends_when_it_is_polled(
    plan: list[tuple[Family, int, bool]], polls: list[int]
) -> None:
    store = new_store(clock="poll", codes_limit=6)
    promotions = [add_promotion(store, family) for family, _, _ in plan]
    for promotion, (_, _, fails) in zip(promotions, plan, strict=True):
        if fails:
            generate(store, promotion, 6)
            while promotion.unfinished_job:
                poll(store, promotion)
    jobs = [
        generate(store, promotion, min(count, 6)) if count else export(store, promotion)
        for promotion, (_, count, _) in zip(promotions, plan, strict=True)
    ]
    walks: list[list[str]] = [[] for _ in promotions]
    for number in [*polls, *(number for number in range(len(plan)) for _ in range(5))]:
        if number < len(plan):
            walks[number].append(json.loads(poll(store, promotions[number])[0])["status"])
    for job, walk, (_, count, fails) in zip(jobs, walks, plan, strict=True):
        final = "failed" if fails and count else "completed"
        assert job.status == final
        order = ["pending", "processing", final]
        assert [order.index(status) for status in walk] == sorted(order.index(status) for status in walk)
        assert walk[-1] == final
        assert [status for _, status in log_of(job)] == order


class OverHttp:
    """A promotion with an unfinished export, polled over HTTP."""

    def __init__(self, client: ApiClient) -> None:
        self.client = client
        self.path = (
            "/v2/promotions/" + client.created("/v2/promotions", {"data": new_promotion(STANDARD)})["id"]
        )
        self.job = self.path + "/jobs/" + client.created(self.path + "/jobs", {"data": code_export()})["id"]

    def moved_by(self, method: str, path: str) -> tuple[int, int]:
        """The status of the answer to a request, and by how much time was moved."""
        before = self.client.store.now
        status = self.client.request(method, path).status_code
        return status, self.client.store.now - before


def test_a_list_of_jobs_and_a_file_that_is_not_ready_are_polls() -> None:
    over_http = OverHttp(api_client(clock="poll"))
    moved = [over_http.moved_by("GET", over_http.job + "/file") for _ in range(3)]
    assert moved == [(422, 100 * MS), (422, 150 * MS), (200, 0)]
    listed = OverHttp(api_client(clock="poll"))
    assert [listed.moved_by("GET", listed.path + "/jobs?page[limit]=1") for _ in range(3)] == [
        (200, 100 * MS),
        (200, 150 * MS),
        (200, 0),
    ]


def test_nothing_else_is_a_poll() -> None:
    over_http = OverHttp(api_client(clock="poll"))
    path = over_http.path
    requests = [
        ("GET", path),
        ("GET", path + "/codes"),
        ("GET", path + "/jobs?filter=nonsense"),
        ("GET", path + "/jobs?page[limit]=1000"),
        ("GET", path + "/jobs/no-job/file"),
        ("GET", "/v2/promotions"),
        ("GET", "/v2/promotions/nothing/jobs"),
        ("GET", "/__ep_mock/clock"),
        ("PUT", path + "/jobs"),
    ]
    assert {over_http.moved_by(*request)[1] for request in requests} == {0}


def test_a_poll_answers_with_what_was_before_it_moved_time() -> None:
    client = api_client(clock="poll")
    path = "/v2/promotions/" + client.created("/v2/promotions", {"data": new_promotion(STANDARD)})["id"]
    client.created(path + "/jobs", {"data": code_generate(4)})
    seen = []
    for _ in range(4):
        codes = client.get(path + "/codes").json()["meta"]["results"]["total"]
        seen.append((codes, client.get(path + "/jobs").json()["data"][0]["status"]))
    assert seen == [(0, "pending"), (0, "processing"), (2, "processing"), (4, "completed")]
