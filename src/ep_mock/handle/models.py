"""What the handle answers with: plain typed records, read from the control plane's JSON. Times are text, with
nanoseconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import msgspec

from ep_mock.domain.display import printable
from ep_mock.domain.families import FamilyName
from ep_mock.domain.lifecycle import JobType, Status


class _Record(msgspec.Struct, frozen=True):
    """Unknown properties are passed over: a newer server may say more. `record["id"]` is `record.id`, as in
    the JSON.
    """

    def __getitem__(self, name: str) -> Any:
        if name not in self.__struct_fields__:
            raise KeyError(
                f"{type(self).__name__} has no {name!r}; it has {', '.join(self.__struct_fields__)}"
            )
        return getattr(self, name)

    if not TYPE_CHECKING:  # Otherwise Python would look for items by number.
        __iter__ = None


class ClockReading(_Record, frozen=True):
    """A clock: how time passes (`real`, `scaled`, `manual`, `poll`), what time it is, and seconds per
    second.
    """

    mode: str
    now: str
    scale: float


class JobTransition(_Record, frozen=True):
    """A change of a job's status. `sequence` is its place among all transitions and journal entries of the
    store.
    """

    at: str
    job_id: str
    promotion_id: str
    family: FamilyName
    job_type: JobType
    status: Status
    cause: str
    sequence: int = 0


class Advanced(_Record, frozen=True):
    """By how many seconds time has moved, what time it is now, and what has happened on the way, in order."""

    advanced: float
    now: str
    transitions: list[JobTransition]


class Job(_Record, frozen=True):
    """A job, as the control plane sees it."""

    id: str
    promotion_id: str
    family: FamilyName
    job_type: JobType
    status: Status
    created_at: str
    updated_at: str
    number: int = 0
    name: str | None = None
    promotion_name: str | None = None
    parameters: dict[str, Any] | None = None
    error: str | None = None
    result: dict[str, int] | None = None
    plan: dict[str, Any] | None = None


class HistoryEntry(_Record, frozen=True):
    """A status that a job came into: when, and why. `sequence` is as in `JobTransition`."""

    at: str
    status: Status
    cause: str
    sequence: int = 0


class JobHistory(_Record, frozen=True):
    """A job and every status it has had, the first one first.

    Attributes:
        waits_for: why it goes no further now, and what to do about it; None when it has ended.
        polls: how often the most frequent request for its promotion has come since anything last changed,
            where time stands still.
    """

    job: Job
    history: list[HistoryEntry]
    waits_for: str | None = None
    polls: int = 0


class Work(_Record, frozen=True):
    """What the worker does: `activity` (generate, export, delete, fail), and how many codes of how many are
    dealt with.
    """

    job: Job
    activity: str
    since: str
    done: int
    of: int
    due: str | None = None


class QueueEntry(_Record, frozen=True):
    """A job in line."""

    position: int
    job: Job
    due: str | None = None


class WorkerReading(_Record, frozen=True):
    """The worker: what it does and who waits."""

    now: str
    paused: bool
    queue: list[QueueEntry]
    current: Work | None = None


class RecordedRequest(_Record, frozen=True):
    """A request that the server got, without its secrets.

    Attributes:
        outcome: served, refused, unmatched (nothing is served there), faulted or failed.
        carried_out: whether it has had its effect, which a fault may hide from the client.
        sequence: its place among all journal entries and transitions of the store: after what time had
            brought about before it, before what it brought about itself.
    """

    number: int
    at: str
    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: Any
    outcome: str
    carried_out: bool
    status: int | None = None
    operation: str | None = None
    family: str | None = None
    truncated: bool = False
    faults: list[str] = []
    sequence: int = 0

    def value_of(self, name: str) -> Any:
        """What it has where a question asks for `name`: `status`, `query` as a mapping, and so on."""
        match name:
            case "query":
                return dict(reversed(parse_qsl(self.query, keep_blank_values=True)))
            case "body_contains":
                return self.body
            case "fault":
                return self.faults
            case "after":
                return self.number
            case _:
                return getattr(self, name)

    def __str__(self) -> str:
        query = f"?{self.query}" if self.query else ""
        return printable(
            f"#{self.number} {self.method} {self.path}{query} -> {self.status or 'no answer'} {self.outcome}"
        )


class NearRequest(_Record, frozen=True):
    """A request that nearly matched, and in what it differs."""

    differences: list[str]
    request: RecordedRequest


class Usage(_Record, frozen=True):
    """A recorded use of a code."""

    id: str
    promotion_id: str
    family: FamilyName
    code: str
    times_used: int
    used_on: str
    uses_left: int | None = None


class StoreReading(_Record, frozen=True):
    """A store of the server."""

    name: str
    mode: str
    now: str
    promotions: int
    jobs: int
    unfinished_jobs: int


class LoadedPromotion(_Record, frozen=True):
    """A promotion that came with a fixture: how many codes it has, and the ids of its jobs."""

    id: str
    family: FamilyName
    name: str
    codes: int
    jobs: list[str]
