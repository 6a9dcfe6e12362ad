"""Usages: recorded by checkouts, listed, anonymized."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ep_mock.domain.families import FAMILIES, RULE, STANDARD, Family
from ep_mock.domain.paging import Page
from ep_mock.operations import usages
from ep_mock.simulation.promotion import Promotion
from ep_mock.simulation.store import Store
from tests.simulation.stores import (
    EVERYTHING,
    SECOND,
    add_codes,
    add_promotion,
    at,
    code_documents,
    delete_code,
    delete_promotion,
    export,
    generate,
    new_store,
    refusal,
    update,
    use,
)

each_family = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)


def uses_of(store: Store, promotion: Promotion, code: str) -> tuple[int | None, int | None]:
    document = next(
        each for each in map(msgspec.json.decode, code_documents(store, promotion)) if each["code"] == code
    )
    return document.get("uses"), document.get("max_uses")


def with_codes(family: Family, *items: Any) -> tuple[Store, Promotion]:
    store = new_store()
    promotion = add_promotion(store, family)
    add_codes(store, promotion, *items)
    return store, promotion


def why(store: Store, promotion: Promotion, code: str, **checkout: Any) -> str:
    error = refusal(store, lambda: use(store, promotion, code, **checkout))
    assert (error.status, error.errors[0]["title"]) == (422, "Unprocessable Entity")
    return str(error.errors[0]["detail"])


@each_family
def test_a_usage_takes_uses_and_zero_is_the_end(family: Family) -> None:
    store, promotion = with_codes(family, {"code": "thrice", "uses": 3}, {"code": "never", "uses": 0}, "ever")
    use(store, promotion, "thrice", times_used=2)
    assert uses_of(store, promotion, "thrice") == (1, 3)
    assert why(store, promotion, "thrice", times_used=2) == "the code has 1 uses left, 2 are needed"
    use(store, promotion, "thrice")
    assert uses_of(store, promotion, "thrice") == (0, 3)
    assert why(store, promotion, "thrice") == "the code has 0 uses left, 1 are needed"
    assert why(store, promotion, "never") == "the code has 0 uses left, 1 are needed"
    for _ in range(3):
        use(store, promotion, "ever", times_used=100)
    assert uses_of(store, promotion, "ever") == (None, None)


@each_family
def test_made_codes_are_used_like_others_and_an_export_keeps_what_it_saw(family: Family) -> None:
    store = new_store(timings="instant")
    promotion = add_promotion(store, family)
    generate(store, promotion, 2, max_uses_per_code=1)
    store.settle()
    job = export(store, promotion)
    store.settle()
    first = str(msgspec.json.decode(code_documents(store, promotion)[0])["code"])
    use(store, promotion, first)
    assert uses_of(store, promotion, first) == (0, 1)
    assert [getattr(entry, "uses", "as made") for entry in promotion.exports[job.id].entries.values()] == [
        "as made",
        "as made",
    ]


@each_family
def test_an_unknown_code_is_not_found(family: Family) -> None:
    store, promotion = with_codes(family, "Sale")
    error = refusal(store, lambda: use(store, promotion, "sail"))
    assert (error.status, error.errors) == (
        404,
        ({"detail": "promotion code not found", "status": 404, "title": "Not Found"},),
    )
    if family is RULE:
        assert use(store, promotion, "SALE").code == "Sale"
    else:
        assert refusal(store, lambda: use(store, promotion, "SALE")).status == 404


@each_family
def test_a_disabled_promotion_does_not_run(family: Family) -> None:
    store, promotion = with_codes(family, "a")
    update(store, promotion, enabled=False)
    assert why(store, promotion, "a") == "the promotion is not running"
    update(store, promotion, enabled=True)
    use(store, promotion, "a")


@pytest.mark.parametrize(
    ("user", "checkout", "fits"),
    [
        ("c1", {"customer_id": "c1"}, True),
        ("ada@example.com", {"customer_id": "c1", "customer_email": "ada@example.com"}, True),
        ("c1", {"customer_id": "c2", "customer_email": "ada@example.com"}, False),
        ("c1", {}, False),
        (["c1", "c2"], {"customer_id": "c2"}, True),
        (["c1", "c2"], {"customer_id": "c3"}, False),
        ([], {"customer_id": "c1"}, False),
    ],
)
def test_a_code_of_a_user_is_for_that_user(
    user: str | list[str], checkout: dict[str, str], fits: bool
) -> None:
    store, promotion = with_codes(STANDARD, {"code": "a", "user": user, "uses": 5})
    if fits:
        use(store, promotion, "a", **checkout)
    else:
        assert why(store, promotion, "a", **checkout) == "the code is for another user"


def test_a_code_for_first_orders_is_for_new_shoppers() -> None:
    store, promotion = with_codes(RULE, {"code": "new", "is_for_new_shopper": True}, "old")
    assert why(store, promotion, "new", new_shopper=False) == "the code is for first-time shoppers"
    use(store, promotion, "new", new_shopper=True)
    use(store, promotion, "new")
    use(store, promotion, "old", new_shopper=False)


def test_a_shopper_has_a_share_of_a_code_and_guests_where_they_are_included() -> None:
    per_shopper = {"max_uses": 2, "includes_guests": True}
    store, promotion = with_codes(
        RULE,
        {"code": "a", "max_uses_per_shopper": per_shopper},
        {"code": "b", "max_uses_per_shopper": per_shopper},
    )
    use(store, promotion, "a", customer_id="c1", customer_email="ada@example.com", times_used=2)
    assert (
        why(store, promotion, "a", customer_id="c1") == "the shopper has used the code 2 times, 2 are allowed"
    )
    use(store, promotion, "b", customer_id="c1")
    use(store, promotion, "a", customer_id="c2")
    assert (
        why(store, promotion, "a", customer_id="c2", times_used=2)
        == "the shopper has used the code 1 times, 2 are allowed"
    )
    use(store, promotion, "a", customer_email="guest@example.com")
    use(store, promotion, "a", customer_email="guest@example.com")
    assert (
        why(store, promotion, "a", customer_email="guest@example.com")
        == "the shopper has used the code 2 times, 2 are allowed"
    )
    assert why(store, promotion, "a") == "the code needs a shopper with an email"


@pytest.mark.parametrize("limits", [{"max_uses": 1}, {"max_uses": 1, "includes_guests": False}])
def test_guests_are_not_included_by_themselves(limits: dict[str, Any]) -> None:
    store, promotion = with_codes(RULE, {"code": "a", "max_uses_per_shopper": limits})
    assert (
        why(store, promotion, "a", customer_email="guest@example.com")
        == "the code is for registered shoppers"
    )
    use(store, promotion, "a", customer_id="c1")


def test_a_limit_for_each_shopper_without_a_number_limits_nobody() -> None:
    store, promotion = with_codes(RULE, {"code": "a", "max_uses_per_shopper": {}})
    for _ in range(2):
        use(store, promotion, "a")


@each_family
def test_a_usage_is_listed_with_what_is_known_of_it(family: Family) -> None:
    store, promotion = with_codes(family, "Sale")
    of_shopper = {
        "order_id": "o1",
        "customer_id": "c1",
        "account_id": "a1",
        "customer_email": "ada@example.com",
    }
    full, bare = use(store, promotion, "Sale", times_used=2, **of_shopper), use(store, promotion, "Sale")
    stamps = {
        "used_on": "2024-12-03T23:31:35.962Z",
        "meta": {"timestamps": {"updated_at": "2024-12-03T23:31:35.962Z"}},
    }
    code_id = store.state.entropy.uuid_of("code", promotion.id, promotion.book.key("Sale"))
    common = {"code_id": code_id, "code": "Sale", "anonymized": False, **stamps}
    assert ids_and_documents(store, promotion) == {
        full.id: {"id": full.id, **common, "times_used": 2, **of_shopper},
        bare.id: {"id": bare.id, **common, "times_used": 1},
    }
    if family is RULE:
        assert promotion.book.id_of("sale") == code_id


def ids_and_documents(store: Store, promotion: Promotion) -> dict[str, dict[str, Any]]:
    documents = map(msgspec.json.decode, usages.list_usages(store, promotion, EVERYTHING, None, None).items)
    return {document["id"]: document for document in documents}


def test_usages_outlive_their_code() -> None:
    store, promotion = with_codes(RULE, "a", "b")
    used = use(store, promotion, "a")
    delete_code(store, promotion, "a")
    assert list(ids_and_documents(store, promotion)) == [used.id]
    assert usages.list_code_usages(store, promotion, "A", EVERYTHING, None, None).total == 1
    assert usages.list_code_usages(store, promotion, "b", EVERYTHING, None, None).total == 0
    assert (
        refusal(store, lambda: usages.list_code_usages(store, promotion, "c", EVERYTHING, None, None)).status
        == 404
    )


SORTS = ["code", "customer_id", "order_id", "customer_email", "id", "used_on", "updated_at"]
SHOPPERS = st.tuples(
    st.sampled_from(["a", "b", "c"]), *[st.none() | st.sampled_from("xyz") for _ in range(3)]
)


@given(
    st.lists(SHOPPERS, max_size=12),
    st.sampled_from(SORTS),
    st.booleans(),
    st.integers(0, 12),
    st.integers(1, 12),
)
def test_usages_are_sorted_by_any_published_attribute(
    shoppers: list[tuple[str, str | None, str | None, str | None]],
    sort: str,
    descending: bool,
    offset: int,
    limit: int,
) -> None:
    store, promotion = with_codes(STANDARD, "a", "b", "c")
    for number, (code, order_id, customer_id, customer_email) in enumerate(shoppers):
        at(store, number * SECOND)
        use(store, promotion, code, order_id=order_id, customer_id=customer_id, customer_email=customer_email)
    found = usages.list_usages(
        store, promotion, Page(offset, limit), None, f"-{sort}" if descending else sort
    )
    ranked = sorted(
        promotion.usages, key=lambda usage: (getattr(usage, sort) is not None, getattr(usage, sort) or 0)
    )
    if descending:
        ranked.reverse()
    assert (found.items, found.total) == (
        [usage.listed() for usage in ranked[offset : offset + limit]],
        len(shoppers),
    )


def test_without_a_sort_the_last_changed_comes_first_and_of_one_code_the_first_used() -> None:
    store, promotion = with_codes(STANDARD, "a", "b")
    made = []
    for number, code in enumerate("aba"):
        at(store, number * SECOND)
        made.append(use(store, promotion, code))
    at(store, 5 * SECOND)
    usages.anonymize_usages(store, STANDARD, {"usage_ids": [made[0].id]})
    everything = usages.list_usages(store, promotion, EVERYTHING, None, None).items
    of_code = usages.list_code_usages(store, promotion, "a", EVERYTHING, None, None).items
    assert everything == [made[number].listed() for number in (0, 2, 1)]
    assert of_code == [made[number].listed() for number in (0, 2)]


@each_family
def test_anonymizing_takes_away_who_it_was(family: Family) -> None:
    store, promotion = with_codes(family, "a")
    of_shopper = {
        "order_id": "o1",
        "customer_id": "c1",
        "account_id": "a1",
        "customer_email": "ada@example.com",
    }
    full, bare = use(store, promotion, "a", **of_shopper), use(store, promotion, "a")
    before = ids_and_documents(store, promotion)
    at(store, SECOND)
    done = usages.anonymize_usages(store, family, {"usage_ids": [bare.id, full.id, bare.id]})
    changed = {"anonymized": True, "meta": {"timestamps": {"updated_at": "2024-12-03T23:31:36.962Z"}}}
    if family is RULE:
        changed["updated_by"] = "ep-mock@example.com"
    expected = {
        full.id: {**before[full.id], **changed, "customer_email": "**"},
        bare.id: {**before[bare.id], **changed},
    }
    if family is STANDARD:
        del expected[full.id]["customer_id"]
    assert [msgspec.json.decode(usage) for usage in done.usages] == [expected[bare.id], expected[full.id]]
    assert done.unknown == []
    assert ids_and_documents(store, promotion) == expected


def test_anonymizing_reaches_all_promotions_of_the_family_and_names_what_it_does_not_know() -> None:
    store = new_store()
    first, second, rule = add_promotion(store), add_promotion(store), add_promotion(store, RULE)
    made = []
    for promotion, code in ((first, "a"), (second, "b"), (rule, "c")):
        add_codes(store, promotion, code)
        made.append(use(store, promotion, code))
    delete_promotion(store, second)
    ids = [made[0].id, "nobody", made[1].id, made[2].id, "nobody"]
    done = usages.anonymize_usages(store, STANDARD, {"usage_ids": ids})
    assert (len(done.usages), done.unknown) == (2, ["nobody", made[2].id])
    assert [usage.anonymized for usage in made] == [True, True, False]


def test_a_shopper_who_was_made_anonymous_still_has_used_the_code() -> None:
    store, promotion = with_codes(RULE, {"code": "a", "max_uses_per_shopper": {"max_uses": 1}})
    usage = use(store, promotion, "a", customer_id="c1")
    usages.anonymize_usages(store, RULE, {"usage_ids": [usage.id]})
    assert (
        why(store, promotion, "a", customer_id="c1") == "the shopper has used the code 1 times, 1 are allowed"
    )
