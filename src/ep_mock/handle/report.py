"""A short report about a store, for the reader of a failed test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ep_mock.control_messages import JobHistory
from ep_mock.domain.dates import parse_date
from ep_mock.domain.display import printable
from ep_mock.handle.clock import ClockHandle
from ep_mock.handle.jobs import JobsHandle
from ep_mock.handle.requests import RequestsHandle
from ep_mock.timings import SECOND

MOST_JOBS: Final = 5
MOST_REQUESTS: Final = 10


def store_report(clock: ClockHandle, jobs: JobsHandle, requests: RequestsHandle) -> str:
    """Describe the store's time, its last jobs with their histories, and the last requests.

    Control characters in names and paths are escaped, so the text is safe to print to a terminal.
    """
    reading = clock.read()
    lines = [f"clock: {reading.mode}, {reading.now}", *_job_lines(jobs), *_request_lines(requests)]
    return "\n".join(map(printable, lines))


def _job_lines(jobs: JobsHandle) -> Iterator[str]:
    found = jobs.list()
    yield _heading("job", len(found), MOST_JOBS)
    for job in reversed(found[:MOST_JOBS]):
        yield from (f"  {line}" for line in _history_lines(jobs.history(job)))


def _history_lines(history: JobHistory) -> Iterator[str]:
    job = history.job
    name = "" if job.name is None else f" {job.name!r}"
    number = "" if job.parameters is None else f" of {job.parameters['number_of_codes']}"
    result = "" if job.result is None else f" {job.result}"
    yield f"{job.job_type}{number}{name} for {job.family} promotion {job.promotion_id}, job {job.id}{result}"
    created = parse_date(history.history[0].at)
    for entry in history.history:
        yield f"  {(parse_date(entry.at) - created) / SECOND:+10.3f} s  {entry.status:<10}  {entry.cause}"
    if history.waits_for is not None:
        yield f"      still {job.status}: {history.waits_for}"
    if history.polls > 1:
        yield f"      time does not move: {history.polls} polls without a change"


def _request_lines(requests: RequestsHandle) -> Iterator[str]:
    found = requests.all()
    yield _heading("request", len(found), MOST_REQUESTS)
    yield from (f"  {request}" for request in found[-MOST_REQUESTS:])


def _heading(noun: str, total: int, most: int) -> str:
    if not total:
        return f"no {noun}s"
    return f"the last {most} of {total} {noun}s:" if total > most else f"{noun}s:"
