"""The section about the store in the report of a failed test."""

from __future__ import annotations

from tests.pytest_plugin.conftest import Run

pytest_plugins = ["pytester"]

FAILS = """
import urllib.request
import pytest

@pytest.mark.ep_mock(clock_start="2025-01-31T10:00:00Z", clock="poll")
def test_it(ep_mock):
    promotion = ep_mock.promotions.create()
    job = ep_mock.jobs.generate(promotion, 5, name="nightly")
    urllib.request.urlopen(urllib.request.Request(f"{ep_mock.url}{promotion.path}/jobs", headers=ep_mock.headers)).close()
    assert ep_mock.wait_for_job(job, "failed")
"""


def test_a_failed_test_shows_jobs_and_requests_and_how_to_repeat_it(run: Run) -> None:
    result = run(FAILS, "--ep-mock-seed=7")
    result.assert_outcomes(failed=1)
    lines = result.stdout.lines
    start = next(number for number, line in enumerate(lines) if line.strip("- ") == "ep-mock")
    promotion, job = lines[start + 3].split()[7].rstrip(","), lines[start + 3].split()[9]
    assert lines[start + 1 : start + 10] == [
        "clock: poll, 2025-01-31T10:00:00.255000000Z",
        "jobs:",
        f"  code_generate of 5 'nightly' for standard promotion {promotion}, job {job} {{'generated': 5}}",
        "        +0.000 s  pending     created",
        "        +0.100 s  processing  taken up by the worker",
        "        +0.255 s  completed   done",
        "requests:",
        f"  #1 GET /v2/promotions/{promotion}/jobs -> 200 served",
        "to repeat the same ids and codes: --ep-mock-seed=7",
    ]
    shown = [line for line in lines if line.startswith("E ")]
    assert shown[0].endswith(f"WaitError: Ended otherwise: waited for failed, but job {job} is completed")
    assert not [line for line in lines if "ep_mock/handle" in line], "the traceback ends in the test"


def test_the_seed_in_the_report_is_that_of_the_test(run: Run) -> None:
    marked = run(
        "import pytest\n\n@pytest.mark.ep_mock(seed='9')\ndef test_it(ep_mock):\n    assert False",
        "--ep-mock-seed=7",
    )
    marked.stdout.fnmatch_lines(["to repeat the same ids and codes: --ep-mock-seed=9"])


def test_a_test_that_passed_or_was_skipped_has_no_report(run: Run) -> None:
    result = run(
        """
        import pytest

        def test_passes(ep_mock):
            pass

        def test_is_skipped(ep_mock):
            pytest.skip("later")

        @pytest.mark.xfail
        def test_fails_as_expected(ep_mock):
            assert False

        def test_knows_nothing_of_it():
            assert False
        """,
        "-rA",
    )
    result.assert_outcomes(passed=1, skipped=1, xfailed=1, failed=1)
    assert "ep-mock" not in [line.strip("- ") for line in result.stdout.lines]


def test_a_failure_of_another_fixture_has_a_report_too(run: Run) -> None:
    result = run(
        """
        import pytest

        @pytest.fixture
        def promotion(ep_mock):
            return ep_mock.promotions.create(start="never")

        def test_it(promotion):
            pass
        """
    )
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["*RefusedError: POST /v2/promotions was refused with 400: *", "*- ep-mock -*", "no jobs"]
    )


def test_the_report_says_if_the_server_has_stopped(run: Run) -> None:
    result = run(
        """
        def test_it(ep_mock, server):
            server.stop()
            assert False
        """,
        conftest="""
        import pytest
        from ep_mock import MockServer

        server_elsewhere = MockServer().start()

        def pytest_configure(config):
            config.option.ep_mock_url = server_elsewhere.url

        @pytest.fixture
        def server():
            return server_elsewhere
        """,
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*- ep-mock -*", "ep-mock does not answer at *"])


def test_a_test_that_forgets_to_move_a_manual_clock_fails_at_once_with_the_reason(run: Run) -> None:
    result = run(
        """
        import time
        import httpx
        import pytest

        pytestmark = pytest.mark.ep_mock(clock="manual")

        def test_waits(ep_mock):
            ep_mock.jobs.generate(ep_mock.promotions.create(), 5)
            ep_mock.wait_for_job(timeout=600)

        def test_polls_for_ever(ep_mock):
            promotion = ep_mock.promotions.create()
            ep_mock.jobs.generate(promotion, 5)
            with httpx.Client(base_url=ep_mock.url, headers=ep_mock.headers) as client:
                while True:
                    jobs = client.get(f"{promotion.path}/jobs")
                    jobs.raise_for_status()
                    if jobs.json()["data"][0]["status"] == "completed":
                        return
        """
    )
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        [
            "E *WaitError: Time stands still: * clock.next(), clock.advance(seconds) or clock.until_idle()",
            "E *HTTPStatusError: Server error '503 Service Unavailable' *",
            "  #201 GET * -> 503 refused",
        ]
    )


def test_the_report_says_why_a_client_polled_without_success(run: Run) -> None:
    result = run(
        """
        import httpx

        def watch(ep_mock, promotion, kind, done):
            with httpx.Client(base_url=ep_mock.url, headers=ep_mock.headers) as client:
                while True:
                    answer = client.get(f"{promotion.path}/{kind}")
                    answer.raise_for_status()
                    if done(answer.json()):
                        return

        def generate(ep_mock):
            promotion = ep_mock.promotions.create()
            return promotion, ep_mock.jobs.generate(promotion, 5)

        def all_ended(jobs):
            return jobs["data"][0]["status"] == "completed"

        def test_stuck(ep_mock):
            ep_mock.stall_next_job()
            watch(ep_mock, generate(ep_mock)[0], "jobs", all_ended)

        def test_paused(ep_mock):
            ep_mock.worker.pause()
            watch(ep_mock, generate(ep_mock)[0], "jobs", all_ended)

        def test_codes(ep_mock):
            watch(ep_mock, generate(ep_mock)[0], "codes", lambda codes: codes["data"])

        def test_handle(ep_mock):
            promotion, _ = generate(ep_mock)
            while not ep_mock.codes.count(promotion):
                pass
        """
    )
    result.assert_outcomes(failed=4)
    result.stdout.fnmatch_lines(
        [
            "        still processing: plan-1 keeps it stuck there: cancel it, or delete its promotion",
            "        time does not move: 201 polls without a change",
            "  #202 GET * -> 503 refused",
            "        still pending: the worker is paused: resume it with POST /__ep_mock/worker/resume",
            "        time does not move: 201 polls without a change",
            "  #201 GET * -> 503 refused",
            "        still pending: the poll clock stands at *, the worker's next event is due at *, or any with --poll-moves any",
            "        time does not move: 201 polls without a change",
            "E *RefusedError: GET /v2/promotions/*/codes was refused with 503: Time stands still: 200 polls (GET *",
            "        time does not move: 201 polls without a change",
        ]
    )
