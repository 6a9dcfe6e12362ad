"""Each fault, as a real client meets it on a real connection, with both HTTP parsers and both event loops
that the server may run on.
"""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest
from uvicorn.config import HTTP_PROTOCOLS

from ep_mock import MockServer
from ep_mock.domain.families import STANDARD
from tests.bodies import code_generate, new_promotion
from tests.client import START

HEADERS = {"Authorization": "Bearer of-a-test"}


@pytest.fixture(params=["httptools-uvloop", "httptools-asyncio", "h11-uvloop", "h11-asyncio"])
def mock(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[MockServer]:
    """A server on a manual clock."""
    parser, loop = request.param.split("-")
    for module in (parser, loop):
        pytest.importorskip(module)
    monkeypatch.setitem(HTTP_PROTOCOLS, "auto", HTTP_PROTOCOLS[parser])
    if loop == "asyncio":
        monkeypatch.setattr("ep_mock.serving.run.new_event_loop", asyncio.new_event_loop)
    with MockServer(clock="manual", clock_start=START, seed="tests") as server:
        yield server


@pytest.fixture
def client(mock: MockServer) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=mock.url, headers=HEADERS, trust_env=False) as client:
        yield client


@pytest.fixture
def jobs(client: httpx2.Client) -> str:
    """The path of the jobs of a promotion."""
    return f"/v2/promotions/{client.post('/v2/promotions', json={'data': new_promotion(STANDARD)}).json()['data']['id']}/jobs"


def set_fault(client: httpx2.Client, **fault: Any) -> str:
    answer = client.post("/__ep_mock/faults", json=fault)
    assert answer.status_code == 201, answer.text
    fault_id: str = answer.json()["id"]
    return fault_id


def journal(client: httpx2.Client) -> list[tuple[Any, ...]]:
    """What became of each request: status, outcome, whether it was carried out, its faults."""
    entries = client.get("/__ep_mock/requests").json()["requests"]
    return [(entry["status"], entry["outcome"], entry["carried_out"], entry["faults"]) for entry in entries]


def raw_exchange(
    mock: MockServer, path: str, body: bytes = b"", more: bytes = b""
) -> tuple[bytes, type[OSError] | None]:
    """All bytes that a request gets until the connection ends, and how it ends."""
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer x\r\nContent-Length: {len(body)}\r\n"
    received = b""
    with socket.create_connection(("127.0.0.1", mock.port), timeout=10) as connection:
        connection.sendall(head.encode() + more + b"\r\n" + body)
        try:
            while piece := connection.recv(65536):
                received += piece
        except ConnectionResetError:
            return received, ConnectionResetError
    return received, None


@pytest.mark.parametrize(
    ("error", "status", "document"),
    [
        ("unauthorized", 401, {"status": 401, "title": "Unable to validate access token"}),
        ("forbidden", 403, {"status": 403, "title": "Forbidden"}),
        ("not_found", 404, {"detail": "promotion not found", "status": 404, "title": "Not Found"}),
        ("conflict", 409, {"status": 409, "detail": "Write conflict detected", "title": "Conflict"}),
        (
            "unprocessable",
            422,
            {"status": "422", "title": "Unprocessable Entity", "detail": "The request cannot be processed"},
        ),
        ("rate_limited", 429, {"status": 429, "title": "Too Many Requests"}),
        ("unavailable", 503, {"status": 503, "title": "Service Unavailable"}),
    ],
)
def test_a_documented_error_by_its_name(
    client: httpx2.Client, jobs: str, error: str, status: int, document: dict[str, Any]
) -> None:
    set_fault(client, match={"operation": "list_jobs"}, error=error)
    answer = client.get(jobs)
    assert (answer.status_code, json.dumps(answer.json())) == (status, json.dumps({"errors": [document]}))
    assert answer.headers["x-ep-mock-fault"] == "fault-1"
    assert answer.headers.get("retry-after") == ("1" if error == "rate_limited" else None)
    assert client.get(jobs).status_code == 200


def test_an_internal_error_tells_a_request_id_that_comes_from_the_seed(
    client: httpx2.Client, jobs: str
) -> None:
    set_fault(client, match={"operation": "list_jobs"}, error="internal")
    (item,) = client.get(jobs).json()["errors"]
    assert item == {
        "status": 500,
        "title": "Internal Server Error",
        "detail": "There was an internal server error, you can report with your request id.",
        "request_id": "a020f93b-1175-474a-91d3-30145fd3426f",
    }


def test_any_answer(client: httpx2.Client, jobs: str) -> None:
    set_fault(
        client,
        match={"path": "/v2/carts"},
        answer={"status": 200, "body": {"data": []}, "headers": {"X-Cart": "empty"}},
    )
    html = {"Content-Type": "text/html"}
    set_fault(
        client, match={"path": jobs}, answer={"status": 502, "text": "<h1>Bad Gateway</h1>", "headers": html}
    )
    set_fault(client, match={"path": jobs}, answer={"status": 204})
    stubbed, gateway, empty = client.get("/v2/carts"), client.get(jobs), client.get(jobs)
    assert (stubbed.status_code, stubbed.json(), stubbed.headers["x-cart"]) == (200, {"data": []}, "empty")
    assert (gateway.status_code, gateway.text, gateway.headers["content-type"]) == (
        502,
        "<h1>Bad Gateway</h1>",
        "text/html",
    )
    assert (empty.status_code, empty.content) == (204, b"")


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    ("connection", "ending"), [("reset", ConnectionResetError), ("empty", None), ("garbage", None)]
)
def test_a_connection_that_breaks(
    mock: MockServer,
    client: httpx2.Client,
    jobs: str,
    when: str,
    connection: str,
    ending: type[OSError] | None,
) -> None:
    set_fault(client, match={"operation": "create_job"}, when=when, connection=connection)
    received, ended = raw_exchange(mock, jobs, json.dumps({"data": code_generate(5)}).encode())
    assert ended is ending
    assert (received[:1], b"HTTP" in received) == (b"\0" if connection == "garbage" else b"", False)
    assert client.get(jobs).json()["meta"]["results"]["total"] == (when == "after")
    assert journal(client)[1] == (None, "faulted", when == "after", ["fault-1"])


@pytest.mark.parametrize("connection", ["reset", "empty", "garbage", "truncated"])
def test_a_client_library_meets_it_as_an_error_of_the_transport(
    client: httpx2.Client, jobs: str, connection: str
) -> None:
    set_fault(client, match={"operation": "list_jobs"}, connection=connection)
    with pytest.raises((httpx2.ReadError, httpx2.RemoteProtocolError)):
        client.get(jobs)
    assert client.get(jobs).status_code == 200


def test_a_truncated_answer_is_the_one_that_was_earned(
    mock: MockServer, client: httpx2.Client, jobs: str
) -> None:
    body = json.dumps({"data": code_generate(5)}).encode()
    set_fault(client, match={"operation": "create_job"}, when="after", connection="truncated")
    received, ended = raw_exchange(mock, jobs, body)
    head, _, half = received.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    announced = next(int(line.partition(b": ")[2]) for line in lines if line.startswith(b"content-length"))
    (job,) = client.get(jobs).json()["data"]
    assert (lines[0], ended, len(half)) == (b"HTTP/1.1 201 Created", None, announced // 2)
    assert half.startswith(b'{"data":{"type":"promotion_job","id":"' + job["id"].encode())
    assert journal(client)[1] == (None, "faulted", True, ["fault-1"])


@pytest.mark.parametrize(
    ("fault", "start"),
    [
        ({}, b"HTTP/1.1 200 OK"),
        ({"error": "internal"}, b"HTTP/1.1 500 Internal Server Error"),
        ({"answer": {"status": 200, "text": "abcdef"}}, b"HTTP/1.1 200 OK"),
    ],
)
def test_a_truncated_answer_can_be_any(
    mock: MockServer, client: httpx2.Client, jobs: str, fault: dict[str, Any], start: bytes
) -> None:
    set_fault(client, match={"operation": "create_job"}, connection="truncated", **fault)
    received, ended = raw_exchange(mock, jobs, b"{}")
    head, _, half = received.partition(b"\r\n\r\n")
    assert (head.split(b"\r\n")[0], ended) == (start, None)
    assert (
        f"content-length: {2 * len(half)}" in head.decode()
        or f"content-length: {2 * len(half) + 1}" in head.decode()
    )
    assert half
    assert client.get(jobs).json()["data"] == []


def test_nothing_is_cut_off_where_there_is_no_body(
    mock: MockServer, client: httpx2.Client, jobs: str
) -> None:
    set_fault(client, match={"operation": "create_job"}, connection="truncated", answer={"status": 204})
    assert raw_exchange(mock, jobs, b"{}") == (b"", None)


def test_a_file_that_is_streamed_can_be_truncated(client: httpx2.Client, jobs: str) -> None:
    client.post(jobs, json={"data": code_generate(50)})
    client.post("/__ep_mock/clock/advance", json={"idle": True})
    job = client.post(jobs, json={"data": {"type": "promotion_job", "job_type": "code_export"}}).json()[
        "data"
    ]
    client.post("/__ep_mock/clock/advance", json={"idle": True})
    href = client.get(f"{jobs}/{job['id']}/file").json()["href"]
    set_fault(client, match={"operation": "get_file"}, when="after", connection="truncated")
    with pytest.raises((httpx2.ReadError, httpx2.RemoteProtocolError)):
        client.get(href)
    assert client.get(href).text.count("\r\n") == 51


class Naps:
    """Takes the place of `waiting.pause`: whoever lets time go by is woken by the test."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.asleep = threading.Event()
        self.wake: Callable[[], object] = lambda: None

    async def pause(self, _guarded: object, seconds: float, _scope: object) -> None:
        self.seconds.append(seconds)
        loop = asyncio.get_running_loop()
        woken = asyncio.Event()
        self.wake = lambda: loop.call_soon_threadsafe(woken.set)
        self.asleep.set()
        await woken.wait()


def test_a_delay_holds_up_its_own_request_only(
    mock: MockServer, client: httpx2.Client, jobs: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    naps = Naps()
    monkeypatch.setattr("ep_mock.web.pipeline.pause", naps.pause)
    for when, delay in (("before", 0.5), ("after", {"least": 2, "most": 3})):
        set_fault(client, match={"operation": "create_job"}, delay=delay, when=when)
    answers: list[tuple[bytes, type[OSError] | None]] = []
    body = json.dumps({"data": code_generate(5)}).encode()
    creating = threading.Thread(
        target=lambda: answers.append(raw_exchange(mock, jobs, body, more=b"Connection: close\r\n"))
    )
    creating.start()
    totals = []
    for _ in ("before", "after"):
        assert naps.asleep.wait(60)
        naps.asleep.clear()
        totals.append(client.get(jobs).json()["meta"]["results"]["total"])
        naps.wake()
    creating.join()
    assert (totals, naps.seconds[0], 2 <= naps.seconds[1] < 3) == ([0, 1], 0.5, True)
    assert answers[0][0].startswith(b"HTTP/1.1 201 Created")
    assert [entry for entry in journal(client) if entry[3]] == [(201, "served", True, ["fault-1", "fault-2"])]


def test_a_delay_is_one_of_real_seconds(client: httpx2.Client) -> None:
    set_fault(client, delay=0.03)
    assert client.get("/v2/promotions").elapsed.total_seconds() >= 0.03


def test_faults_never_hit_the_control_plane(client: httpx2.Client) -> None:
    set_fault(client, times=0, connection="reset")
    for _ in range(3):
        assert client.get("/__ep_mock/health").status_code == 200
    assert client.get("/__ep_mock/faults").json()["faults"][0]["hits"] == 0
    assert client.delete("/__ep_mock/faults").status_code == 204
    assert client.get("/v2/promotions").status_code == 200


def test_a_reset_lifts_faults_and_empties_the_journal(client: httpx2.Client) -> None:
    set_fault(client, times=0, error="internal")
    assert client.get("/v2/promotions").status_code == 500
    assert client.post("/__ep_mock/reset").status_code == 204
    assert client.get("/__ep_mock/faults").json() == {"faults": []}
    assert client.get("/__ep_mock/requests").json() == {"requests": [], "total": 0, "forgotten": 0}
    assert client.get("/v2/promotions").status_code == 200
    assert set_fault(client, error="internal") == "fault-1"


def test_a_broken_connection_leaves_no_trace_in_the_log(
    client: httpx2.Client, jobs: str, caplog: pytest.LogCaptureFixture
) -> None:
    for connection in ("reset", "empty", "garbage", "truncated"):
        set_fault(client, match={"operation": "list_jobs"}, connection=connection)
        with pytest.raises((httpx2.ReadError, httpx2.RemoteProtocolError)):
            client.get(jobs)
    assert [
        record.getMessage() for record in caplog.records if record.levelname in ("WARNING", "ERROR")
    ] == []
