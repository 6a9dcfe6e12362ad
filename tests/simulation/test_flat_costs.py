"""The cost of an operation doesn't grow with the number of promotions and jobs.

Cost is counted in steps of the interpreter, not in time.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any, Final

import pytest

from ep_mock.domain.families import FAMILIES, RULE, STANDARD, Family
from ep_mock.domain.paging import Page
from ep_mock.domain.plans import Plan
from ep_mock.operations import jobs, promotions
from ep_mock.simulation.promotion import Promotion
from ep_mock.simulation.store import Store
from tests.simulation.stores import (
    EVERYTHING,
    add_codes,
    add_promotion,
    cancel,
    code_documents,
    delete_promotion,
    generate,
    new_store,
    refusal,
    update,
)

FEW: Final = 20
MANY: Final = 600

each_family = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)


def steps(work: Callable[[], object]) -> int:
    """The number of steps that the interpreter takes for some work."""
    taken = 0

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal taken
        frame.f_trace_opcodes = True
        taken += event == "opcode"
        return trace

    before = sys.gettrace()
    # The collector may come at any step, and what it ends belongs to others.
    gc.disable()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
        gc.enable()
    return taken


def filled(family: Family, number: int) -> Store:
    """A store with this number of promotions with codes; half of them are automatic or have a priority."""
    store = new_store(timings="instant", promotions_limit=10 * MANY, automatic_limit=10 * MANY)
    for index in range(number):
        ranks = {"priority": index} if family.ranks_promotions else {}
        add_codes(store, add_promotion(store, family, **ranks), f"code-{index}", f"other-{index}")
        if family.ranks_promotions:
            add_promotion(store, family, automatic=True)
    return store


def flat(few: int, many: int) -> bool:
    """Whether work has not become more, but for the few steps by which a look-up in an ordered list grows."""
    return many <= 1.1 * few + 60


VERBS: Final[dict[str, Callable[[Store, Family, Promotion], object]]] = {
    "create a promotion": lambda store, family, _: add_promotion(
        store, family, **({"priority": 9999} if family is RULE else {})
    ),
    "create an automatic promotion": lambda store, family, _: add_promotion(store, family, automatic=True),
    "update a promotion": lambda store, _, promotion: update(store, promotion, name="new", end="2099-01-01"),
    "delete a promotion": lambda store, _, promotion: delete_promotion(store, promotion),
    "add codes by hand": lambda store, _, promotion: add_codes(store, promotion, "one", "two"),
    "generate codes": lambda store, _, promotion: (
        generate(store, promotion, 100),
        code_documents(store, promotion),
    ),
    "list a page": lambda store, family, _: promotions.list_promotions(store, family, Page(0, 10), None),
    "find a promotion by a code": lambda store, family, _: promotions.list_promotions(
        store, family, EVERYTHING, "eq(code,code-7)"
    ),
    "switch a setting": lambda store, *_: store.change_settings({"unique_codes": False}),
}


@each_family
@pytest.mark.parametrize("verb", VERBS)
def test_other_promotions_cost_nothing(verb: str, family: Family) -> None:
    taken = []
    for number in (FEW, MANY):
        store = filled(family, number)
        promotion = add_promotion(store, family)
        # The first look-up among more than a few promotions makes the index.
        add_codes(store, promotion, "first")
        taken.append(steps(lambda: VERBS[verb](store, family, promotion)))  # noqa: B023
    assert flat(*taken), taken


def test_a_refused_priority_costs_nothing_more_among_many_that_had_it() -> None:
    taken = []
    for number in (FEW, MANY):
        store = new_store(promotions_limit=10 * MANY)
        for second in range(number):
            promotion = add_promotion(store, RULE, priority=1)
            update(
                store,
                promotion,
                end=f"2024-12-04T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}Z",
            )
            store.advance_to(promotion.end)
        add_promotion(store, RULE, priority=1)
        taken.append(steps(lambda: refusal(store, lambda: add_promotion(store, RULE, priority=1))))  # noqa: B023
        taken[-1] -= steps(lambda: refusal(store, lambda: add_promotion(store, RULE, start="2100-01-01")))  # noqa: B023
    assert flat(*taken), taken


def queue_of(number: int, plan: Plan | None = None) -> tuple[Store, list[Promotion]]:
    """A store with so many promotions, each of which has a pending job."""
    store = new_store(promotions_limit=10 * MANY)
    store.worker.pause()
    owners = [add_promotion(store) for _ in range(number)]
    for promotion in owners:
        generate(store, promotion, 1, plan)
    return store, owners


def test_cancelling_in_the_middle_of_a_long_queue_costs_as_in_a_short_one() -> None:
    taken = []
    for number in (FEW, MANY):
        store, owners = queue_of(number)
        promotion = owners[number // 2]
        taken.append(steps(lambda: cancel(store, promotion, promotion.jobs[0])))  # noqa: B023
    assert flat(*taken), taken


def test_jobs_that_are_stuck_in_front_cost_nothing() -> None:
    taken = []
    for number in (FEW, MANY):
        store, _ = queue_of(number, Plan(stuck="pending"))
        promotion = add_promotion(store)

        def run() -> None:
            generate(store, promotion, 1)  # noqa: B023
            store.worker.resume(store.now)  # noqa: B023
            store.advance_until_idle()  # noqa: B023

        taken.append(steps(run))
        assert promotion.jobs[0].status == "completed"
    assert flat(*taken), taken


def test_a_job_is_found_as_fast_among_many_of_its_promotion() -> None:
    taken = []
    for number in (FEW, MANY):
        store = new_store(timings="instant")
        promotion = add_promotion(store)
        for _ in range(number):
            generate(store, promotion, 1)
            store.advance_until_idle()
        oldest = promotion.jobs[0]
        taken.append(steps(lambda: jobs.find_job(store, promotion, oldest.id)))  # noqa: B023
    assert flat(*taken), taken


@pytest.mark.parametrize("unique", [True, False])
def test_rank_and_number_of_automatic_promotions_follow_the_time(unique: bool) -> None:
    """An ordered list keeps the number. It must be right when ends pass or move, and promotions go."""
    store = new_store(automatic_limit=2)
    first = add_promotion(store, RULE, automatic=True, priority=1, end="2024-12-04T00:00:00Z")
    second = add_promotion(store, RULE, automatic=True, priority=2)
    assert refusal(store, lambda: add_promotion(store, RULE, automatic=True)).status == 400
    store.advance_to(first.end - 1)
    assert refusal(store, lambda: add_promotion(store, RULE, priority=1)).status == 422
    store.advance_to(first.end)
    third = add_promotion(store, RULE, automatic=True, priority=1)
    assert refusal(store, lambda: update(store, first, end="2100-01-01")).status in (400, 422)
    if unique:
        update(store, second, enabled=False)
    else:
        delete_promotion(store, second)
    add_promotion(store, RULE, automatic=True, priority=2)
    assert refusal(store, lambda: add_promotion(store, RULE, automatic=True)).status == 400
    update(store, third, automatic=False, priority=7)
    add_promotion(store, RULE, automatic=True, priority=1)
    assert add_promotion(store, STANDARD, automatic=True).automatic
