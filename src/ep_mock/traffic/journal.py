"""The journal of one store: its latest requests, without secrets, bounded in number and in bytes."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from itertools import islice
from typing import Annotated, Final, Literal

import msgspec

from ep_mock.traffic.matching import RecordedRequest, RequestMatcher

Outcome = Literal["served", "refused", "unmatched", "faulted", "failed"]
"""`unmatched`: no such route; `faulted`: a fault replaced the response; `failed`: a defect of ep-mock."""

MAX_BODY: Final = 65_536
"""Longer bodies are cut to this number of bytes."""

_BASE_SIZE: Final = 400
"""Approximate size of an entry without its texts, in bytes."""


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One request and its result.

    Attributes:
        number: counts the requests in the order in which they were carried out, from 1.
        sequence: counts all events of the store; drawn when the request began to be carried out.
        at: the time of the store, in nanoseconds.
        status: the status that the client got; None without a complete response.
        carried_out: whether the request took effect, even if its response was lost.
        fault_ids: the faults that applied.
        truncated: whether the body was cut.
        size: approximate size, in bytes.
    """

    number: int
    sequence: int
    at: int
    request: RecordedRequest
    status: int | None
    outcome: Outcome
    carried_out: bool
    fault_ids: tuple[str, ...]
    truncated: bool
    size: int


class JournalQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Which entries to find; an omitted condition matches all.

    Attributes:
        match: conditions on the request.
        status, outcome: the result.
        fault: the id of a fault that applied.
        after: only entries with a greater number.
    """

    match: RequestMatcher = RequestMatcher()
    status: int | None = None
    outcome: Outcome | None = None
    fault: str | None = None
    after: Annotated[int, msgspec.Meta(ge=0)] = 0

    def matches(self, entry: Entry) -> bool:
        """Whether the entry meets all conditions."""
        return not self._result_differences(entry) and self.match.matches(entry.request)

    def differences(self, entry: Entry) -> tuple[str, ...]:
        """The names of the conditions that the entry does not meet."""
        return (*self._result_differences(entry), *self.match.differences(entry.request))

    def _result_differences(self, entry: Entry) -> list[str]:
        different = {
            "after": entry.number <= self.after,
            "status": self.status is not None and entry.status != self.status,
            "outcome": self.outcome is not None and entry.outcome != self.outcome,
            "fault": self.fault is not None and self.fault not in entry.fault_ids,
        }
        return [name for name, differs in different.items() if differs]


class Journal:
    """The latest requests to a store, oldest first.

    Attributes:
        total: number of requests recorded since the store began.
        forgotten: number of entries dropped for lack of space since the journal was last cleared.
    """

    def __init__(self, max_entries: int, max_bytes: int) -> None:
        """A limit of 0 keeps nothing."""
        self._entries: deque[Entry] = deque()
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._bytes = 0
        self._latest: RecordedRequest | None = None
        self.total = 0
        self.forgotten = 0

    def __len__(self) -> int:
        return len(self._entries)

    def record(
        self,
        request: RecordedRequest,
        sequence: int,
        at: int,
        status: int | None,
        outcome: Outcome,
        carried_out: bool,
        fault_ids: tuple[str, ...] = (),
    ) -> Entry:
        """Add a request; the oldest entries make room."""
        self.total = number = self.total + 1
        truncated = len(request.body) > MAX_BODY
        if request == self._latest:
            # Polls are equal: sharing one object saves memory, and with it time.
            request = self._latest
        elif truncated:
            request = msgspec.structs.replace(request, body=request.body[:MAX_BODY])
        size = _BASE_SIZE + len(request.path) + len(request.query)
        size += len(request.header_lines) + len(request.body)
        self._latest = request
        entry = Entry(number, sequence, at, request, status, outcome, carried_out, fault_ids, truncated, size)
        entries = self._entries
        entries.append(entry)
        self._bytes += size
        while len(entries) > self._max_entries or self._bytes > self._max_bytes:
            self._bytes -= entries.popleft().size
            self.forgotten += 1
        return entry

    def after(self, number: int) -> list[Entry]:
        """The entries with a greater number, oldest first, in time proportional to their number."""
        fresh = min(self.total - number, len(self._entries))
        return list(islice(reversed(self._entries), fresh))[::-1] if fresh > 0 else []

    def find(self, query: JournalQuery) -> list[Entry]:
        """The entries that match, oldest first."""
        return [entry for entry in self.after(query.after) if query.matches(entry)]

    def clear(self) -> None:
        """Drop all entries; numbers continue."""
        self._entries.clear()
        self._latest = None
        self._bytes = 0
        self.forgotten = 0


def nearest(query: JournalQuery, entries: Iterable[Entry], count: int) -> list[tuple[Entry, tuple[str, ...]]]:
    """The entries with the fewest differences, the latest first among equals, each with its differences."""
    ranked = [(query.differences(entry), entry) for entry in entries]
    ranked.sort(key=lambda pair: (len(pair[0]), -pair[1].number))
    return [(entry, different) for different, entry in ranked[:count]]
