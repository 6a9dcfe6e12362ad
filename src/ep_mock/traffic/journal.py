"""The journal of one store: the latest requests to it, without their secrets, bounded in number and in
bytes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from itertools import islice
from typing import Annotated, Any, Final, Literal

import msgspec

from ep_mock.domain.dates import format_nanos
from ep_mock.traffic.matching import RecordedRequest, RequestMatcher

Outcome = Literal["served", "refused", "unmatched", "faulted", "failed"]
"""`unmatched`: nothing is served there; `faulted`: a fault decided the answer; `failed`: a defect of
ep-mock's own.
"""

MAX_BODY: Final = 65_536
"""Of a longer body only the beginning is kept, this many bytes."""

_OWN_SIZE: Final = 400
"""What an entry takes up besides its texts, in bytes, about."""


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One request and what became of it.

    Attributes:
        number: its place in the order in which requests were carried out, from 1, ever since the store began.
        sequence: its place among all events of the store, drawn when it began to be carried out.
        at: the time of the store, in nanoseconds.
        status: what the client got; None when it got no whole answer.
        carried_out: whether the request did what it was for, though its answer may be lost.
        fault_ids: the faults that struck it.
        truncated: whether only the beginning of its body is kept.
        size: bytes it takes up, about.
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

    def document(self) -> dict[str, Any]:
        """As the control plane prints it."""
        request = self.request
        headers: dict[str, str] = {}
        for name, value in request.headers:
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        return {
            "number": self.number,
            "sequence": self.sequence,
            "at": format_nanos(self.at),
            "method": request.method,
            "path": request.path.decode("latin-1"),
            "query": request.query.decode("latin-1"),
            "operation": request.operation,
            "family": request.family,
            "headers": headers,
            "body": _shown(request.body),
            "truncated": self.truncated,
            "status": self.status,
            "outcome": self.outcome,
            "carried_out": self.carried_out,
            "faults": list(self.fault_ids),
        }


class JournalQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Which entries are meant; what is not said matches all.

    Attributes:
        match: what the request must be like.
        status, outcome: what must have become of it.
        fault: the id of a fault that must have struck it.
        after: only entries with a greater number.
    """

    match: RequestMatcher = RequestMatcher()
    status: int | None = None
    outcome: Outcome | None = None
    fault: str | None = None
    after: Annotated[int, msgspec.Meta(ge=0)] = 0

    def matches(self, entry: Entry) -> bool:
        """Whether the entry is one of those."""
        return not self._own_differences(entry) and self.match.matches(entry.request)

    def differences(self, entry: Entry) -> tuple[str, ...]:
        """In what the entry differs; nothing when it matches."""
        return (*self._own_differences(entry), *self.match.differences(entry.request))

    def _own_differences(self, entry: Entry) -> list[str]:
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
        total: how many requests were recorded since the store began.
        forgotten: how many entries had to give way since the journal was last cleared.
    """

    def __init__(self, most_entries: int, most_bytes: int) -> None:
        """Nothing is kept when one of them is 0."""
        self._entries: deque[Entry] = deque()
        self._most_entries = most_entries
        self._most_bytes = most_bytes
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
        """Take a request down; the oldest ones give way."""
        self.total = number = self.total + 1
        truncated = len(request.body) > MAX_BODY
        if request == self._latest:
            # Polls are alike: keeping one of them saves memory, and with it time.
            request = self._latest
        elif truncated:
            request = msgspec.structs.replace(request, body=request.body[:MAX_BODY])
        size = (
            _OWN_SIZE + len(request.path) + len(request.query) + len(request.header_lines) + len(request.body)
        )
        self._latest = request
        entry = Entry(number, sequence, at, request, status, outcome, carried_out, fault_ids, truncated, size)
        entries = self._entries
        entries.append(entry)
        self._bytes += size
        while len(entries) > self._most_entries or self._bytes > self._most_bytes:
            self._bytes -= entries.popleft().size
            self.forgotten += 1
        return entry

    def after(self, number: int) -> list[Entry]:
        """The entries with a greater number, oldest first. Costs as many as there are."""
        fresh = min(self.total - number, len(self._entries))
        return list(islice(reversed(self._entries), fresh))[::-1] if fresh > 0 else []

    def find(self, query: JournalQuery) -> list[Entry]:
        """The entries that match, oldest first."""
        return [entry for entry in self.after(query.after) if query.matches(entry)]

    def clear(self) -> None:
        """Forget all entries; numbers go on."""
        self._entries.clear()
        self._latest = None
        self._bytes = 0
        self.forgotten = 0


def nearest(query: JournalQuery, entries: Iterable[Entry], count: int) -> list[tuple[Entry, tuple[str, ...]]]:
    """The entries that differ least from what was asked for, the latest of equals first, each with what
    differs.
    """
    ranked = [(query.differences(entry), entry) for entry in entries]
    ranked.sort(key=lambda pair: (len(pair[0]), -pair[1].number))
    return [(entry, different) for different, entry in ranked[:count]]


def _shown(body: bytes) -> Any:
    """A body of JSON as JSON, another as text, none as None."""
    if not body:
        return None
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return body.decode("utf-8", "replace")
    return value if isinstance(value, dict | list) else body.decode("utf-8", "replace")
