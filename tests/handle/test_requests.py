"""Queries of the journal, and the messages of failed assertions."""

from __future__ import annotations

import pytest

from ep_mock.errors import UsageError
from ep_mock.handle import Handle, RequestAssertionError
from tests.handle.callers import call, generate_job


@pytest.fixture
def path(mock: Handle) -> str:
    """The path of a promotion, for which a job was created and listed twice, once with a parameter."""
    path = mock.promotions.create().path
    call(mock, "POST", f"{path}/jobs", generate_job(2), headers={"X-Trace": "abc"})
    call(mock, "GET", f"{path}/jobs")
    call(mock, "GET", f"{path}/jobs?page[limit]=5")
    return path


def test_requests_are_found_and_counted_by_their_properties_and_outcomes(mock: Handle, path: str) -> None:
    assert [str(request) for request in mock.requests.all()] == [
        f"#1 POST {path}/jobs -> 201 served",
        f"#2 GET {path}/jobs -> 200 served",
        f"#3 GET {path}/jobs?page[limit]=5 -> 200 served",
    ]
    assert [request.number for request in mock.requests.all(last=1)] == [3]
    assert [
        request.number for request in mock.requests.find(operation="list_jobs", query={"page[limit]": None})
    ] == [2]
    assert [
        request.number
        for request in mock.requests.find(body={"data": {"job_type": "code_generate"}}, status=201)
    ] == [1]
    assert [request.number for request in mock.requests.find(headers={"x-trace": "a*"}, path="/v2/**")] == [1]
    assert mock.requests.count(method="GET", outcome="served", after=2) == 1
    mock.requests.clear()
    assert mock.requests.all() == []


def test_assertions_that_hold_say_nothing(mock: Handle, path: str) -> None:
    mock.requests.assert_called()
    mock.requests.assert_called(operation="create_job", family="standard")
    mock.requests.assert_called(2, path=f"{path}/jobs", method="GET")
    mock.requests.assert_called(0, operation="cancel_job")
    mock.requests.assert_not_called(operation="cancel_job")


def test_a_request_that_did_not_come_shows_the_nearest_ones_and_their_differences(
    mock: Handle, path: str
) -> None:
    with pytest.raises(RequestAssertionError) as failed:
        mock.requests.assert_called(
            operation="list_jobs", query={"page[limit]": "9"}, headers={"X-Trace": "*"}, status=200
        )
    assert str(failed.value).splitlines() == [
        "expected at least one request with operation='list_jobs', query={'page[limit]': '9'}, headers={'X-Trace': '*'}, status=200, got 0",
        "nearest requests:",
        f"  #3 GET {path}/jobs?page[limit]=5 -> 200 served",
        "    headers.x-trace: None, not '*'",
        "    query.page[limit]: '5', not '9'",
        f"  #2 GET {path}/jobs -> 200 served",
        "    headers.x-trace: None, not '*'",
        "    query.page[limit]: None, not '9'",
        f"  #1 POST {path}/jobs -> 201 served",
        "    status: 201, not 200",
        "    operation: 'create_job', not 'list_jobs'",
        "    query.page[limit]: None, not '9'",
    ]


def test_each_kind_of_difference_shows_what_was_there(mock: Handle) -> None:
    call(mock, "POST", "/v2/promotions", {"data": "x" * 400})
    with pytest.raises(RequestAssertionError) as failed:
        mock.requests.assert_called(
            1,
            method="GET",
            path="/v2/rule-*",
            family="rule",
            body={"data": 1},
            body_contains="none",
            outcome="served",
            fault="fault-1",
            after=1,
        )
    shown = "{'data': '" + "x" * 190 + "..."
    assert sorted(str(failed.value).splitlines()[3:]) == [
        "    after: 1, not 1",
        f"    body: {shown}, not {{'data': 1}}",
        f"    body_contains: {shown}, not 'none'",
        "    family: 'standard', not 'rule'",
        "    fault: [], not 'fault-1'",
        "    method: 'POST', not 'GET'",
        "    outcome: 'refused', not 'served'",
        "    path: '/v2/promotions', not '/v2/rule-*'",
    ]


def test_another_number_of_requests_shows_those_that_match(mock: Handle, path: str) -> None:
    with pytest.raises(RequestAssertionError) as failed:
        mock.requests.assert_called(1, operation="list_jobs")
    assert str(failed.value).splitlines() == [
        "expected 1 request with operation='list_jobs', got 2",
        "matching requests:",
        f"  #2 GET {path}/jobs -> 200 served",
        f"  #3 GET {path}/jobs?page[limit]=5 -> 200 served",
    ]
    with pytest.raises(
        RequestAssertionError,
        match=r"^expected no request with operation='create_job', got 1\nmatching requests:\n  #1 POST ",
    ):
        mock.requests.assert_not_called(operation="create_job")


def test_a_failed_assertion_shows_the_last_matching_requests(mock: Handle) -> None:
    for _ in range(7):
        call(mock, "GET", "/v2/promotions")
    with pytest.raises(RequestAssertionError) as failed:
        mock.requests.assert_not_called(operation="list_promotions")
    assert [line.split()[0] for line in str(failed.value).splitlines()[2:]] == ["#3", "#4", "#5", "#6", "#7"]


def test_without_any_request_it_says_so(mock: Handle) -> None:
    with pytest.raises(
        RequestAssertionError,
        match="^expected at least one request with any properties, got 0\nthere were no requests$",
    ):
        mock.requests.assert_called()


def test_a_mistake_in_a_query_is_an_error(mock: Handle) -> None:
    with pytest.raises(UsageError, match="there is no keyword 'opration'; did you mean 'operation'?"):
        mock.requests.assert_not_called(opration="create_job")  # type: ignore[call-arg]
