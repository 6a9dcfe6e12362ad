"""How records look in the JSON of the control plane."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from ep_mock.traffic.journal import Journal
from ep_mock.traffic.matching import RecordedRequest
from ep_mock.web.control.views import request_view


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b"", None),
        (b'{"a": 1}', {"a": 1}),
        (b"[1]", [1]),
        (b"5", "5"),
        (b"a=b", "a=b"),
        (b"\xff", "�"),
    ],
)
def test_a_request_of_the_journal_is_shown_whole(body: bytes, shown: Any) -> None:
    headers = b"accept\na\nx-a\n1\nx-a\n2"
    request = RecordedRequest(
        "GET", b"/v2/promotions", b"page[limit]=5", "list_promotions", "standard", headers, body
    )
    entry = Journal(10, 10**6).record(
        request, 9, 1_733_268_695_962_680_423, None, "faulted", True, ("fault-1", "fault-3")
    )
    expected = {
        "number": 1,
        "sequence": 9,
        "at": "2024-12-03T23:31:35.962680423Z",
        "method": "GET",
        "path": "/v2/promotions",
        "query": "page[limit]=5",
        "operation": "list_promotions",
        "family": "standard",
        "headers": {"accept": "a", "x-a": "1, 2"},
        "body": shown,
        "truncated": False,
        "status": None,
        "outcome": "faulted",
        "carried_out": True,
        "faults": ["fault-1", "fault-3"],
    }
    assert list(msgspec.to_builtins(request_view(entry)).items()) == list(expected.items())
