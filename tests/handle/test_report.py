"""The report about a store, for the reader of a failed test."""

from __future__ import annotations

import pytest

from ep_mock.control_messages import Job
from ep_mock.handle import Handle
from tests.handle.callers import call, generate_job


def test_jobs_come_with_their_histories_and_requests_in_order(mock: Handle) -> None:
    promotion = mock.promotions.create()
    job = mock.jobs.generate(promotion, 20, name="nightly")
    mock.clock.advance(0.26)
    mock.jobs.cancel(job)
    mock.clock.until_idle()
    export = mock.jobs.export(promotion)
    call(mock, "POST", f"{promotion.path}/jobs", generate_job(2))
    assert mock.report().splitlines() == [
        "clock: manual, 2024-12-03T23:31:36.377680423Z",
        "jobs:",
        f"  code_generate of 20 'nightly' for standard promotion {promotion.id}, job {job.id} {{'generated': 10, 'deleted': 10}}",
        "        +0.000 s  pending     created",
        "        +0.100 s  processing  taken up by the worker",
        "        +0.260 s  cancelling  cancel requested",
        "        +0.415 s  cancelled   codes deleted",
        f"  code_export for standard promotion {promotion.id}, job {export.id}",
        "        +0.000 s  pending     created",
        "        still pending: the manual clock stands at 2024-12-03T23:31:36.377680423Z, the worker's next event is due at "
        '2024-12-03T23:31:36.477680423Z: move time with POST /__ep_mock/clock/advance {"next": true}',
        "requests:",
        f"  #1 POST {promotion.path}/jobs -> 400 refused",
    ]


def test_the_report_of_an_empty_store_is_short(mock: Handle) -> None:
    assert mock.report().splitlines() == [
        "clock: manual, 2024-12-03T23:31:35.962680423Z",
        "no jobs",
        "no requests",
    ]


def test_the_report_shows_the_last_jobs_and_requests(mock: Handle) -> None:
    mock.settings(timings="instant")
    promotion = mock.promotions.create()
    jobs = [mock.jobs.generate(promotion, 1) for _ in range(7)]
    for _ in range(12):
        call(mock, "GET", promotion.path)
    lines = mock.report().splitlines()
    assert "the last 5 of 7 jobs:" in lines
    assert [line.split()[8] for line in lines if line.startswith("  code_generate")] == [
        job.id for job in jobs[2:]
    ]
    assert "the last 10 of 12 requests:" in lines
    assert [line.split()[0] for line in lines if line.startswith("  #")] == [
        f"#{number}" for number in range(3, 13)
    ]


def test_no_name_path_or_cause_can_steer_a_terminal_or_forge_a_line(mock: Handle) -> None:
    promotion = mock.promotions.create()
    mock.plan(fail="red \x1b[31m\nclock: manual")
    job = mock.jobs.generate(promotion, 1, name="night\x1b[2J\u202ely")
    mock.clock.until_idle()
    call(mock, "GET", "/v2/promotions?name=%1b&x=1")
    report = mock.report()
    for text in (report, "\n".join(_failures(mock, job))):
        assert all(line.isprintable() for line in text.split("\n")), text
        assert "red \\x1b[31m\\x0aclock: manual" in text
    assert "'night\\x1b[2J\\u202ely'" in report
    assert "/v2/promotions?name=%1b&x=" in report


def _failures(mock: Handle, job: Job) -> list[str]:
    """The messages of assertions that fail."""
    messages: list[str] = []
    for fails in (
        lambda: mock.wait_for_job(job, "completed"),
        lambda: mock.requests.assert_called(path="/\x1b[2J\n"),
    ):
        with pytest.raises(AssertionError) as raised:
            fails()
        messages.append(str(raised.value))
    return messages
