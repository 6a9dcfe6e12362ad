"""What the journal keeps, and finds."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ep_mock.traffic.journal import MAX_BODY, Entry, Journal, JournalQuery, nearest
from ep_mock.traffic.matching import RecordedRequest, RequestMatcher


def request(body: bytes = b"", method: str = "GET") -> RecordedRequest:
    return RecordedRequest(
        method,
        b"/v2/promotions",
        b"page[limit]=5",
        "list_promotions",
        "standard",
        b"accept\na\nx-a\n1\nx-a\n2",
        body,
    )


def recorded(journal: Journal, *bodies: bytes) -> list[Entry]:
    return [journal.record(request(body), 1, 0, 200, "served", True) for body in bodies]


@given(st.lists(st.integers(0, 3000)), st.integers(0, 6), st.integers(0, 5000))
def test_it_keeps_the_latest_within_its_bounds(sizes: list[int], most_entries: int, most_bytes: int) -> None:
    journal = Journal(most_entries, most_bytes)
    entries: list[Entry] = []
    for size in sizes:
        entries += recorded(journal, b"x" * size)
        kept = journal.after(0)
        assert len(kept) == len(journal) <= most_entries
        assert sum(entry.size for entry in kept) <= most_bytes
        assert kept == entries[len(entries) - len(kept) :]
        # It is not stricter than it has to be.
        if len(kept) < min(most_entries, len(entries)):
            assert sum(entry.size for entry in entries[-len(kept) - 1 :]) > most_bytes
    assert (journal.total, journal.forgotten) == (len(sizes), len(sizes) - len(journal))


@given(st.integers(0, 12), st.integers(1, 10), st.integers(0, 15))
def test_it_goes_on_after_any_number(requests: int, most: int, number: int) -> None:
    journal = Journal(most, 10**6)
    recorded(journal, *[b""] * requests)
    wanted = [each for each in range(max(1, requests - most + 1), requests + 1) if each > number]
    assert [entry.number for entry in journal.after(number)] == wanted
    assert [entry.number for entry in journal.find(JournalQuery(after=number))] == wanted


def test_of_a_long_body_the_beginning_is_kept() -> None:
    (entry,) = recorded(Journal(10, 10**6), b"x" * (MAX_BODY + 1))
    assert (len(entry.request.body), entry.truncated) == (MAX_BODY, True)
    assert entry.size < MAX_BODY + 1000


def test_clearing_forgets_all_but_the_numbers() -> None:
    journal = Journal(2, 10**6)
    recorded(journal, b"", b"", b"")
    journal.clear()
    assert (journal.after(0), len(journal), journal.forgotten) == ([], 0, 0)
    assert recorded(journal, b"")[0].number == 4


@given(
    st.lists(st.integers(0, 2000), max_size=8),
    st.lists(st.integers(0, 2000), max_size=8),
    st.integers(0, 5000),
)
def test_once_cleared_it_has_room_for_as_much_as_a_new_one(
    before: list[int], sizes: list[int], most_bytes: int
) -> None:
    cleared, new = Journal(5, most_bytes), Journal(5, most_bytes)
    recorded(cleared, *(b"x" * size for size in before))
    cleared.clear()
    for journal in (cleared, new):
        recorded(journal, *(b"x" * size for size in sizes))
    assert [entry.request for entry in cleared.after(0)] == [entry.request for entry in new.after(0)]
    assert (len(cleared), cleared.forgotten) == (len(new), new.forgotten)


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ({}, [1, 2, 3]),
        ({"status": 404}, [2]),
        ({"outcome": "refused"}, [2]),
        ({"fault": "fault-7"}, [3]),
        ({"after": 1}, [2, 3]),
        ({"match": {"method": "POST"}}, [3]),
        ({"match": {"method": "POST"}, "status": 404}, []),
    ],
)
def test_entries_are_found_by_what_they_are_and_what_became_of_them(
    query: dict[str, Any], numbers: list[int]
) -> None:
    journal = Journal(10, 10**6)
    journal.record(request(), 1, 0, 200, "served", True)
    journal.record(request(), 1, 0, 404, "refused", False)
    journal.record(request(method="POST"), 1, 0, 503, "faulted", False, ("fault-7",))
    assert [entry.number for entry in journal.find(msgspec.convert(query, JournalQuery))] == numbers


def test_the_nearest_differ_least_and_say_in_what() -> None:
    journal = Journal(10, 10**6)
    for method, status in (("GET", 200), ("POST", 404), ("GET", 404), ("GET", 404)):
        journal.record(request(method=method), 1, 0, status, "served", True)
    query = JournalQuery(match=RequestMatcher(method="POST", operation="list_promotions"), status=200)
    found = [(entry.number, different) for entry, different in nearest(query, journal.after(0), 3)]
    assert found == [(2, ("status",)), (1, ("method",)), (4, ("status", "method"))]
