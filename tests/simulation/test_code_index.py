"""Which promotions have which codes, held against a look at each of them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ep_mock.domain.codes import Batch
from ep_mock.domain.families import STANDARD
from ep_mock.entropy import Entropy
from ep_mock.simulation.code_book import CapturedCodes, CodeBook
from ep_mock.simulation.code_index import CodeIndex

BATCH = Batch(created_at=0, created_by="somebody")
PROMOTIONS = 12
"""More than are looked at one by one, so that an index comes in between."""

KEYS = st.sets(st.sampled_from("abcdefgh"), max_size=8)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["add", "add", "add", "remove", "clear", "capture", "leave", "look"]),
        st.integers(0, PROMOTIONS - 1),
        KEYS,
    ),
    max_size=60,
)


@given(STEPS)
def test_whatever_comes_and_goes_the_holders_of_a_code_are_those_that_have_it(
    steps: list[tuple[str, int, set[str]]],
) -> None:
    names = CodeIndex()
    books = [CodeBook(STANDARD, f"promotion {number}", Entropy("seed")) for number in range(PROMOTIONS)]
    watched = dict.fromkeys(range(PROMOTIONS), True)
    captured: list[tuple[CapturedCodes, list[str]]] = []
    for book in books:
        book.index_in(names)
    for step, number, keys in steps:
        book = books[number]
        if step == "add":
            book.extend({key: BATCH for key in sorted(keys) if key not in book})
        elif step == "remove":
            book.remove([key for key in keys if key in book])
        elif step == "clear":
            book.clear()
        elif step == "capture":
            captured.append((book.capture(), list(book.entries)))
        elif step == "leave":
            watched[number] = not watched[number]
            book.index_in(names if watched[number] else None)
        else:
            having = {
                (key, f"promotion {other}")
                for other in books_watched(watched)
                for key in keys
                if key in books[other]
            }
            assert set(names.holders(tuple(keys))) == having
            assert sorted(names.holders(dict.fromkeys(keys), besides=f"promotion {number}")) == sorted(
                pair for pair in having if pair[1] != f"promotion {number}"
            )
    assert [(list(each.entries), before) for each, before in captured] == [
        (before, before) for _, before in captured
    ]


def books_watched(watched: dict[int, bool]) -> list[int]:
    return [number for number, is_watched in watched.items() if is_watched]
