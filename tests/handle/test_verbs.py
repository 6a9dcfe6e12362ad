"""The handle has a method for each operation of the control plane, with the same keywords."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from ep_mock import control_messages as records
from ep_mock.contract.documents import load_document
from ep_mock.domain.plans import Plan
from ep_mock.handle import Handle, ResetSettings, StoreSettings
from ep_mock.handle import typed_arguments as keywords
from ep_mock.handle.connection import InProcessConnection, Reply
from ep_mock.settings import setting_names
from ep_mock.traffic.faults import Delay, Fault, StubAnswer
from ep_mock.traffic.journal import JournalQuery
from ep_mock.traffic.matching import RequestMatcher
from ep_mock.web.app import create_app
from tests.answers import operation_for
from tests.client import START

CONTROL = load_document("control")


class Recorder(InProcessConnection):
    """Records the operations that are called."""

    def __init__(self) -> None:
        super().__init__(create_app(clock="manual", clock_start=START, seed="tests"))
        self.called: set[str] = set()

    def call(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes | None, server_timeout: float
    ) -> Reply:
        reply = super().call(method, target, headers, body, server_timeout)
        operation = operation_for(method, target.partition("?")[0])
        if operation is not None:
            self.called.add(operation.operation_id)
        return reply


def prepare_job(mock: Handle) -> str:
    promotion = mock.promotions.create()
    mock.codes.create(promotion, "SUMMER")
    mock.jobs.generate(promotion, 3)
    return promotion.id


def wait_in_vain(mock: Handle) -> None:
    with pytest.raises(AssertionError):
        mock.wait_for_requests(timeout=0)


VERBS: dict[str, Callable[[Handle], object]] = {
    "get_health": Handle.health,
    "reset_store": Handle.reset,
    "get_clock": lambda mock: mock.clock.read(),
    "set_clock": lambda mock: mock.clock.set("scaled", scale=2),
    "advance_clock": lambda mock: mock.clock.advance(1),
    "get_worker": lambda mock: mock.worker.read(),
    "pause_worker": lambda mock: mock.worker.pause(),
    "resume_worker": lambda mock: mock.worker.resume(),
    "step_worker": lambda mock: mock.worker.step(),
    "list_all_jobs": lambda mock: mock.jobs.list(),
    "get_job_history": lambda mock: (prepare_job(mock), mock.jobs.history(mock.jobs.list()[0])),
    "wait_for_job": lambda mock: (prepare_job(mock), mock.wait_for_job(status="pending")),
    "create_plan": lambda mock: mock.fail_next_job(),
    "list_plans": Handle.plans,
    "delete_plans": Handle.delete_plan,
    "delete_plan": lambda mock: mock.delete_plan(mock.stall_next_job()),
    "create_fault": lambda mock: mock.fault(error="internal"),
    "list_faults": Handle.faults,
    "delete_faults": Handle.delete_fault,
    "delete_fault": lambda mock: mock.delete_fault(mock.fault(error="internal")),
    "list_requests": lambda mock: mock.requests.all(),
    "delete_requests": lambda mock: mock.requests.clear(),
    "find_requests": lambda mock: mock.requests.find(method="GET"),
    "count_requests": lambda mock: mock.requests.count(method="GET"),
    "wait_for_requests": wait_in_vain,
    "get_settings": Handle.settings,
    "change_settings": lambda mock: mock.settings(codes_limit=5),
    "load_fixture": lambda mock: mock.load_fixture("campaign"),
    "get_snapshot": Handle.snapshot,
    "restore_snapshot": lambda mock: mock.restore(mock.snapshot()),
    "record_usage": lambda mock: mock.codes.use(prepare_job(mock), "SUMMER"),
    "list_stores": Handle.stores,
    "delete_store": Handle.delete_store,
    "get_documents": Handle.documents,
    "get_document": lambda mock: mock.document("rule"),
    "get_docs": Handle.docs,
}


def test_every_operation_of_the_control_plane_has_its_method() -> None:
    assert sorted(VERBS) == sorted(operation.operation_id for operation in CONTROL.operations)


@pytest.mark.parametrize("operation_id", VERBS)
def test_the_method_makes_the_call(operation_id: str) -> None:
    connection = Recorder()
    VERBS[operation_id](Handle(connection))
    connection.close()
    assert operation_id in connection.called


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        (StoreSettings, setting_names("store")),
        (ResetSettings, setting_names("start", "store")),
        (keywords.Matcher, RequestMatcher.__struct_fields__),
        (
            keywords.RequestQuery,
            {*RequestMatcher.__struct_fields__, *JournalQuery.__struct_fields__} - {"match"},
        ),
        (keywords.StubAnswer, StubAnswer.__struct_fields__),
        (keywords.DelayRange, Delay.__struct_fields__),
        (keywords.FaultOptions, Fault.__struct_fields__),
        (keywords.PlanOptions, Plan.__struct_fields__),
        (keywords.PlannedJobs, ("family", "promotion_id", "job_type", "name", "times")),
        (keywords.Checkout, set(CONTROL.raw["components"]["schemas"]["Checkout"]["properties"]) - {"code"}),
    ],
)
def test_the_keywords_are_those_of_the_control_plane(typed: Any, names: Any) -> None:
    assert set(typed.__annotations__) == set(names)


def test_records_have_what_the_control_plane_answers() -> None:
    pairs = {
        "Clock": records.ClockReading,
        "Advanced": records.Advanced,
        "JobTransition": records.JobTransition,
        "Job": records.Job,
        "HistoryEntry": records.HistoryEntry,
        "JobHistory": records.JobHistory,
        "Worker": records.WorkerReading,
        "Work": records.Work,
        "QueueEntry": records.QueueEntry,
        "Request": records.RecordedRequest,
        "NearRequest": records.NearRequest,
    }
    schemas = CONTROL.raw["components"]["schemas"]
    assert {name: set(schemas[name]["properties"]) for name in pairs} == {
        name: set(kind.__struct_fields__) for name, kind in pairs.items()
    }


def test_every_method_has_a_docstring_and_types() -> None:
    handle = Handle.connect("http://localhost")
    parts = [handle, *(getattr(handle, name) for name in ("promotions", "codes", "jobs", "clock", "worker"))]
    parts += [handle.requests, handle.aio]
    methods = {
        f"{type(part).__name__}.{name}": method
        for part in parts
        for name, method in inspect.getmembers(type(part), inspect.isfunction)
        if not name.startswith("_")
    }
    assert len(methods) > 50
    bare = {
        place
        for place, method in methods.items()
        if not inspect.getdoc(method) or "return" not in method.__annotations__
    }
    assert bare == set()
