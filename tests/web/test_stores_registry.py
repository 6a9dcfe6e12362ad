"""The stores of a server, used by several threads at once: there is one of each name, and one that is gone
stays gone.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from ep_mock.errors import ApiError
from ep_mock.settings import Settings
from ep_mock.simulation.store import Store
from ep_mock.web import stores as gates
from ep_mock.web.store_slot import StoreSlot
from ep_mock.web.stores import StoreRegistry

PATIENCE = 30


def registry_of(fill: Callable[[Store], None] = lambda _: None) -> StoreRegistry:
    return StoreRegistry(Settings(clock="manual", seed="tests"), fill)


class Announced:
    """A lock that tells when somebody comes to it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._came = threading.Semaphore(0)

    def __enter__(self) -> None:
        self._came.release()
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    def wait(self) -> None:
        """Wait until one more has come."""
        assert self._came.acquire(timeout=PATIENCE)


def test_two_threads_that_enter_a_new_store_at_once_get_the_same_one() -> None:
    lock, entered, threads = Announced(), list[StoreSlot](), list[threading.Thread]()

    def fill(_: Store) -> None:
        if threads:
            return
        lock.wait()
        threads.append(threading.Thread(target=lambda: entered.append(stores.get_or_create("new"))))
        threads[0].start()
        lock.wait()  # the other one has found no store, and wants to make it

    stores = registry_of(fill)
    stores._lock = lock  # type: ignore[assignment]
    entered.append(stores.get_or_create("new"))
    threads[0].join(PATIENCE)
    assert len(entered) == 2
    assert entered[0] is entered[1] is stores.get_or_create("new")


@pytest.mark.parametrize("end", ["reset", "restore", "delete"])
def test_who_has_entered_a_store_cannot_use_it_once_it_is_gone(end: str) -> None:
    stores = registry_of()
    entered = stores.get_or_create("one")
    if end == "restore":
        from ep_mock.snapshots import save

        stores.restore("one", save(entered.store))
    else:
        getattr(stores, end)("one")
    with entered.lock, pytest.raises(ApiError, match="Store is gone"):
        entered.use()
    assert stores.names() == ([] if end == "delete" else ["one"])
    if end != "delete":
        successor = stores.get_or_create("one")
        with successor.lock:
            assert successor.use() is not entered.store


def test_a_store_ends_once_whoever_uses_it_has_done_so() -> None:
    stores = registry_of()
    entered, done = stores.get_or_create("one"), threading.Event()
    gone: list[bool] = []

    def delete() -> None:
        stores.delete("one")
        gone.append(entered.gone)
        done.set()

    deleting = threading.Thread(target=delete)
    with entered.lock:
        entered.use()
        deleting.start()
        assert not done.wait(0.05)
        gone.append(entered.gone)
    assert done.wait(PATIENCE)
    assert gone == [False, True]
    deleting.join()


def test_resets_from_many_threads_leave_one_store_and_none_is_refused() -> None:
    stores = registry_of()
    first, failures, start = stores.get_or_create("one"), list[BaseException](), threading.Barrier(8)

    def reset() -> None:
        try:
            start.wait()
            for _ in range(20):
                stores.reset("one")
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=reset) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (failures, stores.replacements, first.gone, stores.get_or_create("one").gone) == (
        [],
        160,
        True,
        False,
    )


@pytest.mark.parametrize("end", ["reset", "delete"])
def test_a_request_that_began_before_an_end_does_not_enter_what_came_after(end: str) -> None:
    stores = registry_of()
    stores.get_or_create("one")
    began = stores.replacements
    getattr(stores, end)("one")
    with pytest.raises(ApiError, match="Store is gone"):
        stores.get_or_create("one", began)
    assert stores.get_or_create("two", began) is stores.get_or_create("two")
    assert stores.get_or_create("one", stores.replacements) is stores.get_or_create("one")


def test_a_store_that_was_not_there_is_not_deleted_and_ends_nothing() -> None:
    stores = registry_of()
    began = stores.replacements
    assert not stores.delete("one")
    assert stores.get_or_create("one", began) is stores.get_or_create("one")


def test_what_is_remembered_of_replaced_stores_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gates, "_MOST_REMEMBERED", 3)
    stores = registry_of()
    for number in range(10):
        stores.get_or_create(f"s{number}")
        stores.delete(f"s{number}")
    assert list(stores._replaced) == ["s7", "s8", "s9"]
