"""A store's lock and those who wait for a change: whatever happens to them, the lock is free afterwards, and
they cost others little.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from typing import Any

import pytest

from ep_mock import create_app
from ep_mock.errors import ApiError
from ep_mock.serving.in_process import call_app
from ep_mock.settings import Settings
from ep_mock.simulation.store import Store
from ep_mock.web.long_poll import LongPoll
from ep_mock.web.response import Response
from ep_mock.web.store_slot import SOONEST, StoreSlot
from tests.virtual_time import run, settled

PATIENCE = 30
SCOPE: dict[str, Any] = {"type": "http"}


def guarded_store() -> StoreSlot:
    return StoreSlot(Store("one", Settings(clock="manual"), "tests"))


class Wanted:
    """A wait that does as it is told."""

    def __init__(self, look: Callable[[], Response | None] = lambda: None) -> None:
        self._look = look
        self.looks = 0

    def look(self) -> Response | None:
        self.looks += 1
        return self._look()

    def next_look(self) -> float | None:
        return None

    def refusal(self, title: str, detail: str) -> ApiError:
        return ApiError(409, [{"title": title, "detail": detail}])

    def description(self) -> str:
        return "waited for nothing"

    def progress(self) -> str:
        return "waited for nothing, none came"


async def silent() -> dict[str, Any]:
    """A client that stays and says no more."""
    await asyncio.get_running_loop().create_future()
    raise AssertionError


def wait_for(
    slot: StoreSlot, wanted: Wanted, seconds: float = 10, receive: Any = silent
) -> asyncio.Future[Response]:
    return asyncio.ensure_future(LongPoll(wanted, seconds).answer(slot, SCOPE, receive))


def use(slot: StoreSlot) -> None:
    with slot.lock:
        slot.use()


def is_free(slot: StoreSlot) -> bool:
    """Whether another thread gets the lock."""
    got: list[bool] = []

    def take() -> None:
        got.append(slot.lock.acquire(timeout=PATIENCE))
        if got[0]:
            slot.lock.release()

    thread = threading.Thread(target=take)
    thread.start()
    thread.join()
    return got[0]


def test_a_wait_left_over_in_a_closed_loop_keeps_no_lock_and_is_dropped() -> None:
    slot = guarded_store()
    loop = asyncio.new_event_loop()

    async def begin() -> asyncio.Future[Response]:
        waiting = wait_for(slot, Wanted(), 600)
        while not slot.waiting:
            await asyncio.sleep(0)
        return waiting

    left_over = loop.run_until_complete(begin())
    left_over._log_destroy_pending = False  # type: ignore[attr-defined]
    loop.close()
    assert slot.waiting == 1
    use(slot)
    assert (is_free(slot), slot.waiting) == (True, 0)


def test_an_application_goes_on_after_a_loop_was_closed_in_the_middle_of_a_wait() -> None:
    app = create_app(clock="real")
    headers = [(b"host", b"localhost"), (b"content-type", b"application/json")]

    def called(method: str, path: bytes, body: object = None) -> Any:
        return call_app(app, method, path, headers, b"" if body is None else json.dumps(body).encode())

    loop = asyncio.new_event_loop()
    task = loop.create_task(called("POST", b"/__ep_mock/requests/wait", {"timeout": 600}))
    while not app.stores.get_or_create("default").waiting:
        loop.run_until_complete(asyncio.sleep(0))
    task._log_destroy_pending = False  # type: ignore[attr-defined]
    loop.close()
    statuses: list[int] = []

    def elsewhere() -> None:
        statuses.append(asyncio.run(called("GET", b"/__ep_mock/clock")).status)

    elsewhere()
    thread = threading.Thread(target=elsewhere, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    assert statuses == [200, 200]


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
def test_whatever_is_raised_while_a_store_is_used_its_lock_is_free_again(error: type[BaseException]) -> None:
    slot = guarded_store()

    def fail() -> None:
        raise error

    slot.store.settle = fail  # type: ignore[method-assign, assignment]
    with pytest.raises(error), slot.lock:
        slot.use()
    assert is_free(slot)


def test_a_wait_that_fails_is_answered_with_its_failure_and_others_go_on() -> None:
    slot = guarded_store()
    failing: list[bool] = []

    def fail() -> Response | None:
        if failing:
            raise ZeroDivisionError
        return None

    def come() -> Response | None:
        return Response(204) if failing else None

    async def scenario() -> list[Any]:
        waits = [wait_for(slot, Wanted(look)) for look in (fail, come)]
        await settled()
        failing.append(True)
        await asyncio.sleep(SOONEST)
        use(slot)
        return await asyncio.gather(*waits, return_exceptions=True)

    failed, answer = run(scenario())
    assert (type(failed), answer.status, is_free(slot), slot.waiting) == (ZeroDivisionError, 204, True, 0)


def test_who_waits_looks_once_however_many_requests_come_in_a_millisecond() -> None:
    slot = guarded_store()
    wanted = [Wanted() for _ in range(20)]

    async def scenario() -> list[int]:
        waits = [wait_for(slot, each) for each in wanted]
        await asyncio.sleep(1)
        looks = [each.looks for each in wanted]
        for _ in range(100):
            use(slot)
            await asyncio.sleep(SOONEST / 100)
        await asyncio.sleep(1)
        for each in waits:
            each.cancel()
        await asyncio.gather(*waits, return_exceptions=True)
        return [each.looks - before for each, before in zip(wanted, looks, strict=True)]

    assert max(run(scenario())) <= 3


def test_a_change_made_by_another_thread_is_seen() -> None:
    slot = guarded_store()
    changed: list[bool] = []

    async def scenario() -> Response:
        waiting = wait_for(slot, Wanted(lambda: Response(204) if changed else None), PATIENCE)
        while not slot.waiting:
            await asyncio.sleep(0)

        def change() -> None:
            with slot.lock:
                changed.append(True)
                slot.use()

        thread = threading.Thread(target=change)
        thread.start()
        answer = await waiting
        thread.join()
        return answer

    assert asyncio.run(scenario()).status == 204


def test_a_wait_takes_no_longer_than_it_says() -> None:
    slot = guarded_store()

    async def scenario() -> float:
        with pytest.raises(ApiError, match="Timed out"):
            await wait_for(slot, Wanted(), 7)
        return asyncio.get_running_loop().time()

    assert run(scenario()) == 7
    assert slot.waiting == 0
