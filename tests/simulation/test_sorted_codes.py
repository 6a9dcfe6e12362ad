"""The sorted index of a promotion's codes, held against `sorted()`."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ep_mock.simulation.sorted_codes import SortedCodes

KEYS = [f"{number:03}" for number in range(200)]
MANY = st.lists(st.sampled_from(KEYS), unique=True, max_size=150)
LOOK = st.tuples(
    st.none() | st.sampled_from([*KEYS, "", "1", "x"]), st.booleans(), st.integers(0, 30), st.integers(1, 120)
)
STEPS = st.lists(
    st.tuples(st.sampled_from(["add", "remove"]), MANY) | st.tuples(st.just("look"), LOOK), max_size=20
)


@given(STEPS)
def test_whatever_comes_and_goes_a_window_is_a_slice_of_the_sorted_keys(
    steps: list[tuple[str, tuple[str | None, bool, int, int]]],
) -> None:
    present: dict[str, None] = {}
    index = SortedCodes()
    for step, what in steps:
        if step == "look":
            above, descending, offset, limit = what
            wanted = sorted((key for key in present if above is None or key > above), reverse=descending)
            window, total = index.window(present, offset, limit, above=above, descending=descending)
            assert (list(window), total) == (wanted[offset : offset + limit], len(wanted))
            continue
        keys = [str(key) for key in what if (key in present) == (step == "remove")]
        if step == "add":
            present.update(dict.fromkeys(keys))
            index.added(keys)
        else:
            for key in keys:
                del present[key]
            index.removed(keys)


def test_nothing_is_sorted_before_somebody_asks() -> None:
    class Unread(list[str]):
        def __iter__(self) -> None:  # type: ignore[override]
            raise AssertionError("read")

    index = SortedCodes()
    index.added(Unread(KEYS))
    index.removed(Unread(KEYS))
    assert index.window(KEYS, 0, 2, above=None, descending=True) == (["199", "198"], 200)


def test_codes_that_come_many_at_once_are_in_order_for_those_who_ask_later() -> None:
    """So many that they are sorted in one pass, after an order was asked for already."""
    index = SortedCodes()
    assert index.window(KEYS[:1], 0, 10, above=None, descending=False) == (["000"], 1)
    many = KEYS[150:] + KEYS[1:150]
    index.added(many)
    assert index.window(KEYS, 0, 500, above=None, descending=False) == (KEYS, 200)
    index.removed(KEYS[:100])
    index.added(KEYS[50:100])
    assert index.window(KEYS, 0, 3, above=None, descending=False) == (KEYS[50:53], 150)
