"""Looking never changes what happens, also where names of codes collide.

Each case begins a job with names that another promotion has, and frees them in the middle of the job. Codes
are made at 100 ms, 200 ms and so on. What is made may depend on when the names become free, never on when
somebody looks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ep_mock.domain.dates import format_nanos
from ep_mock.domain.families import STANDARD
from ep_mock.domain.plans import Plan
from ep_mock.fixtures.files import check_request
from ep_mock.fixtures.load import load_fixture
from ep_mock.fixtures.parse import parse_fixture
from ep_mock.operations import promotions
from ep_mock.simulation.promotion import Promotion
from ep_mock.simulation.store import Store
from ep_mock.snapshots import restore, save
from tests.simulation.stores import (
    EVERYTHING,
    MS,
    START,
    add_codes,
    add_promotion,
    code_documents,
    codes_of,
    delete_code,
    delete_promotion,
    generate,
    new_store,
    poll,
    update,
)

NAMES: Final = ("summer", "autumn", "winter")
PACE: Final = "instant,generate_per_code=100ms"


def switch_off(store: Store, _: Promotion) -> None:
    store.settle()
    store.change_settings({"unique_codes": False})


def load_settings(store: Store, _: Promotion) -> None:
    store.settle()
    load_fixture(
        store,
        parse_fixture({"ep_mock_fixture": 1, "settings": {"unique_codes": False}}, "a fixture"),
        check_request,
    )


def delete_codes(store: Store, other: Promotion) -> None:
    for name in NAMES:
        delete_code(store, other, name)


def run_again_with_the_names(store: Store, other: Promotion) -> None:
    let_it_end(store, other)
    update(store, other, end="2100-01-01")
    add_codes(store, other, *NAMES)


def let_it_end(store: Store, other: Promotion) -> None:
    update(store, other, end=format_nanos(store.settle()))


FREE: Final[Mapping[str, Callable[[Store, Promotion], object]]] = {
    "its promotion is made to end": let_it_end,
    "its promotion is deleted": delete_promotion,
    "it is deleted": delete_codes,
    "settings let names repeat": switch_off,
    "a fixture brings such settings": load_settings,
}

TAKE: Final[Mapping[str, Callable[[Store, Promotion], object]]] = {
    "it is given by hand": lambda store, other: add_codes(store, other, *NAMES),
    "its promotion runs again": run_again_with_the_names,
    "a fixture brings it": lambda store, _: load_fixture(
        store,
        parse_fixture(
            {
                "ep_mock_fixture": 1,
                "promotions": [
                    {"family": "standard", "name": "new", "codes": [{"code": name} for name in NAMES]}
                ],
            },
            "a fixture",
        ),
        check_request,
    ),
}


def begin(end: str = "2100-01-01", *, taken: bool = True) -> tuple[Store, Promotion, Promotion]:
    """A store in which a job begins with names that another promotion has."""
    store = new_store(timings=PACE)
    other, promotion = add_promotion(store, end=end), add_promotion(store)
    if taken:
        add_codes(store, other, *NAMES)
    generate(store, promotion, 6, Plan(codes=NAMES))
    store.settle()
    return store, other, promotion


def made(
    how: Callable[[Store, Promotion], object], moment: int, looks: list[int], *, taken: bool = True
) -> list[str]:
    """The codes at the end, when something happens at one moment and a client looks at others (in ms)."""
    store, other, promotion = begin(taken=taken)
    for at, happens in sorted([*((look, False) for look in looks), (moment, True)]):
        store.advance_to(START + at * MS)
        if happens:
            how(store, other)
        else:
            code_documents(store, promotion)
            poll(store, promotion)
            promotions.list_promotions(store, STANDARD, EVERYTHING, "eq(code,summer)")
    store.advance_until_idle()
    return codes_of(store, promotion)


@pytest.mark.parametrize("how", FREE)
def test_a_name_that_becomes_free_in_the_middle_of_a_job_is_free_from_that_moment_on(how: str) -> None:
    assert set(NAMES) <= set(made(FREE[how], 50, []))
    for looks in ([], [90], [150], [90, 150, 250], [400]):
        assert set(NAMES).isdisjoint(made(FREE[how], 350, looks)), (
            "the names were tried when the first code was made"
        )


@pytest.mark.parametrize("how", TAKE)
def test_a_name_that_somebody_takes_in_the_middle_of_a_job_is_taken_from_that_moment_on(how: str) -> None:
    for looks in ([], [90], [190], [250], [90, 190, 290]):
        assert set(NAMES).isdisjoint(made(TAKE[how], 50, looks, taken=False))


@pytest.mark.parametrize("looks", [[], [150], [250], [350], [150, 250, 350, 450]])
def test_the_end_of_a_promotion_frees_its_names_for_the_codes_that_are_made_from_then_on(
    looks: list[int],
) -> None:
    """Nothing is asked of the store at that moment: it is the code's own moment that counts."""
    for after, expected in ((99, NAMES), (100, NAMES), (101, ())):
        store, _, promotion = begin(format_nanos(START + after * MS))
        for at in looks:
            store.advance_to(START + at * MS)
            code_documents(store, promotion)
        store.advance_until_idle()
        found = codes_of(store, promotion)
        assert tuple(name for name in found if name in NAMES) == expected
        assert len(found) == 6


MOMENTS = st.integers(0, 70).map(lambda step: step * 10)


@given(st.sampled_from([*FREE.values()]), MOMENTS, st.lists(MOMENTS, max_size=4))
def test_looking_at_any_moment_changes_no_code(
    how: Callable[[Store, Promotion], object], moment: int, looks: list[int]
) -> None:
    assert made(how, moment, looks) == made(how, moment, [])


@given(MOMENTS, MOMENTS, MOMENTS)
def test_saving_and_restoring_at_any_moment_changes_no_code(end: int, saved: int, look: int) -> None:
    store, _, promotion = begin(format_nanos(START + end * MS))
    other_store, _, same = begin(format_nanos(START + end * MS))
    store.advance_to(START + look * MS)
    other_store.advance_to(START + saved * MS)
    restored = restore(save(other_store), "tests", other_store.settings, "a seed", check_request)
    for each in (store, restored):
        each.advance_until_idle()
    assert codes_of(restored, restored.promotion(STANDARD, same.id)) == codes_of(store, promotion)


def test_the_code_of_an_automatic_promotion_is_taken_from_its_creation_on() -> None:
    def codes_and_own_code(name: str, looks: list[int]) -> tuple[list[str], str]:
        store = new_store(timings=PACE)
        promotion = add_promotion(store)
        generate(store, promotion, 2, Plan(codes=(name,)))
        for at in (*looks, 150):
            store.advance_to(START + at * MS)
            code_documents(store, promotion) if at in looks else None
        automatic = add_promotion(store, automatic=True)
        store.advance_until_idle()
        return codes_of(store, promotion), f"auto_{automatic.id}"

    _, automatic_code = codes_and_own_code("summer", [])
    made_before, same = codes_and_own_code(automatic_code, [])
    assert same == automatic_code == made_before[0]
    assert codes_and_own_code(automatic_code, [120]) == (made_before, automatic_code)
