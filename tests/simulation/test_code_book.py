"""The codes of one promotion: looking them up, making them, deleting them."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ep_mock.domain.codes import Batch, Code
from ep_mock.domain.families import FAMILIES, RULE, STANDARD, Family
from ep_mock.entropy import Entropy
from ep_mock.simulation.code_book import CodeBook
from ep_mock.simulation.code_generation import BLOCK, CodeDeletion, CodeGeneration

ENTROPY = Entropy("seed", "store")


def new_book(family: Family = STANDARD) -> CodeBook:
    return CodeBook(family, "a promotion", ENTROPY)


def new_batch(prefix: str = "", *, key_prefix: str | None = None, upper_case: bool = False) -> Batch:
    return Batch(
        prefix=prefix,
        key_prefix=prefix if key_prefix is None else key_prefix,
        upper_case=upper_case,
        consume_unit=None,
        max_uses=None,
        created_at=0,
        created_by="somebody",
    )


def nobody_has(keys: Iterable[str], at: int) -> bool:
    return False


def one_a_tick(number: int) -> int:
    """The codes are made one after the other, at 1, 2, 3, ..."""
    return number


def growth_of(book: CodeBook, batch: Batch | None = None, job: str = "a job") -> CodeGeneration:
    return CodeGeneration(book, ENTROPY, job, batch or new_batch(), 8)


def printed(book: CodeBook) -> list[str]:
    return [code.code for code in book.page(0, 10**6)]


@given(st.lists(st.integers(0, 60), max_size=12))
def test_when_somebody_looks_does_not_change_what_is_made(steps: list[int]) -> None:
    at_once, in_steps = new_book(), new_book()
    growth_of(at_once).advance_to(max([*steps, 0]), one_a_tick, nobody_has)
    growing = growth_of(in_steps)
    for count in steps:
        growing.advance_to(count, one_a_tick, nobody_has)
    assert printed(in_steps) == printed(at_once)
    assert growing.made == printed(at_once)


def test_blocks_join_without_a_gap() -> None:
    at_once, in_steps = new_book(), new_book()
    growth_of(at_once).advance_to(2 * BLOCK + 5, one_a_tick, nobody_has)
    growing = growth_of(in_steps)
    for count in (BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK + 5):
        growing.advance_to(count, one_a_tick, nobody_has)
        assert len(in_steps) == count
    assert printed(in_steps) == printed(at_once)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_a_code_that_is_there_already_is_not_made_again(family: Family) -> None:
    model, book = new_book(family), new_book(family)
    growth_of(model).advance_to(7, one_a_tick, nobody_has)
    expected = printed(model)
    taken = expected[2]
    book.extend({taken: new_batch()})
    growing = growth_of(book)
    growing.advance_to(6, one_a_tick, nobody_has)
    assert growing.made == [code for code in expected if code != taken]
    assert printed(book) == [taken, *growing.made]


def test_a_code_that_stands_elsewhere_is_not_made() -> None:
    model, book = new_book(), new_book()
    growth_of(model).advance_to(7, one_a_tick, nobody_has)
    expected = printed(model)
    elsewhere = {expected[0], expected[6]}
    growth_of(book).advance_to(5, one_a_tick, lambda keys, at: not elsewhere.isdisjoint(keys))
    assert printed(book) == expected[1:6]


@pytest.mark.parametrize(
    ("family", "upper_case", "prefix", "key_prefix"),
    [
        (STANDARD, False, "Sale-", "Sale-"),
        (STANDARD, True, "Sale-", "Sale-"),
        (RULE, True, "STRASSE-ß-", "strasse-ss-"),
    ],
    ids=["lower", "upper", "folded"],
)
def test_a_made_code_is_found_as_it_is_printed(
    family: Family, upper_case: bool, prefix: str, key_prefix: str
) -> None:
    book = new_book(family)
    growth_of(book, new_batch(prefix, key_prefix=key_prefix, upper_case=upper_case)).advance_to(
        3, one_a_tick, nobody_has
    )
    for code in printed(book):
        body = code.removeprefix(prefix)
        assert code == prefix + (body.upper() if upper_case else body.lower())
        key = book.find(code)
        assert key is not None
        found = book.code_at(key)
        assert found is not None
        assert found.code == code
        assert (book.find(code.swapcase()) == key) is family.codes_fold_case


def test_a_rule_code_is_found_by_its_id_before_its_name() -> None:
    book = new_book(RULE)
    growth_of(book).advance_to(2, one_a_tick, nobody_has)
    first, second = printed(book)
    id_of_first = book.id_of(first)
    assert id_of_first is not None
    assert book.find(id_of_first) == book.find(id_of_first.upper()) == first
    # A code that looks like the id of another one.
    book.extend({id_of_first: new_batch()})
    assert book.find(id_of_first) == first
    book.remove({first})
    assert book.find(id_of_first) == id_of_first
    book.remove({id_of_first})
    assert (book.find(id_of_first), printed(book)) == (None, [second])


def test_ids_belong_to_the_code_and_its_promotion() -> None:
    book, again, other = new_book(RULE), new_book(RULE), CodeBook(RULE, "another promotion", ENTROPY)
    assert book.id_of("summer") == again.id_of("summer") != other.id_of("summer")
    assert book.id_of("summer") != book.id_of("spring")
    assert new_book(STANDARD).id_of("summer") is None


@given(st.integers(0, 30), st.integers(0, 40), st.integers(0, 40), st.sets(st.integers(0, 29)))
def test_a_page_is_a_slice_of_the_codes_in_order_of_creation(
    count: int, offset: int, limit: int, removed: set[int]
) -> None:
    book = new_book()
    growth_of(book).advance_to(count, one_a_tick, nobody_has)
    codes = printed(book)
    book.remove({code for number, code in enumerate(codes) if number in removed})
    left = [code for number, code in enumerate(codes) if number not in removed]
    assert [code.code for code in book.page(offset, limit)] == left[offset : offset + limit]
    assert len(book) == len(left)


@given(
    st.integers(0, 20),
    st.sets(st.integers(0, 19)),
    st.sets(st.integers(0, 19)),
    st.integers(0, 20),
    st.integers(0, 20),
)
def test_deletion_takes_the_newest_first_and_counts_only_its_own(
    made: int, gone_before: set[int], gone_meanwhile: set[int], first_stop: int, second_stop: int
) -> None:
    book = new_book()
    book.extend({"by hand": new_batch()})
    growing = growth_of(book)
    growing.advance_to(made, one_a_tick, nobody_has)
    codes = list(growing.made)
    book.remove({code for number, code in enumerate(codes) if number in gone_before})
    doomed = [code for number, code in enumerate(codes) if number not in gone_before]
    shrinking = CodeDeletion(book, growing.batch, growing.made)
    first_stop = min(first_stop, len(doomed))
    second_stop = max(first_stop, min(second_stop, len(doomed)))
    shrinking.advance_to(first_stop)
    kept = doomed[: len(doomed) - first_stop]
    assert (printed(book), shrinking.deleted) == (["by hand", *kept], first_stop)
    lost = {codes[number] for number in gone_meanwhile if number < made} & set(kept)
    book.remove(lost)
    shrinking.advance_to(second_stop)
    reached = doomed[len(doomed) - second_stop : len(doomed) - first_stop]
    left = [code for code in doomed[: len(doomed) - second_stop] if code not in lost]
    assert printed(book) == ["by hand", *left]
    assert shrinking.deleted == first_stop + len([code for code in reached if code not in lost])
    assert len(shrinking) == len(doomed)


def test_a_code_used_meanwhile_is_still_deleted_but_a_new_one_of_that_name_is_not() -> None:
    book = new_book()
    batch = new_batch()
    growing = growth_of(book, batch)
    growing.advance_to(3, one_a_tick, nobody_has)
    first, second, third = growing.made
    book.replace(second, Code(code=second, batch=batch, uses=0, max_uses=1))
    book.remove({third})
    book.extend({third: new_batch()})
    shrinking = CodeDeletion(book, growing.batch, growing.made)
    assert len(shrinking) == 2
    shrinking.advance_to(2)
    assert (printed(book), shrinking.deleted, len(shrinking)) == ([third], 2, 2)
    assert first not in book


def test_a_code_is_judged_when_it_is_made_even_in_the_middle_of_a_block() -> None:
    model, book = new_book(), new_book()
    growth_of(model).advance_to(9, one_a_tick, nobody_has)
    expected = printed(model)
    # These names are free from the tick 4 on: the second is tried too early, the last is not.
    elsewhere = {expected[1], expected[7]}
    growth_of(book).advance_to(8, one_a_tick, lambda keys, at: at < 4 and not elsewhere.isdisjoint(keys))
    assert printed(book) == [expected[0], *expected[2:9]]


def test_a_name_that_comes_twice_among_the_candidates_is_judged_each_time() -> None:
    """The alphabet is too large for this to happen by itself, but a plan may give what is drawn anyway."""
    book = new_book()
    model = new_book()
    growth_of(model).advance_to(4, one_a_tick, nobody_has)
    expected = printed(model)
    growing = CodeGeneration(book, ENTROPY, "a job", new_batch(), 8, given=(expected[2],))
    growing.advance_to(4, one_a_tick, lambda keys, at: at < 3 and expected[2] in keys)
    assert printed(book) == expected


def test_captured_codes_do_not_follow_the_promotion() -> None:
    book = new_book()
    growing = growth_of(book)
    growing.advance_to(3, one_a_tick, nobody_has)
    captured = book.capture()
    assert book.capture() is captured
    growing.advance_to(5, one_a_tick, nobody_has)
    book.remove(set(growing.made[:2]))
    assert list(captured.entries) == growing.made[:3]
    assert list(islice(book.entries, 10)) == growing.made[2:]
    assert book.capture() is not captured


def test_codes_that_nobody_keeps_any_more_are_not_copied() -> None:
    book = new_book()
    growth_of(book).advance_to(3, one_a_tick, nobody_has)
    entries = book.entries
    book.capture()
    book.remove({printed(book)[0]})
    assert book.entries is entries
