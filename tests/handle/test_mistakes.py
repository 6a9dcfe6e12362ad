"""Likely mistakes in arguments: each works, or fails with one sentence that says what to write."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ep_mock import MockServer, create_app
from ep_mock.errors import UsageError
from ep_mock.handle import Handle
from ep_mock.transports import httpx_transport
from tests.handle.callers import call

A_WORD = "expected one of pending, processing, completed, failed, cancelling, cancelled, got"
SOME = "a promotion or its id"
FAMILIES = "expected one of standard, rule, got"
SETTINGS = "settings: expected ep_mock.Settings, or keywords such as clock='manual', got"
NEWEST = "write promotion=... for the newest job of a promotion"
MODES = "expected one of real, scaled, manual, poll, got"

# As `Any`, so that mypy accepts the mistakes.
CONNECT: Any = Handle.connect
IN_PROCESS: Any = Handle.in_process
SERVER: Any = MockServer
APP: Any = create_app
TRANSPORT: Any = httpx_transport

MISTAKES: list[tuple[Callable[[Any], object], str]] = [
    (
        lambda mock: mock.promotions.create("rules"),
        f"promotions.create: family: {FAMILIES} 'rules'; did you mean 'rule'?",
    ),
    (
        lambda mock: mock.promotions.create("Summer sale"),
        f"promotions.create: family: {FAMILIES} 'Summer sale'; write a name as name=...",
    ),
    (
        lambda mock: mock.promotions.list("Rule"),
        f"promotions.list: family: {FAMILIES} 'Rule'; did you mean 'rule'?",
    ),
    (
        lambda mock: mock.promotions.get("a", "rules"),
        f"promotions.get: family: {FAMILIES} 'rules'; did you mean 'rule'?",
    ),
    (lambda mock: mock.promotions.get(None), f"promotions.get: promotion: expected {SOME}, got None"),
    (
        lambda mock: mock.promotions.get({"name": "x"}),
        f"promotions.get: promotion: expected {SOME}, got {{'name': 'x'}}",
    ),
    (
        lambda mock: mock.promotions.delete(mock.jobs.list()[0]),
        f"promotions.delete: promotion: expected {SOME}, got an object of the type Job; write job.promotion_id",
    ),
    (lambda mock: mock.codes.count(5), f"codes.count: promotion: expected {SOME}, got 5"),
    (
        lambda mock: mock.codes.create("a", ["A", "B"]),
        "codes.create: code: expected text or an object with the key 'code', got ['A', 'B']; write codes.create(promotion, *codes)",
    ),
    (
        lambda mock: mock.codes.create("a"),
        "codes.create: expected at least one code, as in codes.create(promotion, 'SUMMER')",
    ),
    (
        lambda mock: mock.codes.use("A", mock.promotions.list()[0]),
        "codes.use: code: expected the text of a code, got an object of the type Promotion; the promotion comes first",
    ),
    (
        lambda mock: mock.codes.use("a", {"code": "A"}),
        "codes.use: code: expected the text of a code, got {'code': 'A'}; write code['code']",
    ),
    (
        lambda mock: mock.codes.use("a", "A", times=2),
        "codes.use: there is no keyword 'times'; did you mean 'times_used'?",
    ),
    (
        lambda mock: mock.codes.use("a", "A", times_used="2"),
        "codes.use: times_used: expected a whole number, got '2'",
    ),
    (lambda mock: mock.jobs.generate(None, 10), f"jobs.generate: promotion: expected {SOME}, got None"),
    (
        lambda mock: mock.jobs.export("a", family="rules"),
        f"jobs.export: family: {FAMILIES} 'rules'; did you mean 'rule'?",
    ),
    (lambda mock: mock.jobs.history(None), "jobs.history: job: expected a job or its id, got None"),
    (
        lambda mock: mock.jobs.cancel(mock.promotions.list()[0]),
        f"jobs.cancel: job: expected a job or its id, got an object of the type Promotion; {NEWEST}",
    ),
    (lambda mock: mock.jobs.list(status="done"), f"jobs.list: status: {A_WORD} 'done'"),
    (
        lambda mock: mock.jobs.list(family="rules"),
        f"jobs.list: family: {FAMILIES} 'rules'; did you mean 'rule'?",
    ),
    (lambda mock: mock.wait_for_job(status="done"), f"wait_for_job: status: {A_WORD} 'done'"),
    (lambda mock: mock.wait_for_job(status=["completed", "oops"]), f"wait_for_job: status: {A_WORD} 'oops'"),
    (
        lambda mock: mock.wait_for_job(timeout="5"),
        "wait_for_job: timeout: expected a number of seconds, got '5'",
    ),
    (
        lambda mock: mock.wait_for_job(timeout=float("inf")),
        "wait_for_job: timeout: expected a number of seconds, got inf",
    ),
    (
        lambda mock: mock.wait_for_requests(timeout=None),
        "wait_for_requests: timeout: expected a number of seconds, got None",
    ),
    (
        lambda mock: mock.wait_for_requests(times=0),
        "wait_for_requests: times: expected a whole number above 0, got 0",
    ),
    (
        lambda mock: mock.clock.set("maunal"),
        f"clock.set: mode: {MODES} 'maunal'; did you mean 'manual'?",
    ),
    (lambda mock: mock.clock.set("scaled", scale="2"), "clock.set: scale: expected a number, got '2'"),
    (lambda mock: mock.clock.advance("10s"), "clock.advance: expected a number of seconds, got '10s'"),
    (
        lambda mock: mock.clock.advance(timedelta(seconds=5)),
        "clock.advance: expected a number of seconds, got datetime.timedelta(seconds=5)",
    ),
    (
        lambda mock: mock.clock.advance_to(datetime(2030, 1, 1)),
        "clock.advance_to: expected text such as '2025-01-31T10:30:00Z', got datetime.datetime(2030, 1, 1, 0, 0)",
    ),
    (
        lambda mock: mock.requests.find(operations="create_job"),
        "requests.find: there is no keyword 'operations'; did you mean 'operation'?",
    ),
    (
        lambda mock: mock.requests.count(match={"operation": "create_job"}),
        "requests.count: there is no keyword 'match'; write its content as keywords, as in operation='create_job'",
    ),
    (
        lambda mock: mock.requests.assert_called("create_job"),
        "requests.assert_called: times: expected a whole number, got 'create_job'; write operation='create_job' to name an operation",
    ),
    (
        lambda mock: mock.requests.assert_called(count=1),
        "requests.assert_called: there is no keyword 'count'; did you mean 'times'?",
    ),
    (lambda mock: mock.requests.all("5"), "requests.all: last: expected a whole number above 0, got '5'"),
    (
        lambda mock: mock.fault(operation="list_jobs", error="internal"),
        "fault: there is no keyword 'operation'; write match={'operation': ...}",
    ),
    (
        lambda mock: mock.fault(match={"operatoin": "x"}),
        "fault: match: there is no keyword 'operatoin'; did you mean 'operation'?",
    ),
    (lambda mock: mock.fault(match="list_jobs"), "fault: match: expected a mapping, got 'list_jobs'"),
    (
        lambda mock: mock.fault(status=500),
        "fault: there is no keyword 'status'; write answer={'status': ...}, or error= with a name such as 'internal'",
    ),
    (
        lambda mock: mock.fault(error="rate_limit"),
        "fault: error: expected one of unauthorized, forbidden, not_found, conflict, unprocessable, rate_limited, internal, unavailable, "
        "got 'rate_limit'; did you mean 'rate_limited'?",
    ),
    (lambda mock: mock.fault(delay="1s"), "fault: delay: expected a number or a mapping, got '1s'"),
    (
        lambda mock: mock.delete_fault({"id": "1"}),
        "delete_fault: expected an id that plan() or fault() returned, got {'id': '1'}; write its ['id']",
    ),
    (lambda mock: mock.plan(fial="x"), "plan: there is no keyword 'fial'; did you mean 'fail'?"),
    (lambda mock: mock.plan(codes="A"), "plan: codes: expected a list, got 'A'"),
    (
        lambda mock: mock.fail_next_job(promotion="a"),
        "fail_next_job: there is no keyword 'promotion'; write promotion_id=promotion.id",
    ),
    (
        lambda mock: mock.fail_next_job(promotion_id=mock.promotions.list()[0]),
        "fail_next_job: promotion_id: expected text, got an object of the type Promotion; write its id",
    ),
    (
        lambda mock: mock.stall_next_job("proccessing"),
        "stall_next_job: expected one of pending, processing, cancelling, got 'proccessing'; did you mean 'processing'?",
    ),
    (lambda mock: mock.rate_limit("5"), "rate_limit: expected a whole number, got '5'"),
    (lambda mock: mock.reset(clok="manual"), "reset: there is no keyword 'clok'; did you mean 'clock'?"),
    (lambda mock: mock.reset(seed=7), "reset: seed: expected text, got 7"),
    (lambda mock: mock.reset(unique_codes=1), "reset: unique_codes: expected True or False, got 1"),
    (lambda mock: mock.reset(codes_limit=True), "reset: codes_limit: expected a whole number, got True"),
    (
        lambda mock: mock.reset(auth="strict"),
        "reset: there is no keyword 'auth'; it is a setting of the whole server: set it when you start the server",
    ),
    (
        lambda mock: mock.settings(code_limit=5),
        "settings: there is no keyword 'code_limit'; did you mean 'codes_limit'?",
    ),
    (
        lambda mock: mock.settings(clock="poll"),
        "settings: there is no keyword 'clock'; write reset(clock=...), as a store starts with it",
    ),
    (
        lambda mock: mock.load_fixture(["campaign"]),
        "load_fixture: expected a mapping, a file or the name of a shipped fixture, got ['campaign']; call it once for each",
    ),
    (lambda mock: mock.load_fixture(Path("absent.json")), "absent.json: there is no such file"),
    (
        lambda mock: mock.restore("saved.json"),
        "restore: expected data that snapshot() returned, got 'saved.json'; write restore(json.loads(Path(...).read_text()))",
    ),
    (
        lambda mock: mock.of_store(mock),
        "of_store: expected the name of a store, got <Handle of the store 'default'>; write handle.store",
    ),
    (lambda mock: mock.of_store("a\n"), "of_store: expected the name of a store, got 'a\\n'"),
    (lambda mock: mock.delete_store(5), "delete_store: expected the name of a store, got 5"),
    (
        lambda mock: mock.document("rules"),
        "document: expected one of standard, rule, control, got 'rules'; did you mean 'rule'?",
    ),
    (lambda _: CONNECT(None), "url: expected an address such as http://127.0.0.1:8080, got None"),
    (
        lambda _: CONNECT("http://localhost", control_token="a\n"),
        "control_token: expected text that a header can have, got 'a\\n'",
    ),
    (lambda _: APP("manual"), f"{SETTINGS} 'manual'"),
    (lambda _: SERVER({"clock": "manual"}), f"{SETTINGS} {{'clock': 'manual'}}"),
    (lambda _: SERVER(fixtures=(5,)), "fixtures: expected words such as ('one', 'two'), got (5,)"),
    (
        lambda _: TRANSPORT(APP),
        "app: expected an ASGI application, as create_app() makes it, got <function create_app at *>",
    ),
    (
        lambda _: IN_PROCESS(SERVER()),
        "app: expected an ASGI application, as create_app() makes it, got <ep_mock.mock_server.MockServer object at *>; write server.app",
    ),
]


@pytest.mark.parametrize(("mistake", "message"), MISTAKES, ids=[message for _, message in MISTAKES])
def test_a_mistake_is_an_error_of_one_sentence_before_anything_is_sent(
    mock: Handle, mistake: Callable[[Any], object], message: str
) -> None:
    mock.jobs.export(mock.promotions.create())
    before = mock.snapshot()
    with pytest.raises(UsageError) as error:
        mistake(mock)
    start, star, end = message.partition("*") if message.startswith("app: ") else (message, "", "")
    assert str(error.value).startswith(start)
    assert str(error.value).endswith(end if star else start)
    assert mock.snapshot() == before


@pytest.mark.asyncio
async def test_the_async_waits_raise_the_same_errors(mock: Handle) -> None:
    with pytest.raises(UsageError, match="^wait_for_job: status: expected one of pending, .*, got 'done'$"):
        await mock.aio.wait_for_job(status="done")  # type: ignore[arg-type]
    with pytest.raises(
        UsageError, match="^wait_for_requests: there is no keyword 'opration'; did you mean 'operation'?"
    ):
        await mock.aio.wait_for_requests(opration="create_job")  # type: ignore[call-arg]


@pytest.mark.parametrize("family", ["standard", "rule"])
def test_a_promotion_argument_may_be_an_object_or_an_id(mock: Handle, family: Any) -> None:
    mock.promotions.create("rule" if family == "standard" else "standard")
    promotion = mock.promotions.create(family)
    loaded = mock.load_fixture({"ep_mock_fixture": 1, "promotions": [{"family": family, "name": "Loaded"}]})[
        0
    ]
    whole = call(mock, "GET", promotion.path)[1]
    for named in (promotion, dict(promotion), whole, promotion.id, {"id": promotion.id}):
        assert mock.promotions.get(named) == promotion
        assert mock.codes.list(named) == []
    assert mock.promotions.get(loaded)["name"] == "Loaded"
    mock.codes.create(promotion.id, "summer")
    assert (
        mock.codes.count(loaded),
        mock.codes.count(promotion.id),
        mock.codes.use(whole, "summer").family,
    ) == (0, 1, family)
    job = mock.jobs.export(promotion.id)
    assert (job.family, job.promotion_id) == (family, promotion.id)
    assert [found.id for found in mock.jobs.list(promotion=whole)] == [job.id]
    mock.promotions.delete(promotion.id)
    assert [each["name"] for each in mock.promotions.list(family)] == ["Loaded"]


def test_a_job_argument_may_be_an_object_or_an_id_and_jobs_have_keys(mock: Handle) -> None:
    promotion = mock.promotions.create("rule")
    job = mock.jobs.export(promotion)
    whole = call(mock, "GET", f"{promotion.path}/jobs")[1]["data"][0]
    for named in (job, job.id, whole, {"data": whole}, mock.jobs.history(job)):
        assert mock.jobs.get(named).id == job.id == job["id"]
    mock.clock.until_idle()
    assert mock.jobs.file(job.id) == mock.jobs.file(whole) == mock.jobs.file(job)
    assert mock.wait_for_job(job.id).status == mock.jobs.history(job)["job"]["status"] == "completed"
    with pytest.raises(
        KeyError, match="Job has no 'state'; it has id, number, promotion_id, family, job_type, "
    ):
        job["state"]
    assert mock.jobs.cancel(mock.jobs.export(promotion).id).status == "cancelled"


def test_an_unknown_attribute_of_a_promotion_says_that_it_is_a_dictionary(mock: Handle) -> None:
    promotion = mock.promotions.create()
    for name, message in (("name", "write promotion['name']"), ("nmae", "its properties are its keys")):
        with pytest.raises(AttributeError) as error:
            getattr(promotion, name)
        assert str(error.value) == f"a promotion is a dictionary and has no attribute {name!r}: {message}"


def test_a_fixture_may_be_a_path(mock: Handle, tmp_path: Path) -> None:
    path = tmp_path / "one.json"
    path.write_text(
        json.dumps({"ep_mock_fixture": 1, "promotions": [{"family": "rule", "name": "From a file"}]})
    )
    for fixture in (path, str(path)):
        assert [loaded.name for loaded in mock.load_fixture(fixture)] == ["From a file"]
    with Handle.in_process(APP(fixtures=[path])) as own:
        assert own.promotions.list("rule")[0]["name"] == "From a file"


def test_lists_are_complete(mock: Handle) -> None:
    mock.reset(timings="instant")
    promotion = mock.promotions.create("rule")
    for number in range(101):
        mock.promotions.create("rule", name=str(number))
    assert [each["name"] for each in mock.promotions.list("rule")] == [
        *map(str, reversed(range(101))),
        "A promotion",
    ]
    for _ in range(1005):
        mock.jobs.export(promotion)
        mock.clock.until_idle()
    found = mock.jobs.list()
    assert (len(found), len({job.id for job in found})) == (1005, 1005)


def test_a_list_of_codes_beyond_the_pages_of_the_api_is_refused_rather_than_cut(mock: Handle) -> None:
    mock.reset(timings="instant", codes_limit=20_000)
    promotion = mock.promotions.create()
    mock.jobs.generate(promotion, 10_100)
    mock.clock.until_idle()
    assert len({code["code"] for code in mock.codes.list(promotion)}) == 10_100
    mock.codes.create(promotion, "ONE-MORE")
    with pytest.raises(UsageError, match=r"^codes.list: the API's pages reach only 10,100 of 10,101; "):
        mock.codes.list(promotion)
