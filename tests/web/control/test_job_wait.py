from __future__ import annotations

import asyncio
import http.client
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from ep_mock import MockServer
from ep_mock.clock import Clock
from ep_mock.domain.families import RULE, STANDARD
from ep_mock.operations.jobs import cancel_job, create_job
from ep_mock.serving.in_process import call_app
from ep_mock.timings import SECOND
from tests import virtual_time
from tests.answers import answer_problems
from tests.bodies import code_export, code_generate, new_promotion
from tests.client import ApiClient, api_client
from tests.web.control.test_clock_and_worker import add_job

START = "2024-12-03T23:31:35.962680423Z"


def wait(client: ApiClient, **body: object) -> Any:
    """The answer to a wait that succeeds."""
    response = client.post("/__ep_mock/jobs/wait", json=body)
    assert response.status_code == 200, response.text
    return response.json()


def known(client: ApiClient, job_id: str) -> Any:
    """The job and its history, as the history call returns them."""
    told = client.get(f"/__ep_mock/jobs/{job_id}/history").json()
    return {name: told[name] for name in ("job", "history")}


def in_vain(client: ApiClient, **body: object) -> tuple[str, str]:
    """Title and detail of a wait that fails; its `meta` must agree with the history."""
    response = client.post("/__ep_mock/jobs/wait", json=body)
    assert response.status_code == 409, response.text
    (error,) = response.json()["errors"]
    if "job" in error["meta"]:
        assert {name: error["meta"][name] for name in ("job", "history")} == known(
            client, error["meta"]["job"]["id"]
        )
    return error["title"], error["detail"]


def test_a_status_that_is_there_needs_no_waiting() -> None:
    client = api_client()
    job = add_job(client, code_generate(1))
    answer = wait(client, job_id=job["id"], status="pending")
    assert answer == known(client, job["id"])
    client.advance(idle=True)
    assert wait(client, status=["failed", "completed"])["job"]["status"] == "completed"
    assert wait(client, promotion_id=job["promotion_id"])["job"]["id"] == job["id"]


def test_without_a_job_or_promotion_the_newest_job_of_the_store_is_meant() -> None:
    client = api_client()
    first, second = add_job(client, code_generate(1)), add_job(client, code_export(), RULE)
    assert wait(client, status="pending")["job"]["id"] == second["id"]
    assert wait(client, status="pending", promotion_id=first["promotion_id"])["job"]["id"] == first["id"]


def test_on_a_manual_clock_a_wait_in_vain_answers_at_once_and_says_what_to_do() -> None:
    client = api_client()
    job = add_job(client, code_generate(1))
    assert in_vain(client, status="completed", timeout=600) == (
        "Time stands still",
        f"waited for completed, but job {job['id']} is pending since {START}; the manual clock stands at {START}, the worker's next "
        'event is due at 2024-12-03T23:31:36.062680423Z: move time with POST /__ep_mock/clock/advance {"next": true}, or wait with '
        '"others_advance": true if another client will',
    )
    client.post("/__ep_mock/worker/pause")
    assert in_vain(client, timeout=600) == (
        "Nothing will happen",
        f"waited for completed or failed or cancelled, but job {job['id']} is pending since {START}; the worker is paused: resume it with "
        "POST /__ep_mock/worker/resume",
    )


def test_a_job_that_has_ended_otherwise_is_waited_for_no_longer() -> None:
    client = api_client(codes_limit=3)
    promotion = client.created("/v2/promotions", {"data": new_promotion(STANDARD)})
    for count in (2, 2):
        job = client.created(f"/v2/promotions/{promotion['id']}/jobs", {"data": code_generate(count)})
        client.advance(idle=True)
    assert in_vain(client, status="completed", others_advance=True, timeout=600) == (
        "Ended otherwise",
        f"waited for completed, but job {job['id']} is failed: codes limit exceeded",
    )
    assert in_vain(client, status="processing")[0] == "Ended otherwise"


@pytest.mark.parametrize(
    ("plan", "detail"),
    [
        (
            {"stuck": "processing"},
            "; plan-1 keeps it stuck there: cancel it, or delete its promotion, or wait for another status",
        ),
        (
            {"stuck": "pending"},
            "; plan-1 keeps it stuck there: cancel it, or delete its promotion, or wait for another status",
        ),
    ],
)
def test_a_stuck_job_is_said_to_be_stuck(plan: dict[str, Any], detail: str) -> None:
    client = api_client(clock="poll")
    client.post("/__ep_mock/plans", json=plan)
    ahead = add_job(client, code_generate(5))
    title, said = in_vain(client)
    assert (title, said[said.index(";") :]) == ("Nothing will happen", detail)
    behind = add_job(client, code_generate(5))
    if plan["stuck"] == "pending":
        assert wait(client)["job"]["status"] == "completed"
    else:
        said = in_vain(client)[1]
        assert said.startswith(
            f"waited for completed or failed or cancelled, but job {behind['id']} is pending since "
        )
        held = f"; the worker is held up by job {ahead['id']}, which plan-1 keeps processing: cancel it, or delete its promotion"
        assert said.endswith(held)


def test_a_poll_clock_is_moved_by_the_wait_as_polls_would_move_it() -> None:
    waiting, polling = api_client(clock="poll"), api_client(clock="poll")
    jobs = [add_job(client, code_generate(9)) for client in (waiting, polling)]
    assert jobs[0] == jobs[1]
    path = f"/v2/promotions/{jobs[0]['promotion_id']}/jobs"
    while polling.get(path).json()["data"][0]["status"] != "completed":
        pass
    answer = wait(waiting, status="completed")
    polled = polling.get(f"/__ep_mock/jobs/{jobs[1]['id']}/history").json()
    for entry in (*answer["history"], *polled["history"]):
        del entry["sequence"]  # Polls are events themselves, a wait is none.
    assert answer == polled
    assert waiting.get("/__ep_mock/clock").json() == polling.get("/__ep_mock/clock").json()


def test_a_wait_on_a_poll_clock_stops_where_the_status_is_reached() -> None:
    client = api_client(clock="poll")
    add_job(client, code_generate(9))
    assert wait(client, status="processing")["job"]["status"] == "processing"
    assert client.get("/__ep_mock/clock").json()["now"] == "2024-12-03T23:31:36.062680423Z"


def test_a_wait_on_a_poll_clock_ends_whatever_the_state_of_the_store() -> None:
    client = api_client(clock="poll")
    path = f"/v2/promotions/{client.created('/v2/promotions', {'data': new_promotion(STANDARD)})['id']}/jobs"
    client.created(path, {"data": code_generate(1)})
    client.advance(idle=True)
    unfinished = client.created(path, {"data": code_generate(1)})["id"]
    (promotion,) = client.store.state.promotions[STANDARD].values()
    promotion.jobs.reverse()  # no verb makes such a store: its newest job has ended, an older one has not
    assert in_vain(client, job_id=unfinished)[0] == "Time stands still"


def test_where_there_is_no_job_yet_there_is_nothing_to_wait_for_on_a_clock_that_stands() -> None:
    client = api_client()
    expected = "there is no job yet; waited for completed"
    assert in_vain(client, status="completed") == ("Nothing will happen", expected)
    promotion = client.created("/v2/promotions", {"data": new_promotion(STANDARD)})
    of_promotion = f"{expected} of promotion {promotion['id']}"
    assert in_vain(client, status="completed", promotion_id=promotion["id"]) == (
        "Nothing will happen",
        of_promotion,
    )


@pytest.mark.parametrize(
    ("body", "status", "source", "detail"),
    [
        ({"job_id": "nobody"}, 404, None, "job not found"),
        ({"promotion_id": "nobody"}, 404, None, "promotion not found"),
        ({"job_id": "a", "promotion_id": "b"}, 400, "promotion_id", "give job_id or promotion_id, not both"),
        ({"status": []}, 400, "status", "Array must have at least 1 items"),
        (
            {"status": "done"},
            400,
            "status",
            "Does not match pattern '^(pending|processing|completed|failed|cancelling|cancelled)$'",
        ),
        ({"timeout": 601}, 400, "timeout", "Must be less than or equal to 600"),
        ({"patience": 1}, 400, "patience", "Additional property patience is not allowed"),
    ],
)
def test_a_wait_that_makes_no_sense_is_refused(
    body: dict[str, Any], status: int, source: str | None, detail: str
) -> None:
    response = api_client().post("/__ep_mock/jobs/wait", json=body)
    (error,) = response.json()["errors"]
    assert (response.status_code, error.get("source"), error["detail"]) == (status, source, detail)


async def waited(client: ApiClient, **body: object) -> tuple[int, Any]:
    """Status and answer of a wait that takes its time."""
    headers = [(b"host", b"ep-mock.test"), (b"content-type", b"application/json")]
    reply = await call_app(client.app, "POST", b"/__ep_mock/jobs/wait", headers, json.dumps(body).encode())
    assert not answer_problems("POST", b"/__ep_mock/jobs/wait", reply.status, reply.body)
    return reply.status, json.loads(reply.body)


class Caller:
    """Blocking calls over a socket of its own."""

    def __init__(self, server: MockServer) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)

    def __call__(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        content = None if body is None else json.dumps(body)
        self._connection.request(method, path, content, {"Authorization": "Bearer of-a-test"})
        response = self._connection.getresponse()
        raw = response.read()
        return response.status, json.loads(raw) if raw else None

    def add_job(self, count: int) -> str:
        """A job of a new promotion; answers its id."""
        promotion = self("POST", "/v2/promotions", {"data": new_promotion(STANDARD)})[1]["data"]
        job: str = self("POST", f"/v2/promotions/{promotion['id']}/jobs", {"data": code_generate(count)})[1][
            "data"
        ]["id"]
        return job

    def close(self) -> None:
        self._connection.close()


class Waiter(threading.Thread):
    """A wait on a thread of its own."""

    def __init__(self, server: MockServer, **body: object) -> None:
        super().__init__()
        self._caller = Caller(server)
        self._body = body
        self.answer: tuple[int, Any] = (0, None)
        self.start()

    def run(self) -> None:
        self.answer = self._caller("POST", "/__ep_mock/jobs/wait", self._body)
        self._caller.close()

    def outcome(self) -> tuple[int, Any]:
        """Its answer."""
        self.join(30)
        return self.answer


@pytest.fixture
def real() -> Iterator[MockServer]:
    with MockServer(clock="real") as server:
        yield server


@pytest.fixture
def manual() -> Iterator[MockServer]:
    with MockServer(clock="manual") as server:
        yield server


def test_a_real_clock_is_waited_for(real: MockServer) -> None:
    caller = Caller(real)
    caller.add_job(1)
    status, answer = caller("POST", "/__ep_mock/jobs/wait", {"status": "completed"})
    assert (status, [entry["status"] for entry in answer["history"]]) == (
        200,
        ["pending", "processing", "completed"],
    )
    caller.close()


@pytest.mark.parametrize("scale", [0.5, 1, 60])
def test_a_scaled_clock_is_waited_for_at_its_own_pace(scale: float) -> None:
    client = api_client(timings="documented")
    job = add_job(client, code_generate(1000))

    async def scenario() -> tuple[Any, float]:
        loop, store = asyncio.get_running_loop(), client.store
        store.clock = Clock(
            "scaled", start=store.now, scale=scale, monotonic=lambda: int(loop.time() * SECOND)
        )
        reply = await waited(client, job_id=job["id"], timeout=600)
        return reply, loop.time()

    # It is taken up after a second, and then takes one more and 5.7 ms a code.
    (status, answer), seconds = virtual_time.run(scenario())
    assert (status, answer["job"]["status"]) == (200, "completed")
    assert seconds == pytest.approx(7.7 / scale, abs=0.01)


def test_a_wait_that_takes_too_long_says_where_the_job_stands(real: MockServer) -> None:
    caller = Caller(real)
    caller("POST", "/__ep_mock/plans", {"stuck": "processing"})
    job = caller.add_job(1)
    status, answer = caller("POST", "/__ep_mock/jobs/wait", {"status": "completed", "timeout": 0.2})
    (error,) = answer["errors"]
    since = error["meta"]["history"][-1]["at"]
    assert (status, error["title"], error["detail"]) == (
        409,
        "Timed out",
        f"after 0.2 s: waited for completed, but job {job} is processing since {since}; plan-1 keeps it stuck there: "
        "cancel it, or delete its promotion, or wait for another status",
    )
    assert (
        caller("POST", "/__ep_mock/jobs/wait", {"status": "completed", "timeout": 0})[1]["errors"][0]["title"]
        == "Timed out"
    )
    caller.close()


def test_others_can_move_a_manual_clock_meanwhile_and_a_status_that_was_passed_through_counts() -> None:
    client = api_client()
    job = add_job(client, code_generate(3))

    async def scenario() -> list[tuple[int, Any]]:
        statuses = ("processing", "completed", "cancelled")
        waits = [
            asyncio.ensure_future(
                waited(client, job_id=job["id"], status=status, others_advance=True, timeout=600)
            )
            for status in statuses
        ]
        await virtual_time.settled()
        assert client.app.stores.get_or_create("default").waiting == len(waits)
        # Both changes happen between two looks.
        assert [transition["status"] for transition in client.advance(idle=True)] == [
            "processing",
            "completed",
        ]
        return await asyncio.gather(*waits)

    processing, completed, cancelled = virtual_time.run(scenario())
    assert [status for status, _ in (processing, completed, cancelled)] == [200, 200, 409]
    assert [answer["job"]["status"] for _, answer in (processing, completed)] == ["completed", "completed"]
    assert cancelled[1]["errors"][0]["title"] == "Ended otherwise"


def test_a_job_that_does_not_exist_yet_can_be_waited_for(real: MockServer) -> None:
    caller = Caller(real)
    waiter = Waiter(real, status="completed", timeout=30)
    caller.add_job(1)
    status, answer = waiter.outcome()
    assert (status, answer["job"]["status"]) == (200, "completed")
    caller.close()


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/__ep_mock/reset"), ("DELETE", "/__ep_mock/stores/default")]
)
def test_who_waits_is_told_that_the_store_is_gone(manual: MockServer, method: str, path: str) -> None:
    caller = Caller(manual)
    job = caller.add_job(1)
    waiter = Waiter(manual, job_id=job, status="completed", others_advance=True, timeout=30)
    while caller("GET", f"/__ep_mock/jobs/{job}/history")[0] == 200 and waiter.is_alive():
        # As soon as it waits; a reset before that would make the job unknown.
        if manual.app.stores.get_or_create("default").waiting:
            caller(method, path)
    status, answer = waiter.outcome()
    assert (status, answer["errors"][0]["title"]) == (409, "Store is gone")
    caller.close()


def test_a_server_that_stops_answers_those_who_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ep_mock.serving.run.THREAD_SHUTDOWN_TIMEOUT", 30)  # however slow the machine is
    with MockServer(clock="manual") as server:
        caller = Caller(server)
        job = caller.add_job(1)
        waiter = Waiter(server, job_id=job, status="completed", others_advance=True, timeout=600)
        while not server.app.stores.get_or_create("default").waiting:
            caller("GET", "/__ep_mock/clock")
        caller.close()
    status, answer = waiter.outcome()
    assert (status, answer["errors"][0]["title"]) == (503, "Server is stopping")
    assert answer["errors"][0]["detail"].startswith(
        f"the server is stopping; waited for completed, but job {job} is pending since "
    )
    assert not server.app.stores.get_or_create("default").waiting


def test_a_wait_on_a_poll_clock_ends_also_where_polls_do_not_move_time() -> None:
    # No verb leads here: two unfinished jobs in one promotion, of which only the newest is polled for.
    client = api_client(clock="poll")
    job = add_job(client, code_generate(1))
    store = client.app.stores.get_or_create("default").store
    promotion = store.promotion(STANDARD, job["promotion_id"])
    unfinished = promotion.jobs.pop()
    store.worker.pause()
    later = create_job(store, promotion, code_export())
    cancel_job(store, promotion, later.id)
    promotion.jobs.insert(0, unfinished)
    store.worker.resume(store.now)
    title, detail = in_vain(client, job_id=job["id"], timeout=60)
    assert title == "Time stands still"
    assert "move time with POST /__ep_mock/clock/advance" in detail
