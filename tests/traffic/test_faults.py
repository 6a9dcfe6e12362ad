"""Which faults apply to a request, and when."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ep_mock.entropy import Entropy
from ep_mock.errors import UsageError
from ep_mock.traffic.faults import MAX_FAULTS, Fault, FaultList
from ep_mock.traffic.matching import RecordedRequest

GET = RecordedRequest("GET", b"/v2/promotions", b"", "list_promotions", "standard", b"", b"")
POST = RecordedRequest("POST", b"/v2/promotions", b"", "create_promotion", "standard", b"", b"")


def fault(**parts: Any) -> Fault:
    """A fault as the control plane takes it; without anything else the request gets a 503."""
    return msgspec.convert({"error": "unavailable", **parts}, Fault)


def new_list(seed: str = "seed") -> FaultList:
    return FaultList(Entropy(seed, "faults"))


def luck(faults: FaultList, requests: int) -> list[bool]:
    """For each of a number of requests in a row, whether a fault applies."""
    return [faults.apply(GET) is not None for _ in range(requests)]


@given(st.integers(0, 4), st.integers(1, 4))
def test_it_lets_some_pass_applies_to_some_and_is_exhausted(skip: int, times: int) -> None:
    faults = new_list()
    faults.add(fault(skip=skip, times=times, match={"method": "GET"}))
    assert faults.apply(POST) is None
    assert luck(faults, 10) == [skip <= number < skip + times for number in range(10)]
    assert faults.active == []
    assert [(each.matched, each.applied, each.exhausted) for each in faults.all()] == [
        (skip + times, times, True)
    ]


def test_one_for_every_request_is_never_exhausted() -> None:
    faults = new_list()
    faults.add(fault(times=0))
    assert luck(faults, 50) == [True] * 50
    assert len(faults.active) == 1


@given(st.text(max_size=3), st.floats(0.05, 0.95))
def test_chance_comes_from_the_seed(seed: str, probability: float) -> None:
    first, second = new_list(seed), new_list(seed)
    for faults in (first, second):
        faults.add(fault(times=0, probability=probability, delay={"least": 1, "most": 2}))
    both = [(first.apply(GET), second.apply(GET)) for _ in range(200)]
    assert [one for one, _ in both] == [other for _, other in both]
    delays = [one.delay_before for one, _ in both if one is not None]
    assert all(1 <= delay < 2 for delay in delays)
    assert abs(len(delays) / 200 - probability) < 0.25


def test_other_seeds_and_other_faults_bring_other_luck() -> None:
    histories = []
    for seed, before in (("a", 0), ("b", 0), ("a", 1)):
        faults = new_list(seed)
        for _ in range(before):
            faults.add(fault(match={"method": "PUT"}))
        faults.add(fault(times=0, probability=0.5))
        histories.append(luck(faults, 64))
    assert len({tuple(history) for history in histories}) == 3


def test_two_for_one_request_apply_one_after_the_other_and_delays_add_up() -> None:
    faults = new_list()
    for parts in (
        {"delay": 0.5},
        {"error": "conflict"},
        {"delay": 0.25, "when": "after"},
        {"error": "internal", "delay": 1},
    ):
        faults.add(msgspec.convert({"times": 0 if "error" not in parts else 1, **parts}, Fault))
    seen = []
    for _ in range(3):
        applied = faults.apply(GET)
        assert applied is not None
        seen.append(
            (
                applied.ids,
                applied.delay_before,
                applied.delay_after,
                applied.response_fault and applied.response_fault.error,
            )
        )
    assert seen == [
        (("fault-1", "fault-2"), 0.5, 0.0, "conflict"),
        (("fault-1", "fault-3", "fault-4"), 1.5, 0.25, "internal"),
        (("fault-1", "fault-3"), 0.5, 0.25, None),
    ]


def test_a_fault_can_be_removed_and_ids_are_not_given_twice() -> None:
    faults = new_list()
    first, second = faults.add(fault()), faults.add(fault())
    assert (first.id, second.id) == ("fault-1", "fault-2")
    assert faults.remove("fault-1")
    assert not faults.remove("fault-1")
    faults.clear()
    assert (faults.all(), faults.active, faults.apply(GET)) == ([], [], None)
    assert faults.add(fault()).id == "fault-3"


def test_there_is_a_limit_and_exhausted_ones_give_way() -> None:
    faults = new_list()
    for _ in range(MAX_FAULTS):
        faults.add(fault())
    with pytest.raises(UsageError, match="there are 1000 already"):
        faults.add(fault())
    faults.apply(GET)
    assert faults.add(fault()).id == "fault-1001"
    assert (faults.all()[0].id, len(faults.all()), len(faults.active)) == (
        "fault-2",
        MAX_FAULTS,
        MAX_FAULTS,
    )


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({}, "fault: has no effect; set one of error, answer, connection, delay"),
        (
            {"error": "internal", "answer": {"status": 200}},
            "answer: cannot be combined with error; set one of them",
        ),
        (
            {"error": "internal", "connection": "reset"},
            "connection: reset sends no response; leave out error and answer",
        ),
        (
            {"error": "internal", "retry_after": 1},
            "retry_after: is only valid with error rate_limited or unavailable",
        ),
        ({"delay": {"least": 2, "most": 1}}, r"delay: least \(2\) is greater than most \(1\)"),
        (
            {"answer": {"status": 200, "body": {}, "text": ""}},
            "answer.text: cannot be combined with body; set one of them",
        ),
        ({"answer": {"status": 204, "text": "x"}}, "answer.body: a response with status 204 has no body"),
        (
            {"answer": {"status": 200, "headers": {"Content-Length": "1"}}},
            "answer.headers: Content-Length is set by the server",
        ),
        ({"answer": {"status": 200, "headers": {"X": "a\r\nY: b"}}}, "is not a valid header"),
        ({"answer": {"status": 200, "headers": {"X Y": "a"}}}, "is not a valid header"),
    ],
)
def test_a_fault_that_contradicts_itself_is_refused(parts: dict[str, Any], reason: str) -> None:
    faults = new_list()
    with pytest.raises(UsageError, match=reason):
        faults.add(msgspec.convert(parts, Fault))
    assert faults.all() == []


def test_garbage_is_no_http_and_differs_from_request_to_request() -> None:
    faults = new_list()
    faults.add(msgspec.convert({"times": 0, "connection": "garbage"}, Fault))
    results = [faults.apply(GET), faults.apply(GET)]
    pieces = [applied.garbage for applied in results if applied is not None]
    assert all(piece[0] == 0 for piece in pieces)
    assert len(set(pieces)) == 2
