"""The JSON of the control plane's answers. The server writes these records, and the handle reads them.

The order of the fields is the order of the JSON. A property that is None is absent, except in
`RecordedRequest`, where it is null. Times are text with nanoseconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import msgspec

from ep_mock.domain.display import printable
from ep_mock.domain.families import FamilyName
from ep_mock.domain.lifecycle import JobType, Status


class _Message(msgspec.Struct, frozen=True):
    """The base of all messages. A reader ignores unknown properties, as a newer server may send more.
    `message["id"]` is `message.id`, as in the JSON.
    """

    def __getitem__(self, name: str) -> Any:
        if name not in self.__struct_fields__:
            names = ", ".join(self.__struct_fields__)
            raise KeyError(f"{type(self).__name__} has no {name!r}; it has {names}")
        return getattr(self, name)

    if not TYPE_CHECKING:  # Otherwise Python would look for items by number.
        __iter__ = None


class ClockReading(_Message, frozen=True):
    """A clock: its mode (`real`, `scaled`, `manual`, `poll`), the time, and seconds per second."""

    mode: str
    now: str
    scale: float


class JobTransition(_Message, frozen=True):
    """A change of a job's status. `sequence` is its position among all transitions and requests."""

    at: str
    job_id: str
    promotion_id: str
    family: FamilyName
    job_type: JobType
    status: Status
    cause: str
    sequence: int = 0


class Advanced(_Message, frozen=True):
    """A move of time: the number of seconds, the time now, and the transitions on the way, in order."""

    advanced: float
    now: str
    transitions: list[JobTransition]


class Job(_Message, frozen=True, kw_only=True, omit_defaults=True):
    """A job, the same for both families. Only the list of all jobs has `promotion_name`."""

    id: str
    number: int = 0
    promotion_id: str
    family: FamilyName
    job_type: JobType
    name: str | None = None
    parameters: dict[str, Any] | None = None
    status: Status
    error: str | None = None
    result: dict[str, int] | None = None
    created_at: str
    updated_at: str
    plan: dict[str, Any] | None = None
    promotion_name: str | None = None


class Jobs(_Message, frozen=True):
    """A list of jobs, and the number of jobs without its limit."""

    jobs: list[Job]
    total: int


class HistoryEntry(_Message, frozen=True):
    """A status that a job has had: since when, and why. `sequence` is as in `JobTransition`."""

    at: str
    status: Status
    cause: str
    sequence: int = 0


class JobHistory(_Message, frozen=True, omit_defaults=True):
    """A job and every status it has had, the first one first.

    Attributes:
        waits_for: why the job makes no progress now, and what to do about it; None when it has ended.
        polls: how often the most frequent request for its promotion has come since anything last changed,
            while time stands still.
    """

    job: Job
    history: list[HistoryEntry]
    waits_for: str | None = None
    polls: int = 0


class Work(_Message, frozen=True, kw_only=True, omit_defaults=True):
    """The job that the worker processes.

    Attributes:
        activity: `generate`, `export`, `delete` or `fail`.
        due: when it ends; None when a plan keeps it stuck.
        done, of: the number of codes that are dealt with, and of all codes to deal with.
    """

    job: Job
    activity: str
    since: str
    due: str | None = None
    done: int
    of: int


class QueueEntry(_Message, frozen=True, omit_defaults=True):
    """A job in the queue. Only the next one has `due`, the time at which the worker picks it up."""

    position: int
    job: Job
    due: str | None = None


class WorkerReading(_Message, frozen=True, kw_only=True, omit_defaults=True):
    """The worker: its job, if any, and its queue."""

    now: str
    paused: bool
    current: Work | None = None
    queue: list[QueueEntry]


class PlanReading(_Message, frozen=True):
    """An active plan, and the number of jobs that it still applies to."""

    id: str
    left: int
    plan: dict[str, Any]


class FaultReading(_Message, frozen=True):
    """A fault.

    Attributes:
        hits: number of requests that matched; `strikes`: number of them that it affected.
        spent: whether it will affect no more requests.
    """

    id: str
    hits: int
    strikes: int
    spent: bool
    fault: dict[str, Any]


class RecordedRequest(_Message, frozen=True, kw_only=True):
    """A request in the journal, without its secrets.

    Attributes:
        sequence: its position among all requests and transitions of the store: after the transitions that
            time has brought by then, and before those that the request causes.
        truncated: whether only the beginning of the body is kept.
        outcome: `served`, `refused`, `unmatched` (no such route), `faulted` or `failed`.
        carried_out: whether it had its effect, even if its answer was lost.
        faults: the ids of the faults that affected it.
    """

    number: int
    sequence: int = 0
    at: str
    method: str
    path: str
    query: str
    operation: str | None = None
    family: str | None = None
    headers: dict[str, str]
    body: Any
    truncated: bool = False
    status: int | None = None
    outcome: str
    carried_out: bool
    faults: list[str] = []

    def value_of(self, name: str) -> Any:
        """The value that a question compares with its keyword `name`: `query` is a mapping, and so on."""
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


class NearRequest(_Message, frozen=True):
    """A request that nearly matched, and how it differs."""

    differences: list[str]
    request: RecordedRequest


class RequestsFound(_Message, frozen=True):
    """The requests that match.

    Attributes:
        total: their number, also where only the latest are listed.
        forgotten: number of requests that the journal could not keep.
        nearest: where none match, those that differ least.
    """

    requests: list[RecordedRequest]
    total: int
    forgotten: int
    nearest: list[NearRequest] | msgspec.UnsetType = msgspec.UNSET


class RequestsCame(_Message, frozen=True):
    """The requests of a wait that succeeded."""

    requests: list[RecordedRequest]


class RequestsMissed(_Message, frozen=True):
    """The `meta` of a wait for requests that did not succeed: the matching requests, and the nearest."""

    now: str
    requests: list[RecordedRequest]
    nearest: list[NearRequest]


class RequestCount(_Message, frozen=True):
    """The number of requests that match, and of requests that the journal could not keep."""

    count: int
    forgotten: int


class Usage(_Message, frozen=True, omit_defaults=True):
    """A recorded use of a code. `uses_left` is None when the uses are not limited."""

    id: str
    promotion_id: str
    family: FamilyName
    code: str
    times_used: int
    used_on: str
    uses_left: int | None = None
    order_id: str | None = None
    customer_id: str | None = None
    customer_email: str | None = None
    account_id: str | None = None


class StoreReading(_Message, frozen=True):
    """A store of the server."""

    name: str
    mode: str
    now: str
    promotions: int
    jobs: int
    unfinished_jobs: int


class FailedStore(_Message, frozen=True):
    """A store that cannot be listed, because of a defect of ep-mock."""

    name: str
    reason: str


class Stores(_Message, frozen=True):
    """All stores of the server, by name. `failed` is absent where all could be listed."""

    stores: list[StoreReading]
    failed: list[FailedStore] | msgspec.UnsetType = msgspec.UNSET


class LoadedPromotion(_Message, frozen=True):
    """A promotion that a fixture has added: its number of codes, and the ids of its jobs."""

    id: str
    family: FamilyName
    name: str
    codes: int
    jobs: list[str]


class FixtureLoaded(_Message, frozen=True):
    """The promotions that a fixture has added."""

    promotions: list[LoadedPromotion]
