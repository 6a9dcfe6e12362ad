"""Nothing is kept for ever: what a store held goes with it, at once, and a long life costs no more than a
short one.
"""

from __future__ import annotations

import gc
import os
import tracemalloc
from collections.abc import Callable, Iterator
from weakref import ref

import pytest

from ep_mock.domain.families import RULE, STANDARD, Family
from ep_mock.simulation.code_book import CapturedCodes, CodeBook
from ep_mock.simulation.code_generation import CodeDeletion, CodeGeneration
from ep_mock.simulation.job import Job
from ep_mock.simulation.promotion import EXPORTS_KEPT, Promotion
from ep_mock.simulation.state import StoreState
from ep_mock.simulation.store import Store
from ep_mock.simulation.task import Task
from ep_mock.simulation.worker import Worker
from tests.bodies import code_export, code_generate, new_promotion
from tests.client import ApiClient, api_client

THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"
RESETS = 1000 if THOROUGH else 30
EXPORTS = 100 if THOROUGH else 2 * EXPORTS_KEPT
HOURS_OF_A_WEEK = 7 * 24
KINDS = (
    CapturedCodes,
    CodeBook,
    StoreState,
    CodeGeneration,
    Job,
    Promotion,
    CodeDeletion,
    Store,
    Task,
    Worker,
)


Kept = Callable[[], list[str]]


@pytest.fixture
def kept() -> Iterator[Kept]:
    """The kinds of the objects of stores that have come since the test began and are alive; meanwhile the
    collector does not run.
    """
    gc.collect()
    gc.disable()
    # Held, so that no new object gets the place in memory of one of other tests.
    others = [each for each in gc.get_objects() if isinstance(each, KINDS)]
    known = set(map(id, others))
    yield lambda: sorted(
        type(each).__name__ for each in gc.get_objects() if isinstance(each, KINDS) and id(each) not in known
    )
    del others
    gc.enable()


def use(client: ApiClient, family: Family) -> str:
    """Make, export, cancel and look, so that a store has held everything there is; answers the promotion's
    path.
    """
    collection = f"/v2/{family.collection}"
    path = f"{collection}/{client.created(collection, {'data': new_promotion(family)})['id']}"
    for body in (code_generate(30), code_export(), code_generate(30)):
        client.created(f"{path}/jobs", {"data": body})
        client.advance(idle=True)
    job = client.created(f"{path}/jobs", {"data": code_generate(30)})["id"]
    client.advance(next=True)
    client.advance(seconds=0.16)
    for look in ("codes", "codes?filter=eq(code,none)", "codes?sort=code", "jobs"):
        client.get(f"{path}/{look}")
    client.post(f"{path}/jobs/{job}/cancel")
    client.get(f"{collection}?filter=eq(code,none)")
    client.created(f"{collection}", {"data": new_promotion(family)})
    return path


@pytest.mark.parametrize("family", [STANDARD, RULE], ids=lambda family: family.name)
@pytest.mark.parametrize("moment", ["at rest", "while a job makes codes", "while codes are deleted"])
def test_a_reset_frees_all_that_the_store_held_without_the_collector(
    family: Family, moment: str, kept: Kept
) -> None:
    client = api_client()
    assert client.post("/__ep_mock/reset").status_code == 204
    at_start = kept()
    path = use(client, family)
    if moment == "at rest":
        client.advance(idle=True)
    elif moment == "while a job makes codes":
        client.advance(idle=True)
        client.created(f"{path}/jobs", {"data": code_generate(30)})
        client.advance(next=True)
        client.advance(seconds=0.16)
        client.get(f"{path}/codes")
    store = ref(client.store)
    assert client.post("/__ep_mock/reset").status_code == 204
    assert store() is None
    assert kept() == at_start


def test_a_finished_job_keeps_nothing_of_its_work_alive(kept: Kept) -> None:
    client = api_client()
    use(client, STANDARD)
    client.advance(idle=True)
    assert not {"Growth", "Shrinkage", "Task"} & set(kept())


def test_deleting_a_promotion_frees_its_codes_and_files(kept: Kept) -> None:
    client = api_client()
    path = use(client, STANDARD)
    client.advance(idle=True)
    before = kept().count("CodeBook")
    client.delete(path)
    assert kept().count("CodeBook") == before - 1
    assert "CapturedCodes" not in kept()


def grown(work: Callable[[], object], times: int) -> int:
    """By how many bytes memory grows while some work is done a number of times, after as many times that do
    not count.
    """
    tracemalloc.start()
    try:
        for _ in range(times):
            work()
        gc.collect()
        before, _ = tracemalloc.get_traced_memory()
        for _ in range(times):
            work()
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return after - before


def test_memory_is_flat_after_many_resets() -> None:
    client = api_client()

    def one_test() -> None:
        use(client, STANDARD)
        client.post("/__ep_mock/reset")

    assert grown(one_test, RESETS) < 50_000


def test_memory_is_flat_while_a_week_passes_and_somebody_polls() -> None:
    client = api_client()
    path = use(client, STANDARD)

    def an_hour() -> None:
        client.advance(seconds=3600)
        client.get(f"{path}/jobs")
        client.get(f"{path}/codes")

    client.advance(idle=True)
    # The journal is bounded; here it is full before the measurement.
    client.delete("/__ep_mock/requests")
    assert grown(an_hour, HOURS_OF_A_WEEK) < 400_000


def test_a_promotion_keeps_the_files_of_its_latest_exports_only() -> None:
    client = api_client(timings="instant", codes_limit=10_000)
    collection = "/v2/promotions"
    path = f"{collection}/{client.created(collection, {'data': new_promotion(STANDARD, end='2001-01-01')})['id']}"
    client.created(f"{path}/jobs", {"data": code_generate(5000)})

    def export() -> str:
        client.advance(idle=True)
        client.created(
            f"{path}/codes", {"data": {"type": "promotion_codes", "codes": [{"code": f"code-{len(made)}"}]}}
        )
        made.append(f"{path}/jobs/{client.created(f'{path}/jobs', {'data': code_export()})['id']}")
        client.advance(idle=True)
        return made[-1]

    made: list[str] = []
    href = client.get(f"{export()}/file").json()["href"]
    # One copy of 5,000 codes is 300 KB.
    assert grown(export, EXPORTS) < 300_000
    reason = f"The file is gone: a promotion keeps those of its latest {EXPORTS_KEPT} exports. Export the codes again."
    gone, late = client.get(f"{made[0]}/file"), client.get(href)
    assert (gone.status_code, gone.json()["errors"][0]["detail"]) == (422, reason)
    assert (late.status_code, late.json()["errors"][0]["detail"]) == (404, reason)
    assert [client.get(f"{job}/file").status_code for job in made[-EXPORTS_KEPT - 1 :]] == [
        422,
        *[200] * EXPORTS_KEPT,
    ]
