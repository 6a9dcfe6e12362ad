"""Tests of the client. None of them sleeps: each poll moves the clock of ep-mock to the job's next change."""

from __future__ import annotations

import httpx
import pytest

from ep_mock.handle import Handle, Promotion
from ep_mock.transports import httpx_transport
from ep_mock.web.app import Application
from promotion_jobs import BASE_URL, JobFailed, PromotionJobs


def test_codes_are_made(
    jobs: PromotionJobs, ep_mock: Handle, promotion: Promotion, sleeps: list[float]
) -> None:
    job = jobs.generate(100, "nightly")
    assert job["status"] == "completed"
    assert ep_mock.codes.count(promotion) == 100
    assert sleeps == [2.0, 2.0, 2.0], "pending, processing, processing, completed"


@pytest.mark.ep_mock(codes_limit=50)
def test_too_many_codes_fail_with_the_reason_of_the_service(
    jobs: PromotionJobs, ep_mock: Handle, promotion: Promotion
) -> None:
    ep_mock.codes.create(promotion, *[f"SUMMER{number}" for number in range(20)])
    with pytest.raises(JobFailed, match="codes limit exceeded"):
        jobs.generate(40, "nightly")
    assert ep_mock.codes.count(promotion) == 20


def test_a_job_that_is_never_done_is_given_up(jobs: PromotionJobs, ep_mock: Handle) -> None:
    ep_mock.stall_next_job()
    job = jobs.start("nightly", "code_generate", {"number_of_codes": 5})
    with pytest.raises(TimeoutError, match="is still processing"):
        jobs.wait(job, polls=10)


def test_a_429_is_waited_out_as_long_as_it_says(
    jobs: PromotionJobs, ep_mock: Handle, sleeps: list[float]
) -> None:
    ep_mock.fault(error="rate_limited", retry_after=7, times=2, match={"operation": "create_job"})
    jobs.generate(5, "nightly")
    assert sleeps[:2] == [7.0, 7.0]
    ep_mock.requests.assert_called(3, operation="create_job")
    ep_mock.requests.assert_called(2, operation="create_job", status=429)


def test_a_lost_poll_is_made_again(jobs: PromotionJobs, ep_mock: Handle) -> None:
    ep_mock.fault(connection="reset", match={"operation": "list_jobs"})
    assert jobs.generate(5, "nightly")["status"] == "completed"


def test_a_job_is_not_made_twice_when_the_answer_is_lost(jobs: PromotionJobs, ep_mock: Handle) -> None:
    ep_mock.fault(connection="empty", when="after", match={"operation": "create_job"})
    assert jobs.generate(5, "nightly")["status"] == "completed"
    ep_mock.requests.assert_called(1, operation="create_job")


@pytest.mark.ep_mock(clock="manual")
def test_a_cancelled_job_takes_its_codes_along(
    client: httpx.Client, promotion: Promotion, ep_mock: Handle
) -> None:
    jobs = PromotionJobs(client, promotion.path, sleep=ep_mock.clock.advance)
    job = jobs.start("nightly", "code_generate", {"number_of_codes": 1000})
    ep_mock.clock.advance(0.5)
    made = ep_mock.codes.count(promotion)
    assert 0 < made < 1000
    assert jobs.cancel(job)["result"] == {"generated": made, "deleted": made}
    assert ep_mock.codes.count(promotion) == 0


def test_an_export_is_all_codes(jobs: PromotionJobs, ep_mock: Handle, promotion: Promotion) -> None:
    ep_mock.codes.create(promotion, "SUMMER", "WINTER")
    lines = jobs.export("all").splitlines()
    assert [line.partition(",")[0] for line in lines] == ["code", "SUMMER", "WINTER"]


def test_the_address_of_the_real_service_leads_to_the_mock_without_a_socket(
    ep_mock_app: Application, promotion: Promotion
) -> None:
    with httpx.Client(
        base_url=BASE_URL, headers={"Authorization": "Bearer any"}, transport=httpx_transport(ep_mock_app)
    ) as client:
        assert (
            PromotionJobs(client, promotion.path, poll_seconds=0).generate(5, "nightly")["status"]
            == "completed"
        )
