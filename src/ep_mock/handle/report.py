"""What has happened in a store, in a few lines: for whoever reads why a test failed."""

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
    """The store's time, the histories of its latest jobs and the latest requests. Names and paths cannot
    steer a terminal.
    """
    reading = clock.read()
    lines = [f"clock: {reading.mode}, {reading.now}", *_job_lines(jobs), *_request_lines(requests)]
    return "\n".join(map(printable, lines))


def _job_lines(jobs: JobsHandle) -> Iterator[str]:
    found = jobs.list()
    yield _heading("job", len(found), MOST_JOBS)
    for job in reversed(found[:MOST_JOBS]):
        yield from (f"  {line}" for line in _history_of(jobs.history(job)))


def _history_of(told: JobHistory) -> Iterator[str]:
    job = told.job
    named = "" if job.name is None else f" {job.name!r}"
    number = "" if job.parameters is None else f" of {job.parameters['number_of_codes']}"
    result = "" if job.result is None else f" {job.result}"
    yield f"{job.job_type}{number}{named} for {job.family} promotion {job.promotion_id}, job {job.id}{result}"
    began = parse_date(told.history[0].at)
    for entry in told.history:
        yield f"  {(parse_date(entry.at) - began) / SECOND:+10.3f} s  {entry.status:<10}  {entry.cause}"
    if told.waits_for is not None:
        yield f"      still {job.status}: {told.waits_for}"
    if told.polls > 1:
        yield f"      time stands still: {told.polls} polls since anything changed"


def _request_lines(requests: RequestsHandle) -> Iterator[str]:
    found = requests.all()
    yield _heading("request", len(found), MOST_REQUESTS)
    yield from (f"  {request}" for request in found[-MOST_REQUESTS:])


def _heading(noun: str, total: int, most: int) -> str:
    if not total:
        return f"no {noun}s"
    return f"the last {most} of {total} {noun}s:" if total > most else f"{noun}s:"
