"""Clients that look again and again while the clock of a store stands still, over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from ep_mock.domain.families import FAMILIES, RULE, STANDARD, Family
from tests.bodies import code_export, code_generate, new_promotion
from tests.client import START, ApiClient, api_client

LOOKS = (
    "",
    "/jobs",
    "/jobs/{job}/file",
    "/codes",
    "/codes?sort=code&page[limit]=1",
    "/codes/no-such-code/usages",
    "/usages",
)
"""What a client could watch, below the path of a promotion."""

CLOCKS = ("manual", "poll")


def add_promotion(client: ApiClient, family: Family = STANDARD) -> str:
    """The path of a new promotion."""
    base = f"/v2/{family.collection}"
    created = client.created(base, {"data": new_promotion(family)})
    return f"{base}/{created['id']}"


class Busy:
    """A promotion with an unfinished job, and a client that gives up after three looks in vain."""

    def __init__(self, family: Family = STANDARD, *, exports: bool = False, **settings: Any) -> None:
        self.client = api_client(**{"stuck_polls": 3, **settings})
        self.path = add_promotion(self.client, family)
        body = code_export() if exports else code_generate(4)
        self.job: str = self.client.created(self.path + "/jobs", {"data": body})["id"]

    def look(self, below: str, **headers: str) -> int:
        """The status of the answer to a GET."""
        return self.client.get(self.path + below.format(job=self.job), headers=headers).status_code

    def looks(self, below: str, times: int) -> list[int]:
        return [self.look(below) for _ in range(times)]

    def reason(self, below: str) -> str:
        """What the 503 says from the reason on."""
        answer = self.client.get(self.path + below.format(job=self.job))
        assert answer.status_code == 503
        detail: str = answer.json()["errors"][0]["detail"]
        return detail.partition("; ")[2]

    def control(self, method: str, path: str, body: object = None) -> None:
        assert self.client.request(method, f"/__ep_mock/{path}", json=body).status_code < 300

    def moved(self, act: Callable[[], object]) -> bool:
        """Whether time moves by this."""
        before = self.client.store.now
        act()
        return self.client.store.now != before


def test_after_some_polls_in_vain_a_503_says_why_and_what_to_do() -> None:
    busy = Busy(RULE)
    assert busy.looks("/jobs", 3) == [200] * 3
    answer = busy.client.get(busy.path + "/jobs")
    assert answer.status_code == 503
    assert answer.json() == {
        "errors": [
            {
                "status": 503,
                "title": "Time stands still",
                "detail": f"3 polls (GET {busy.path}/jobs) in which nothing has changed: job {busy.job} is pending "
                f"since {START}; the manual clock stands at {START}, the worker's next event is due at "
                '2024-12-03T23:31:36.062680423Z: move time with POST /__ep_mock/clock/advance {"next": true}',
            }
        ]
    }
    assert "retry-after" not in answer.headers
    assert busy.looks("/jobs", 5) == [503] * 5, "trying again is in vain"
    assert [entry["status"] for entry in busy.client.advance(next=True)] == ["processing"]
    assert busy.looks("/jobs", 4) == [200] * 3 + [503]


@pytest.mark.parametrize("clock", CLOCKS)
@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
@pytest.mark.parametrize("below", LOOKS)
def test_whatever_is_watched_the_client_is_told_in_the_end(clock: str, family: Family, below: str) -> None:
    busy = Busy(family, exports=True, clock=clock)
    busy.control("POST", "worker/pause")
    first = busy.look(below)
    assert first in (200, 404, 422)
    assert busy.looks(below, 4) == [first, first, 503, 503]
    assert busy.reason(below) == "the worker is paused: resume it with POST /__ep_mock/worker/resume"
    assert busy.look("/codes?page[offset]=1") == 200, "another question is answered"


@pytest.mark.parametrize("stuck", ["pending", "processing"])
@pytest.mark.parametrize("below", ["/jobs", "/codes"])
def test_a_job_that_its_plan_keeps_stuck_is_told_as_such(stuck: str, below: str) -> None:
    busy = Busy(clock="poll")
    busy.client.post(f"{busy.path}/jobs/{busy.job}/cancel")
    busy.control("POST", "plans", {"stuck": stuck})
    busy.job = busy.client.created(busy.path + "/jobs", {"data": code_generate(4)})["id"]
    for _ in range(4 + 3):
        busy.look("/jobs")
    busy.looks(below, 3)
    assert busy.reason(below) == "plan-1 keeps it stuck there: cancel it, or delete its promotion"
    assert busy.client.post(f"{busy.path}/jobs/{busy.job}/cancel").status_code == 200
    assert busy.look(below) == 200


def test_a_pause_is_no_reason_for_a_job_that_was_taken_up_before() -> None:
    busy = Busy()
    busy.client.advance(next=True)
    busy.control("POST", "worker/pause")
    busy.looks("/jobs", 3)
    assert busy.reason("/jobs").startswith("the manual clock stands at ")


def test_a_plan_that_is_for_more_jobs_is_to_be_withdrawn_as_well() -> None:
    busy = Busy(clock="poll")
    busy.client.post(f"{busy.path}/jobs/{busy.job}/cancel")
    for times in (1, 2):
        busy.control("POST", "plans", {"stuck": "pending", "times": times, "job_type": "code_export"})
    reasons = []
    for _ in range(3):
        busy.job = busy.client.created(busy.path + "/jobs", {"data": code_export()})["id"]
        busy.looks("/jobs", 3)
        reasons.append(busy.reason("/jobs"))
        busy.client.post(f"{busy.path}/jobs/{busy.job}/cancel")
    stuck = "keeps it stuck there: cancel it, or delete its promotion"
    withdraw = ", and withdraw the plan with DELETE /__ep_mock/plans/plan-2, which is for more jobs"
    assert reasons == [f"plan-1 {stuck}", f"plan-2 {stuck}{withdraw}", f"plan-2 {stuck}"]


def test_a_plan_that_came_with_the_job_has_no_name() -> None:
    client = api_client(clock="poll", stuck_polls=1)
    path = add_promotion(client)
    stuck = {"X-EP-Mock-Plan": '{"stuck": "pending"}'}
    assert client.post(f"{path}/jobs", json={"data": code_export()}, headers=stuck).status_code == 201
    assert [client.get(f"{path}/jobs").status_code for _ in range(2)] == [200, 503]
    detail = client.get(f"{path}/jobs").json()["errors"][0]["detail"]
    assert detail.endswith("; its plan keeps it stuck there: cancel it, or delete its promotion")


def test_a_job_behind_a_stuck_one_is_told_who_holds_up_the_worker() -> None:
    client = api_client(clock="poll", stuck_polls=3)
    client.post("/__ep_mock/plans", json={"stuck": "processing"})
    paths = [add_promotion(client) for _ in range(2)]
    ahead, _ = [client.created(f"{path}/jobs", {"data": code_generate(2)})["id"] for path in paths]
    # The first poll brings the job ahead to where it is stuck.
    assert [client.get(f"{paths[1]}/jobs").status_code for _ in range(5)] == [200] * 4 + [503]
    detail = client.get(f"{paths[1]}/jobs").json()["errors"][0]["detail"]
    held_up = f"; the worker is held up by job {ahead}, which plan-1 keeps processing: "
    assert detail.endswith(held_up + "cancel it, or delete its promotion")


def test_a_client_that_watches_codes_on_a_poll_clock_is_told_which_requests_move_it() -> None:
    busy = Busy(clock="poll")
    assert busy.looks("/codes", 3) == [200] * 3
    assert busy.reason("/codes").endswith(
        'move time with POST /__ep_mock/clock/advance {"next": true}; '
        "only requests for jobs or a file not yet ready move this clock, or any with --poll-moves any"
    )
    assert busy.look("/jobs") == 200, "and that one works"
    assert busy.look("/codes") == 200


@pytest.mark.parametrize("below", LOOKS)
def test_with_poll_moves_any_each_look_moves_a_poll_clock(below: str) -> None:
    busy = Busy(exports=True, clock="poll", poll_moves="any")
    moves = 0
    while busy.moved(partial(busy.look, below)):
        moves += 1
    assert (moves, busy.client.get(busy.path + "/jobs").json()["data"][0]["status"]) == (2, "completed")


def test_with_poll_moves_any_a_client_sees_codes_come() -> None:
    busy = Busy(clock="poll", poll_moves="any")
    totals = [busy.client.get(busy.path + "/codes").json()["meta"]["results"]["total"] for _ in range(5)]
    assert totals == [0, 0, 2, 4, 4]


def test_with_poll_moves_any_still_nothing_else_moves_a_poll_clock() -> None:
    busy = Busy(clock="poll", poll_moves="any")
    collection = busy.path.rpartition("/")[0]
    requests = [
        ("GET", collection),
        ("GET", busy.path + "/codes?filter=nonsense"),
        ("GET", busy.path + "/codes?page[limit]=1000"),
        ("GET", collection + "/nothing/codes"),
        ("GET", "/__ep_mock/jobs"),
        ("GET", f"/__ep_mock/jobs/{busy.job}/history"),
        ("PUT", busy.path + "/codes"),
        ("DELETE", busy.path + "/codes/unknown"),
    ]
    for method, path in requests:
        assert not busy.moved(partial(busy.client.request, method, path)), path


def test_what_a_handle_reads_moves_no_clock_except_a_file_that_is_not_ready() -> None:
    busy = Busy(exports=True, clock="poll", poll_moves="any")
    arranging = {"X-EP-Mock-Arrange": "1"}
    moving = [below for below in LOOKS if busy.moved(partial(busy.look, below, **arranging))]
    assert moving == ["/jobs", "/jobs/{job}/file"]


@pytest.mark.parametrize("clock", CLOCKS)
def test_honest_clients_are_left_alone(clock: str) -> None:
    busy = Busy(clock=clock, stuck_polls=5)
    busy.control("POST", "worker/pause")
    # All pages of a list, several times; the same of other promotions; the same question after a change.
    for _ in range(5):
        assert {busy.look(f"/codes?page[limit]=1&page[offset]={offset}") for offset in range(40)} == {200}
    paths = [add_promotion(busy.client) for _ in range(30)]
    for path in paths:
        busy.client.created(f"{path}/jobs", {"data": code_generate(1)})
    assert {busy.client.get(f"{path}/codes").status_code for path in paths} == {200}
    for number in range(20):
        codes = {"type": "promotion_codes", "codes": [{"code": f"by-hand-{number}"}]}
        assert busy.client.post(busy.path + "/codes", json={"data": codes}).status_code == 201
        assert (busy.look("/codes"), busy.look("")) == (200, 200)
    for _ in range(20):
        busy.control("POST", f"promotions/{busy.path.rpartition('/')[2]}/usages", {"code": "by-hand-1"})
        assert busy.look("/usages") == 200
    for number in range(20):
        fixture = {"ep_mock_fixture": 1, "promotions": [{"family": "standard", "name": f"More {number}"}]}
        busy.control("POST", "fixtures", fixture)
        assert busy.look("/codes") == 200


@pytest.mark.parametrize("clock", CLOCKS)
def test_a_promotion_without_an_unfinished_job_may_be_read_for_ever(clock: str) -> None:
    busy = Busy(clock=clock)
    idle = add_promotion(busy.client)
    for below in ("", "/codes", "/jobs"):
        assert {busy.client.get(idle + below).status_code for _ in range(10)} == {200}
    busy.client.advance(idle=True)
    assert set(busy.looks("/codes", 10) + busy.looks("/jobs", 10)) == {200}


@pytest.mark.parametrize("clock", ["real", "scaled"])
def test_a_clock_that_runs_is_never_stuck(clock: str) -> None:
    busy = Busy(clock=clock, stuck_polls=1, timings="pickup=100000s")
    assert set(busy.looks("/jobs", 10) + busy.looks("/codes", 10)) == {200}
    assert busy.client.store.poll_counts.all_at(busy.client.store.moment) == {}


def test_a_parameter_that_means_nothing_hides_no_poll() -> None:
    busy = Busy()
    assert [busy.look(f"/codes?_={number}") for number in range(4)] == [200] * 3 + [503]


def test_logging_in_before_each_poll_hides_none() -> None:
    busy = Busy()
    form = {"grant_type": "client_credentials", "client_id": "shop", "client_secret": "any"}
    seen = []
    for _ in range(4):
        assert busy.client.post("/oauth/access_token", data=form).status_code == 200
        seen.append(busy.look("/codes"))
    assert seen == [200] * 3 + [503]


def test_a_refused_change_is_none() -> None:
    busy = Busy()
    seen = []
    for _ in range(4):
        assert busy.client.post(busy.path + "/jobs", json={"data": code_generate(1)}).status_code == 400
        seen.append(busy.look("/jobs"))
    assert seen == [200] * 3 + [503]


def test_a_restored_store_knows_how_often_it_was_polled() -> None:
    busy = Busy(clock="poll")
    busy.control("POST", "worker/pause")
    busy.looks("/codes", 2)
    snapshot = busy.client.get("/__ep_mock/snapshot").json()
    others = Busy(clock="poll")
    assert others.client.put("/__ep_mock/snapshot", json=snapshot).status_code == 200
    others.path = busy.path
    for each in (busy, others):
        assert (each.looks("/codes", 2), each.looks("/jobs", 4)) == ([200, 503], [200] * 3 + [503])


def test_a_snapshot_with_the_counts_of_former_versions_is_read() -> None:
    busy = Busy()
    snapshot = busy.client.get("/__ep_mock/snapshot").json()
    busy.control("PUT", "snapshot", {**snapshot, "polls": 2, "polled_at": busy.client.store.now})
    assert busy.looks("/jobs", 4) == [200] * 3 + [503]


def test_the_history_of_an_unfinished_job_says_what_it_waits_for() -> None:
    busy = Busy(clock="poll")
    busy.control("POST", "worker/pause")
    told = busy.client.get(f"/__ep_mock/jobs/{busy.job}/history").json()
    reason = "the worker is paused: resume it with POST /__ep_mock/worker/resume"
    assert (told["waits_for"], told.get("polls")) == (reason, None)
    busy.looks("/codes", 3)
    busy.looks("/jobs", 2)
    assert busy.client.get(f"/__ep_mock/jobs/{busy.job}/history").json()["polls"] == 3
    busy.control("POST", "worker/resume")
    busy.client.advance(idle=True)
    assert busy.client.get(f"/__ep_mock/jobs/{busy.job}/history").json().keys() == {"job", "history"}
