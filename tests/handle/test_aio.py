"""Waits for jobs and requests: they succeed, or say at once why they cannot."""

from __future__ import annotations

import asyncio
import threading

import pytest

from ep_mock.handle import Handle, RequestAssertionError, WaitError
from tests.handle.callers import call, generate_job


def test_a_wait_on_a_poll_clock_moves_time(mock: Handle) -> None:
    mock.reset(clock="poll")
    promotion = mock.promotions.create()
    job = mock.jobs.generate(promotion, 5)
    assert mock.wait_for_job(job, "processing").status == "processing"
    assert mock.wait_for_job(job.id).result == {"generated": 5}
    second = mock.jobs.generate(promotion, 3)
    assert mock.wait_for_job() == mock.wait_for_job(promotion=promotion.id) == mock.jobs.get(second)


def test_a_wait_on_a_running_clock_takes_its_time(mock: Handle) -> None:
    mock.reset(clock="scaled", clock_scale=20)
    job = mock.jobs.generate(mock.promotions.create(), 5)
    assert mock.wait_for_job(job, ["failed", "completed"], timeout=20).status == "completed"


def test_a_wait_on_a_clock_that_does_not_move_fails_at_once_and_says_what_to_do(mock: Handle) -> None:
    job = mock.jobs.generate(mock.promotions.create(), 5)
    with pytest.raises(WaitError) as failed:
        mock.wait_for_job(job, "completed", timeout=600)
    first, entry = str(failed.value).splitlines()
    assert first.startswith(
        f"Time stands still: waited for completed, but job {job.id} is pending since 2024-12-03T23:31:35.962680423Z; "
    )
    assert first.endswith("; with this handle: clock.next(), clock.advance(seconds) or clock.until_idle()")
    assert entry == "  2024-12-03T23:31:35.962680423Z  pending     created"


def test_a_wait_for_another_status_than_the_final_one_fails_with_the_history(mock: Handle) -> None:
    mock.fail_next_job("out of memory")
    job = mock.jobs.generate(mock.promotions.create(), 5)
    mock.clock.until_idle()
    with pytest.raises(WaitError) as failed:
        mock.wait_for_job(job, "completed")
    assert str(failed.value).splitlines() == [
        f"Ended otherwise: waited for completed, but job {job.id} is failed: out of memory",
        "  2024-12-03T23:31:35.962680423Z  pending     created",
        "  2024-12-03T23:31:36.062680423Z  processing  taken up by the worker",
        "  2024-12-03T23:31:36.212680423Z  failed      out of memory",
    ]


def test_a_wait_for_a_job_that_does_not_exist_yet_fails_on_such_a_clock(mock: Handle) -> None:
    with pytest.raises(
        WaitError,
        match="^Nothing will happen: there is no job yet; waited for completed or failed or cancelled$",
    ):
        mock.wait_for_job()


def test_another_thread_may_move_the_clock(mock: Handle) -> None:
    job = mock.jobs.generate(mock.promotions.create(), 5)
    mover = threading.Thread(target=mock.clock.until_idle)
    mover.start()
    try:
        assert mock.wait_for_job(job, timeout=20, others_advance=True).status == "completed"
    finally:
        mover.join()


def test_a_wait_ends_with_its_timeout(mock: Handle) -> None:
    mock.reset(clock="real")
    mock.stall_next_job()
    job = mock.jobs.generate(mock.promotions.create(), 5)
    with pytest.raises(WaitError, match=r"^Timed out: after 0.01 s: waited for completed, but job .* is "):
        mock.wait_for_job(job, "completed", timeout=0.01)


def test_a_wait_for_requests_counts_earlier_requests(mock: Handle) -> None:
    promotion = mock.promotions.create()
    call(mock, "POST", f"{promotion.path}/jobs", generate_job(2))
    (request,) = mock.wait_for_requests(operation="create_job")
    assert (request.method, request.path, request.status, request.body) == (
        "POST",
        f"{promotion.path}/jobs",
        201,
        generate_job(2),
    )
    with pytest.raises(RequestAssertionError) as failed:
        mock.wait_for_requests(times=2, operation="create_job", timeout=0.01)
    assert str(failed.value).splitlines() == [
        "Timed out: after 0.01 s: waited for 2 matching requests, 1 came; expected operation='create_job'",
        "matching requests:",
        f"  #1 POST {promotion.path}/jobs -> 201 served",
    ]


def test_the_code_under_test_continues_during_an_async_wait(mock: Handle) -> None:
    promotion = mock.promotions.create()
    order: list[str] = []

    async def code_under_test() -> None:
        order.append("asked")
        await asyncio.to_thread(call, mock, "POST", f"{promotion.path}/jobs", generate_job(2))

    async def scenario() -> None:
        waiting = asyncio.ensure_future(mock.aio.wait_for_requests(operation="create_job", timeout=20))
        await asyncio.sleep(0)
        await code_under_test()
        assert [request.status for request in await waiting] == [201]
        done = asyncio.ensure_future(mock.aio.wait_for_job(timeout=20, others_advance=True))
        await asyncio.sleep(0)
        mock.clock.until_idle()
        assert (await done).status == "completed"

    asyncio.run(scenario())
    assert order == ["asked"]


def test_an_async_wait_fails_like_a_sync_one(mock: Handle) -> None:
    job = mock.jobs.generate(mock.promotions.create(), 5)
    with pytest.raises(WaitError, match="^Time stands still: "):
        asyncio.run(mock.aio.wait_for_job(job))


def test_a_wait_that_blocks_an_event_loop_says_so(mock: Handle) -> None:
    async def scenario() -> None:
        mock.wait_for_requests(timeout=0.01)

    with pytest.raises(
        RequestAssertionError,
        match="this wait blocked the event loop, .*: await the method of the same name in `aio` instead",
    ):
        asyncio.run(scenario())
    with pytest.raises(RequestAssertionError) as beside:
        asyncio.run(mock.aio.wait_for_requests(timeout=0.01))
    assert "event loop" not in str(beside.value)


def test_an_async_wait_can_be_cancelled(mock: Handle) -> None:
    async def scenario() -> None:
        async with asyncio.timeout(0.01):
            await mock.aio.wait_for_requests(operation="cancel_job", timeout=60)

    with pytest.raises(TimeoutError):
        asyncio.run(scenario())


def test_code_that_polls_a_clock_that_does_not_move_gets_an_error(mock: Handle) -> None:
    mock.reset(stuck_polls=3)
    promotion = mock.promotions.create()
    mock.jobs.generate(promotion, 5)
    answers = [call(mock, "GET", f"{promotion.path}/jobs") for _ in range(4)]
    assert [status for status, _ in answers] == [200, 200, 200, 503]
    assert "clock/advance" in answers[-1][1]["errors"][0]["detail"]
