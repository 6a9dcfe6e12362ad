"""Codes that are added and deleted by hand."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from ep_mock.domain.families import FAMILIES, RULE, STANDARD, Family
from ep_mock.domain.paging import Page
from ep_mock.errors import ApiError
from ep_mock.operations import codes
from ep_mock.simulation.promotion import Promotion
from ep_mock.simulation.store import Store
from tests.simulation.stores import (
    EVERYTHING,
    MS,
    START,
    add_codes,
    add_promotion,
    at,
    cancel,
    code_documents,
    codes_of,
    delete_code,
    delete_promotion,
    generate,
    new_store,
    refusal,
)

DUPLICATE = {"status": "422", "title": "Duplicate code", "detail": "Promotion code already in use"}
YEAR = 365 * 86_400_000 * MS
each_family = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)


def printed(store: Store, promotion: Promotion) -> list[dict[str, Any]]:
    return [msgspec.json.decode(code) for code in code_documents(store, promotion)]


def reason(refused: ApiError) -> tuple[int, tuple[dict[str, Any], ...]]:
    return refused.status, refused.errors


@each_family
def test_a_code_is_listed_with_what_was_said_of_it_and_nothing_else(family: Family) -> None:
    store = new_store()
    promotion = add_promotion(store, family)
    unit = family.consume_units[1]
    add_codes(
        store,
        promotion,
        "plain",
        {"code": "Twice", "uses": 2, "consume_unit": unit, "user": "ada@example.com"},
    )
    stamp = {
        "created_by": "ep-mock@example.com",
        "meta": {"timestamps": {"created_at": "2024-12-03T23:31:35.962Z"}},
    }
    listed = printed(store, promotion)
    ids = [code.pop("id", None) for code in listed]
    assert listed == [
        {"code": "plain", **stamp},
        {"code": "Twice", "user": "ada@example.com", "uses": 2, "max_uses": 2, "consume_unit": unit, **stamp},
    ]
    assert len(set(ids)) == (2 if family is RULE else 1)


def test_a_rule_code_keeps_its_limits_for_shoppers() -> None:
    store = new_store()
    promotion = add_promotion(store, RULE)
    limits = {"max_uses": 1, "includes_guests": True}
    created = add_codes(
        store,
        promotion,
        {"code": "each", "max_uses_per_shopper": limits, "consume_unit": "per_checkout"},
        {"code": "new", "is_for_new_shopper": True},
    )
    encoded = codes.encode_codes(store, promotion, created.codes, stored=False)
    answered = [msgspec.json.decode(code) for code in encoded]
    assert [{key: value for key, value in code.items() if key != "id"} for code in answered] == [
        {"code": "each", "max_uses_per_shopper": limits, "consume_unit": "per_checkout"},
        {"code": "new", "is_for_new_shopper": True},
    ]
    assert created.repeated == []


def test_a_standard_code_has_several_users_and_none_of_what_only_rule_codes_have() -> None:
    store = new_store()
    promotion = add_promotion(store, STANDARD)
    foreign = {"max_uses_per_shopper": 7, "is_for_new_shopper": True, "uses": 1}
    add_codes(store, promotion, {"code": "two", "user": ["a", "b"], **foreign})
    assert printed(store, promotion)[0] == {
        "code": "two",
        "user": ["a", "b"],
        "uses": 1,
        "max_uses": 1,
        "created_by": "ep-mock@example.com",
        "meta": {"timestamps": {"created_at": "2024-12-03T23:31:35.962Z"}},
    }


def test_the_unit_of_all_codes_may_stand_beside_them_in_standard_only() -> None:
    store = new_store()
    units: list[list[str | None]] = []
    for family in FAMILIES:
        promotion = add_promotion(store, family)
        first, second = family.consume_units
        items = [{"code": "own", "consume_unit": first}, {"code": "common"}]
        codes.create_codes(store, promotion, {"codes": items, "consume_unit": second})
        codes.create_codes(store, promotion, {"codes": [{"code": "odd"}], "consume_unit": ["nonsense"]})
        units.append([code.get("consume_unit") for code in printed(store, promotion)])
    assert units == [["per_cart", "per_item", None], ["per_checkout", None, None]]


@pytest.mark.parametrize(
    ("first", "second", "same_in"),
    [
        ("sale", "sale", FAMILIES),
        ("sale", "SALE", (RULE,)),
        ("straße", "STRASSE", (RULE,)),
        ("sale", "sale ", ()),
    ],
    ids=["the same", "another case", "another case beyond ASCII", "a blank more"],
)
@each_family
def test_a_code_stands_in_its_promotion_once(
    first: str, second: str, same_in: tuple[Family, ...], family: Family
) -> None:
    store = new_store()
    promotion, together = add_promotion(store, family), add_promotion(store, RULE)
    add_codes(store, promotion, first)
    if family in same_in:
        assert reason(refusal(store, lambda: add_codes(store, promotion, "another", second))) == (
            422,
            (DUPLICATE,),
        )
    else:
        add_codes(store, promotion, "another", second)
        assert codes_of(store, promotion) == [first, "another", second]
    if RULE in same_in:
        assert reason(refusal(store, lambda: add_codes(store, together, first, second))) == (
            422,
            (DUPLICATE,),
        )


def test_rule_promotions_may_share_codes_and_say_which() -> None:
    store = new_store()
    first, second, standard = (
        add_promotion(store, RULE),
        add_promotion(store, RULE, end="2001-01-01"),
        add_promotion(store, STANDARD),
    )
    add_codes(store, first, "Spring", "autumn")
    add_codes(store, second, "SUMMER")
    add_codes(store, standard, "winter")
    created = add_codes(store, add_promotion(store, RULE), "winter", "spring", "new", "summer")
    assert created.repeated == ["spring", "summer"]
    assert len(created.codes) == 4


def test_standard_promotions_may_not_share_codes_while_they_have_not_expired() -> None:
    store = new_store()
    other, promotion = add_promotion(store, end="2024-12-04"), add_promotion(store)
    add_codes(store, other, "sale")
    add_codes(store, add_promotion(store, RULE), "rule-sale")
    assert reason(refusal(store, lambda: add_codes(store, promotion, "new", "sale"))) == (422, (DUPLICATE,))
    add_codes(store, promotion, "SALE", "rule-sale")
    at(store, 86_400_000 * MS)
    add_codes(store, promotion, "sale")
    assert codes_of(store, promotion) == ["SALE", "rule-sale", "sale"]


def test_a_code_of_a_deleted_promotion_is_free_again() -> None:
    store = new_store()
    former, promotion = add_promotion(store), add_promotion(store)
    add_codes(store, former, "sale")
    delete_promotion(store, former)
    add_codes(store, promotion, "sale")
    assert codes_of(store, promotion) == ["sale"]


def test_a_switch_lets_standard_promotions_share_codes() -> None:
    store = new_store(unique_codes=False)
    first, second = add_promotion(store), add_promotion(store)
    add_codes(store, first, "sale")
    add_codes(store, second, "sale")
    assert codes_of(store, first) == codes_of(store, second) == ["sale"]


FIRST_ORDER = "Code - new can't have limited uses or assigned to users since it's for first-time shoppers."


@pytest.mark.parametrize(
    "limit", [{"uses": 1}, {"uses": 0}, {"user": "ada"}, {"max_uses_per_shopper": {"max_uses": 1}}]
)
def test_a_code_for_first_orders_has_no_other_limits(limit: dict[str, Any]) -> None:
    store = new_store()
    promotion = add_promotion(store, RULE)
    refused = refusal(
        store,
        lambda: add_codes(store, promotion, "fine", {"code": "new", "is_for_new_shopper": True, **limit}),
    )
    assert reason(refused) == (
        400,
        ({"status": 400, "source": "", "title": "Invalid Code", "detail": FIRST_ORDER},),
    )
    add_codes(store, promotion, {"code": "new", "is_for_new_shopper": False, **limit})


def test_a_limit_for_each_shopper_is_counted_by_checkout() -> None:
    store = new_store()
    promotion = add_promotion(store, RULE)
    each = {"code": "each", "max_uses_per_shopper": {"max_uses": 1}}
    refused = refusal(store, lambda: add_codes(store, promotion, {**each, "consume_unit": "per_application"}))
    detail = "Consume unit 'per_application' is not supported when using 'max_uses_per_shopper' features."
    assert reason(refused) == (
        422,
        ({"status": "422", "source": "", "title": "Unsupported consume unit", "detail": detail},),
    )
    add_codes(store, promotion, {**each, "consume_unit": "per_checkout"}, {**each, "code": "default"})


@each_family
def test_codes_by_hand_fill_the_limit_and_do_not_pass_it(family: Family) -> None:
    store = new_store(codes_limit=3)
    promotion = add_promotion(store, family)
    add_codes(store, promotion, "a", "b")
    refused = refusal(store, lambda: add_codes(store, promotion, "c", "d"))
    detail = "Only 3 promotion codes are allowed per promotion"
    assert reason(refused) == (
        422,
        ({"status": "422", "title": "Too many promotion codes", "detail": detail},),
    )
    add_codes(store, promotion, "c")
    assert codes_of(store, promotion) == ["a", "b", "c"]


@each_family
def test_the_published_limit_is_a_thousand(family: Family) -> None:
    store = new_store()
    promotion = add_promotion(store, family)
    names = [f"code{number}" for number in range(1001)]
    assert refusal(store, lambda: add_codes(store, promotion, *names)).status == 422
    add_codes(store, promotion, *names[:1000])
    assert refusal(store, lambda: add_codes(store, promotion, "one-more")).status == 422


@each_family
def test_a_raised_limit_holds_for_promotions_of_a_year_at_most(family: Family) -> None:
    store = new_store(codes_limit=3, long_codes_limit=2)
    year = add_promotion(store, family, start="2024-01-01", end="2024-12-31")
    longer = add_promotion(store, family, start="2024-01-01", end="2024-12-31 00:01")
    own = add_promotion(store, family, codes_limit=3)
    for promotion, name in ((year, "y"), (own, "o")):
        add_codes(store, promotion, *(f"{name}{number}" for number in range(3)))
    refused = refusal(store, lambda: add_codes(store, longer, "a", "b", "c"))
    detail = "Only 2 promotion codes are allowed per promotion that lasts more than 365 days"
    assert reason(refused) == (
        422,
        ({"status": "422", "title": "Too many promotion codes", "detail": detail},),
    )
    assert refusal(store, lambda: generate(store, longer, 3)).errors[0]["detail"] == detail
    add_codes(store, longer, "a", "b")
    failing = generate(store, longer, 1)
    store.advance_until_idle()
    assert (failing.status, failing.error) == ("failed", "codes limit exceeded")


@pytest.mark.parametrize(
    ("count", "limit", "fits"), [(1000, 1000, True), (1001, 1000, False), (1001, 0, True)]
)
def test_the_published_rule_of_a_year_can_be_switched_on(count: int, limit: int, fits: bool) -> None:
    store = new_store(codes_limit=2000, long_codes_limit=limit)
    promotion = add_promotion(store)
    names = [f"code{number}" for number in range(count)]
    if fits:
        add_codes(store, promotion, *names)
    else:
        assert refusal(store, lambda: add_codes(store, promotion, *names)).status == 422


def test_a_running_job_has_its_room_and_what_it_made_is_taken() -> None:
    store = new_store(codes_limit=10)
    promotion = add_promotion(store)
    job = generate(store, promotion, 7)
    at(store, 253 * MS)
    made = codes_of(store, promotion)
    assert len(made) == 3
    assert reason(refusal(store, lambda: add_codes(store, promotion, made[2]))) == (422, (DUPLICATE,))
    assert (
        refusal(store, lambda: add_codes(store, promotion, "a", "b", "c", "d")).errors[0]["title"]
        == "Too many promotion codes"
    )
    add_codes(store, promotion, "a", "b")
    cancel(store, promotion, job)
    add_codes(store, promotion, "c", "d", "e", "f", "g")
    store.advance_until_idle()
    assert codes_of(store, promotion) == list("abcdefg")


@each_family
def test_one_code_is_deleted_by_its_name_or_its_id(family: Family) -> None:
    store = new_store()
    promotion, other = add_promotion(store, family), add_promotion(store, family)
    add_codes(store, promotion, "Sale", "a/b c%", "left")
    add_codes(store, other, "elsewhere")
    gone = {"detail": "promotion code not found", "status": 404, "title": "Not Found"}
    for name in ("elsewhere", "", "sal", str(promotion.book.id_of("none"))):
        assert reason(refusal(store, lambda name=name: delete_code(store, promotion, name))) == (404, (gone,))  # type: ignore[misc]
    by_id = promotion.book.id_of(promotion.book.key("Sale"))
    delete_code(store, promotion, by_id.upper() if by_id else "Sale")
    delete_code(store, promotion, "A/B C%" if family is RULE else "a/b c%")
    assert codes_of(store, promotion) == ["left"]


@each_family
def test_several_codes_are_deleted_by_names_or_ids_and_unknown_ones_passed_over(family: Family) -> None:
    store = new_store()
    promotion = add_promotion(store, family)
    add_codes(store, promotion, "a", "b", "c", "d")
    named = [promotion.book.id_of("a") or "a", "b", "b", "nobody"]
    codes.delete_codes(store, promotion, {"codes": [{"code": name, "uses": 5} for name in named]})
    assert codes_of(store, promotion) == ["c", "d"]
    assert [add_codes(store, promotion, "a").repeated, codes_of(store, promotion)] == [[], ["c", "d", "a"]]


def test_sorting_and_walking_go_by_the_code_whatever_its_case() -> None:
    store = new_store()
    promotion = add_promotion(store, RULE)
    add_codes(store, promotion, "b", "C", "a", "D")

    def walk(filter_text: str | None, sort: str | None, page: Page = EVERYTHING) -> tuple[list[str], int]:
        found = codes.list_codes(store, promotion, page, filter_text, sort)
        return [msgspec.json.decode(code)["code"] for code in found.items], found.total

    assert walk(None, None) == (["b", "C", "a", "D"], 4)
    assert walk(None, "code") == (["a", "b", "C", "D"], 4)
    assert walk(None, "-code") == (["D", "C", "b", "a"], 4)
    assert walk("gt(code,B)", None) == (["C", "D"], 2)
    assert walk("gt(code,b)", "-code", Page(1, 1)) == (["C"], 2)
    assert walk("gt(code,a):gt(code,c)", "code") == (["D"], 1)
    assert walk("eq(code,c):gt(code,b)", "code") == (["C"], 1)
    assert walk("eq(code,c):gt(code,c)", None) == ([], 0)
    assert walk("eq(code,c)", None, Page(1, 25)) == ([], 1)


def test_a_code_says_when_it_was_made() -> None:
    store = new_store()
    promotion = add_promotion(store)
    add_codes(store, promotion, "first")
    at(store, YEAR)
    add_codes(store, promotion, "second")
    assert [code["meta"]["timestamps"]["created_at"] for code in printed(store, promotion)] == [
        "2024-12-03T23:31:35.962Z",
        "2025-12-03T23:31:35.962Z",
    ]
    assert store.now == START + YEAR
