"""How the codes of a job come into being."""

from __future__ import annotations

import re
from typing import Any

import pytest

from ep_mock.domain.families import FAMILIES, RULE, STANDARD, Family
from tests.bodies import HALF_A_YEAR
from tests.simulation.stores import (
    MS,
    add_promotion,
    at,
    code_documents,
    codes_of,
    delete_code,
    generate,
    log_of,
    new_store,
    poll,
)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_codes_appear_one_by_one(family: Family) -> None:
    store = new_store()
    promotion = add_promotion(store, family)
    generate(store, promotion, 4)
    # Taken up at 100 ms, 150 ms to warm up, then one code each millisecond; the last one comes with the end.
    looks = [
        0,
        100 * MS,
        250 * MS,
        251 * MS - 1,
        251 * MS,
        252 * MS - 1,
        252 * MS,
        253 * MS,
        254 * MS - 1,
        254 * MS,
        1000 * MS,
    ]
    seen = []
    for moment in looks:
        at(store, moment)
        seen.append(codes_of(store, promotion))
    assert [len(codes) for codes in seen] == [0, 0, 0, 0, 1, 1, 2, 3, 3, 4, 4]
    final = seen[-1]
    assert len(set(final)) == 4
    assert all(codes == final[: len(codes)] for codes in seen)


def test_polls_of_jobs_make_no_codes() -> None:
    store = new_store()
    promotion = add_promotion(store)
    generate(store, promotion, 100)
    for moment in (0, 100 * MS, 300 * MS):
        at(store, moment)
        poll(store, promotion)
    assert len(promotion.book) == 0
    assert len(codes_of(store, promotion)) == 50


def test_without_a_time_per_code_all_codes_appear_at_the_end() -> None:
    store = new_store(timings="fast,generate_per_code=0")
    promotion = add_promotion(store)
    job = generate(store, promotion, 4)
    counts = []
    for moment in (250 * MS - 1, 250 * MS):
        at(store, moment)
        counts.append((len(codes_of(store, promotion)), job.status))
    assert counts == [(0, "processing"), (4, "completed")]


def test_codes_look_as_published() -> None:
    store = new_store(timings="instant")
    promotion = add_promotion(store)
    shapes: dict[str, tuple[dict[str, Any], str]] = {
        "plain": ({}, r"[a-z2-9]{4}-[a-z2-9]{4}"),
        "ten characters": ({"code_length": 10}, r"[a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{2}"),
        "sixteen characters": ({"code_length": 16}, r"([a-z2-9]{4}-){3}[a-z2-9]{4}"),
        "a prefix": ({"code_prefix": "summer"}, r"summer-[a-z2-9]{4}-[a-z2-9]{4}"),
        "a prefix that ends with a dash": ({"code_prefix": "Summer-"}, r"Summer-[a-z2-9]{4}-[a-z2-9]{4}"),
        "a prefix that is nothing": ({"code_prefix": ""}, r"[a-z2-9]{4}-[a-z2-9]{4}"),
        "a prefix of two dashes": ({"code_prefix": "--"}, r"--[a-z2-9]{4}-[a-z2-9]{4}"),
    }
    made = {}
    for name, (parameters, _) in shapes.items():
        before = len(promotion.book)
        generate(store, promotion, 3, **parameters)
        made[name] = codes_of(store, promotion)[before:]
    assert {name: len(codes) for name, codes in made.items()} == dict.fromkeys(shapes, 3)
    assert not [
        code for name, (_, shape) in shapes.items() for code in made[name] if not re.fullmatch(shape, code)
    ]


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_the_case_of_codes_can_be_set_and_leaves_the_prefix_alone(family: Family) -> None:
    lower, upper = new_store(timings="instant"), new_store(timings="instant", code_case="upper")
    codes = []
    for store in (lower, upper):
        promotion = add_promotion(store, family)
        generate(store, promotion, 20, code_prefix="Sale")
        codes.append(codes_of(store, promotion))
    assert codes[1] == ["Sale-" + code.removeprefix("Sale-").upper() for code in codes[0]]


def test_a_standard_code_carries_what_its_job_asked_for() -> None:
    store = new_store(timings="instant")
    promotion = add_promotion(store, STANDARD)
    generate(store, promotion, 1)
    generate(store, promotion, 1, max_uses_per_code=3, consume_unit="per_item")
    generate(store, promotion, 1, max_uses_per_code=0)
    codes = codes_of(store, promotion)
    tail = (
        '"created_by":"ep-mock@example.com","meta":{"timestamps":{"created_at":"2024-12-03T23:31:35.962Z"}}}'
    )
    assert [document.decode() for document in code_documents(store, promotion)] == [
        f'{{"code":"{codes[0]}","consume_unit":"per_cart",{tail}',
        f'{{"code":"{codes[1]}","uses":3,"max_uses":3,"consume_unit":"per_item",{tail}',
        f'{{"code":"{codes[2]}","uses":0,"max_uses":0,"consume_unit":"per_cart",{tail}',
    ]


def test_a_rule_code_has_an_id_and_units_of_its_own() -> None:
    store = new_store(timings="instant", rule_code_type=True)
    promotion = add_promotion(store, RULE)
    generate(store, promotion, 1)
    generate(store, promotion, 1, consume_unit="per_application")
    first, second = codes_of(store, promotion)
    ids = [promotion.book.id_of(code) for code in (first, second)]
    tail = (
        '"created_by":"ep-mock@example.com","meta":{"timestamps":{"created_at":"2024-12-03T23:31:35.962Z"}}}'
    )
    assert [document.decode() for document in code_documents(store, promotion)] == [
        f'{{"id":"{ids[0]}","type":"promotion_codes","code":"{first}","consume_unit":"per_checkout",{tail}',
        f'{{"id":"{ids[1]}","type":"promotion_codes","code":"{second}","consume_unit":"per_application",{tail}',
    ]
    assert len(set(ids)) == 2


def test_a_code_deleted_while_its_job_runs_is_not_made_again_and_counts_as_generated() -> None:
    store = new_store()
    promotion = add_promotion(store)
    job = generate(store, promotion, 4)
    at(store, 252 * MS)
    first, second = codes_of(store, promotion)
    delete_code(store, promotion, first)
    store.advance_until_idle()
    left = codes_of(store, promotion)
    assert (left[0], len(left), first in left) == (second, 3, False)
    assert job.result == {"generated": 4}
    assert log_of(job)[-1] == (254 * MS, "completed")


def test_equal_seeds_make_equal_codes_and_other_jobs_make_others() -> None:
    runs = []
    for _ in range(2):
        store = new_store(timings="instant")
        promotion = add_promotion(store)
        for _ in range(2):
            generate(store, promotion, 50)
        runs.append(codes_of(store, promotion))
    assert runs[0] == runs[1]
    assert len(set(runs[0])) == 100


def test_many_codes_are_all_different() -> None:
    store = new_store(timings="instant", codes_limit=20_000)
    promotion = add_promotion(store, **HALF_A_YEAR)
    generate(store, promotion, 20_000)
    assert len(set(codes_of(store, promotion))) == 20_000
