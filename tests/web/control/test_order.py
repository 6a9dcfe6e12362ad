"""The common order of requests and changes of jobs, also while time stands still."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ep_mock.clock import ClockMode
from ep_mock.domain.families import STANDARD
from ep_mock.domain.lifecycle import TRANSITIONS
from tests.bodies import code_export, code_generate, new_promotion
from tests.client import ApiClient, api_client
from tests.web.control.rich_snapshots import rich_snapshot

STEPS = {(before, after) for (before, _), after in TRANSITIONS.items()}
ARRANGE = {"X-EP-Mock-Arrange": "1"}


def events(client: ApiClient) -> list[tuple[int, str, str]]:
    """All events in order: number, time, and the method of a request or the status of a job."""
    requests = client.get("/__ep_mock/requests").json()["requests"]
    found = [(each["sequence"], each["at"], each["method"]) for each in requests]
    for history in histories(client):
        found += [(entry["sequence"], entry["at"], entry["status"]) for entry in history]
    return sorted(found)


def histories(client: ApiClient) -> list[list[dict[str, Any]]]:
    jobs = client.get("/__ep_mock/jobs").json()["jobs"]
    return [client.get(f"/__ep_mock/jobs/{job['id']}/history").json()["history"] for job in jobs]


def order(client: ApiClient) -> list[str]:
    found = events(client)
    assert [number for number, _, _ in found] == list(range(1, len(found) + 1))
    return [what for _, _, what in found]


def jobs_of_new_promotion(client: ApiClient) -> str:
    answer = client.post("/v2/promotions", json={"data": new_promotion(STANDARD)}, headers=ARRANGE)
    return f"/v2/promotions/{answer.json()['data']['id']}/jobs"


def test_polls_and_what_they_bring_about_are_in_one_order() -> None:
    client = api_client(clock="poll")
    jobs = jobs_of_new_promotion(client)
    client.created(jobs, {"data": code_generate(10)})
    for _ in range(5):
        client.get(jobs)
    # The third poll stops halfway; what the fourth brings about is seen by the fifth.
    assert order(client) == ["POST", "pending", "GET", "processing", "GET", "GET", "completed", "GET", "GET"]


def test_requests_of_one_instant_of_a_manual_clock_are_in_order_with_the_changes_of_jobs() -> None:
    client = api_client()
    jobs = jobs_of_new_promotion(client)
    job = client.created(jobs, {"data": code_generate(10)})
    moved = [*client.advance(next=True)]
    client.get(jobs)
    client.post(f"{jobs}/{job['id']}/cancel")
    client.get(jobs)
    moved += client.advance(idle=True)
    assert order(client) == ["POST", "pending", "processing", "GET", "POST", "cancelling", "GET", "cancelled"]
    assert [(entry["status"], entry["sequence"]) for entry in moved] == [("processing", 3), ("cancelled", 8)]


def test_what_was_due_comes_before_the_request_that_finds_it() -> None:
    client = api_client(timings="instant")
    jobs = jobs_of_new_promotion(client)
    client.created(jobs, {"data": code_export()})
    client.get(jobs)
    assert order(client) == ["POST", "pending", "processing", "completed", "GET"]


def test_refused_and_faulted_requests_take_a_number_and_those_nobody_sees_take_none() -> None:
    client = api_client()
    jobs = jobs_of_new_promotion(client)
    for when in ("before", "after"):
        client.post(
            "/__ep_mock/faults", json={"error": "unavailable", "when": when, "match": {"method": "POST"}}
        )
    client.get("/v2/nowhere")
    client.post(jobs, json={"data": code_export()})
    client.post(jobs, json={"data": code_export()})
    client.get(jobs, headers=ARRANGE)
    client.get("/__ep_mock/jobs")
    client.get(jobs)
    assert order(client) == ["GET", "POST", "POST", "pending", "GET"]


def test_the_first_request_to_a_store_takes_the_first_number() -> None:
    client = api_client()
    named = {"X-EP-Mock-Store": "another"}
    client.get("/v2/promotions/none", headers=named)
    client.get("/v2/promotions", headers=named)
    found = client.get("/__ep_mock/requests", headers=named).json()["requests"]
    assert [(each["method"], each["sequence"]) for each in found] == [("GET", 1)]


def test_a_reset_begins_again_at_one() -> None:
    client = api_client()
    jobs_of_new_promotion(client)
    client.get("/v2/promotions")
    client.post("/__ep_mock/reset")
    client.get("/v2/promotions")
    assert order(client) == ["GET"]


VERBS = st.sampled_from(["create", "poll", "poll", "cancel", "next", "second", "promotion"])


@given(mode=st.sampled_from(["manual", "poll"]), verbs=st.lists(VERBS, max_size=30))
def test_sorted_by_sequence_times_never_decrease_and_jobs_live_their_lives(
    mode: ClockMode, verbs: list[str]
) -> None:
    clients = [api_client(clock=mode) for _ in range(2)]
    for client in clients:
        perform(client, verbs)
    first, second = (events(client) for client in clients)
    assert first == second
    assert [number for number, _, _ in first] == list(range(1, len(first) + 1))
    times = [at for _, at, _ in first]
    assert times == sorted(times)
    for history in histories(clients[0]):
        in_order = [entry["status"] for entry in sorted(history, key=lambda entry: entry["sequence"])]
        assert in_order[0] == "pending"
        assert set(pairwise(in_order)) <= STEPS


def perform(client: ApiClient, verbs: list[str]) -> None:
    jobs = [jobs_of_new_promotion(client)]
    for verb in verbs:
        match verb:
            case "create":
                client.post(jobs[-1], json={"data": code_generate(10)})
            case "poll":
                client.get(jobs[0])
            case "cancel":
                for job in client.get(jobs[-1], headers=ARRANGE).json()["data"][:1]:
                    client.post(f"{jobs[-1]}/{job['id']}/cancel")
            case "next":
                client.advance(next=True)
            case "second":
                client.advance(seconds=0.2)
            case _:
                jobs.append(jobs_of_new_promotion(client))


def test_a_restored_store_goes_on_counting() -> None:
    client = api_client()
    jobs = jobs_of_new_promotion(client)
    client.created(jobs, {"data": code_generate(10)})
    client.get(jobs)
    other = api_client(seed="another")
    other.put("/__ep_mock/snapshot", json=client.get("/__ep_mock/snapshot").json())
    assert other.get("/__ep_mock/snapshot").json()["sequence"] == 3
    other.get(jobs)
    other.advance(next=True)
    assert events(other)[-3:] == [
        (2, *events(client)[1][1:]),
        (4, events(client)[2][1], "GET"),
        (5, *events(other)[-1][1:]),
    ]


def without_numbers(snapshot: dict[str, Any]) -> dict[str, Any]:
    """As it was before there were numbers."""
    jobs = [{**job, "history": [entry[:3] for entry in job["history"]]} for job in snapshot["jobs"]]
    older = {**snapshot, "jobs": jobs, "transitions": [entry[:7] for entry in snapshot["transitions"]]}
    del older["sequence"]
    return older


@pytest.mark.parametrize("remembered", [0, 3, 10_000])
def test_an_older_snapshot_gets_numbers_in_the_order_in_which_things_happened(remembered: int) -> None:
    snapshot = rich_snapshot("poll")
    older = without_numbers(snapshot)
    kept = min(remembered, len(older["transitions"]))
    older["transitions"] = older["transitions"][len(older["transitions"]) - kept :]
    client = api_client()
    assert client.put("/__ep_mock/snapshot", json=older).status_code == 200
    restored = client.get("/__ep_mock/snapshot").json()
    total = snapshot["transitions_total"]
    assert restored["sequence"] == total
    assert [entry[7] for entry in restored["transitions"]] == list(range(total - kept + 1, total + 1))
    numbers = [entry[3] for job in restored["jobs"] for entry in job["history"]]
    assert sorted(numbers) == list(range(1, total + 1))
    for job in restored["jobs"]:
        own = [entry[3] for entry in job["history"]]
        assert own == sorted(own)
    assert without_numbers(restored) == older
