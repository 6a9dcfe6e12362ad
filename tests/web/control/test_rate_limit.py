"""The rate limit, as clients see it; the test replaces the machine's clock."""

from __future__ import annotations

import pytest

from ep_mock.clock import Clock, ClockMode
from ep_mock.domain.families import STANDARD
from ep_mock.timings import SECOND
from tests.bodies import code_export, new_promotion
from tests.client import ApiClient, api_client


class Machine:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.now = 0

    def __call__(self) -> int:
        return self.now


def limited(mode: ClockMode = "real", scale: float = 1.0) -> tuple[ApiClient, Machine]:
    """A client whose store allows three requests per second, at the beginning of a second."""
    machine = Machine()
    client = api_client(clock=mode, clock_scale=scale, rate_limit=3)
    client.store.clock = Clock(mode, start=1_700_000_000 * SECOND, scale=scale, monotonic=machine)
    return client, machine


def statuses(client: ApiClient, requests: int) -> list[int]:
    return [client.get("/v2/promotions").status_code for _ in range(requests)]


@pytest.mark.parametrize(
    ("mode", "scale", "second"),
    [("real", 1.0, SECOND), ("scaled", 10.0, SECOND // 10), ("scaled", 0.5, 2 * SECOND)],
)
def test_as_many_as_allowed_pass_in_each_second_of_the_store(
    mode: ClockMode, scale: float, second: int
) -> None:
    client, machine = limited(mode, scale)
    assert statuses(client, 5) == [200, 200, 200, 429, 429]
    machine.now += second - 1000
    assert statuses(client, 1) == [429]
    machine.now += 1000
    assert statuses(client, 4) == [200, 200, 200, 429]


def test_a_request_too_many_gets_the_published_document_and_is_told_when_to_come_again() -> None:
    client, _ = limited("scaled", 0.25)
    statuses(client, 3)
    answer = client.get("/v2/promotions")
    assert (answer.status_code, answer.json()) == (
        429,
        {"errors": [{"status": 429, "title": "Too Many Requests"}]},
    )
    assert answer.headers["retry-after"] == "4"


def test_a_request_too_many_is_not_carried_out_and_spends_no_fault() -> None:
    client, machine = limited()
    client.post("/__ep_mock/faults", json={"match": {"method": "POST"}, "error": "conflict"})
    statuses(client, 3)
    assert client.post("/v2/promotions", json={"data": new_promotion(STANDARD)}).status_code == 429
    assert client.get("/__ep_mock/faults").json()["faults"][0]["hits"] == 0
    machine.now += SECOND
    assert client.get("/v2/promotions").json()["data"] == []
    found = client.post("/__ep_mock/requests/find", json={"status": 429}).json()["requests"]
    assert [(entry["method"], entry["outcome"], entry["carried_out"]) for entry in found] == [
        ("POST", "refused", False)
    ]


def test_neither_control_calls_nor_signed_files_are_counted() -> None:
    client, machine = limited()
    jobs = f"/v2/promotions/{client.created('/v2/promotions', {'data': new_promotion(STANDARD)})['id']}/jobs"
    job = client.created(jobs, {"data": code_export()})
    client.advance(idle=True)
    machine.now += SECOND
    href = client.get(f"{jobs}/{job['id']}/file").json()["href"]
    statuses(client, 5)
    assert [client.get(href).status_code, client.get("/__ep_mock/clock").status_code] == [200, 200]


def test_moving_time_forward_lets_requests_in_again() -> None:
    client, _ = limited()
    statuses(client, 4)
    client.advance(seconds=1)
    assert statuses(client, 4) == [200, 200, 200, 429]


def test_a_limit_and_a_clock_that_stands_do_not_go_together() -> None:
    client = api_client(clock="manual")
    answer = client.patch("/__ep_mock/settings", json={"rate_limit": 5})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["source"] == "rate_limit"
    assert "needs a clock that runs, and this one is manual" in answer.json()["errors"][0]["detail"]
    client.put("/__ep_mock/clock", json={"mode": "real"})
    assert client.patch("/__ep_mock/settings", json={"rate_limit": 5}).status_code == 200
    refused = client.put("/__ep_mock/clock", json={"mode": "poll"})
    assert (refused.status_code, "rate_limit" in refused.text) == (400, True)
    assert client.get("/__ep_mock/clock").json()["mode"] == "real"
