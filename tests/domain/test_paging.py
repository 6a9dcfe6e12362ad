from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ep_mock.domain.paging import Page, links, meta, read_page
from ep_mock.errors import ApiError

JOBS = "https://useast.api.example.com/v2/promotions/ad386702/jobs"

pages = st.builds(Page, st.integers(0, 10_000), st.integers(1, 100))
totals = st.integers(0, 2_000_000)


@pytest.mark.parametrize(
    ("offset", "limit", "page"),
    [
        (None, None, Page(0, 25)),
        ("0", "25", Page(0, 25)),
        ("40", "40", Page(40, 40)),
        ("7", None, Page(7, 25)),
        (None, "1", Page(0, 1)),
        ("10000", "100", Page(10_000, 100)),
        (None, "0", Page(0, 25)),
        ("007", "0" * 5000 + "50", Page(7, 50)),
    ],
)
def test_a_page_is_read_from_whole_numbers(offset: str | None, limit: str | None, page: Page) -> None:
    assert read_page(offset, limit) == page


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("", "invalid_type"),
        ("-1", "invalid_type"),
        ("+1", "invalid_type"),
        (" 1", "invalid_type"),
        ("1.0", "invalid_type"),
        ("1_0", "invalid_type"),
        ("ten", "invalid_type"),
        ("²", "invalid_type"),
        ("１０", "invalid_type"),
        ("101", "number_lte"),
        ("1000", "number_lte"),
    ],
)
def test_any_other_limit_is_refused_with_what_was_sent_and_what_is_accepted(text: str, title: str) -> None:
    assert refusal("0", text) == [
        {
            "status": 400,
            "source": "page[limit]",
            "title": title,
            "detail": f"page[limit] must be a whole number from 0 to 100, given: {text!r}",
        }
    ]


def test_both_problems_are_reported_together_and_long_values_only_begun() -> None:
    assert refusal("9" * 5000, "x" * 5000) == [
        {
            "status": 400,
            "source": "page[offset]",
            "title": "number_lte",
            "detail": f"page[offset] must be a whole number from 0 to 10000, given: '{'9' * 60}…'",
        },
        {
            "status": 400,
            "source": "page[limit]",
            "title": "invalid_type",
            "detail": f"page[limit] must be a whole number from 0 to 100, given: '{'x' * 60}…'",
        },
    ]


def test_the_first_offset_beyond_the_published_maximum_is_refused() -> None:
    assert [problem["source"] for problem in refusal("10001", None)] == ["page[offset]"]


@given(st.none() | st.text(), st.none() | st.text())
def test_any_two_texts_are_a_page_within_bounds_or_a_400(offset: str | None, limit: str | None) -> None:
    try:
        page = read_page(offset, limit)
    except ApiError as error:
        status, page = error.status, Page(0, 25)
    else:
        status = 200
    assert status in (200, 400)
    assert 0 <= page.offset <= 10_000
    assert 1 <= page.limit <= 100


def test_all_links_of_a_single_page_are_one_url() -> None:
    url = f"{JOBS}?page[offset]=0&page[limit]=25"
    for total in (0, 1, 25):
        described = links(JOBS, Page(0, 25), total, [])
        assert list(described.items()) == [
            ("current", url),
            ("first", url),
            ("last", url),
            ("prev", url),
            ("next", url),
        ]


@pytest.mark.parametrize(
    ("page", "total", "offsets"),
    [
        (Page(0, 25), 26, [0, 0, 25, 0, 25]),
        (Page(25, 25), 100, [25, 0, 75, 0, 50]),
        (Page(75, 25), 100, [75, 0, 75, 50, 75]),
        (Page(10, 25), 60, [10, 0, 50, 0, 35]),
        (Page(100, 25), 60, [100, 0, 50, 50, 50]),
        (Page(50, 25), 0, [50, 0, 0, 0, 0]),
        (Page(10_000, 100), 1_000_000, [10_000, 0, 999_900, 9_900, 10_100]),
    ],
)
def test_prev_and_next_stay_between_the_first_and_the_last_page(
    page: Page, total: int, offsets: list[int]
) -> None:
    expected = [f"{JOBS}?page[offset]={offset}&page[limit]={page.limit}" for offset in offsets]
    assert list(links(JOBS, page, total, []).values()) == expected


def test_links_keep_filter_and_sort() -> None:
    extra = [("filter", "eq(code,a&b=c+d #é%[1];2):gt(used_on,2024-02-01T00:00:00Z)"), ("sort", "-code")]
    assert links(JOBS, Page(0, 10), 3, extra)["next"] == (
        f"{JOBS}?page[offset]=0&page[limit]=10"
        "&filter=eq(code,a%26b=c%2Bd%20%23%C3%A9%25%5B1%5D%3B2):gt(used_on,2024-02-01T00:00:00Z)&sort=-code"
    )


@given(pages, totals, st.lists(st.tuples(st.text(), st.text()), max_size=3))
def test_every_link_is_a_valid_url_that_reads_back(
    page: Page, total: int, extra: list[tuple[str, str]]
) -> None:
    for url in links(JOBS, page, total, extra).values():
        base, _, query = url.partition("?")
        assert base == JOBS
        rest = query.removeprefix("page[offset]=").replace("&page[limit]=", "&", 1)
        assert re.fullmatch(r"(?:[A-Za-z0-9._~!$&'()*,:@/?=-]|%[0-9A-F]{2})*", rest)
        pairs = parse_qsl(urlsplit(url).query, keep_blank_values=True, strict_parsing=True)
        assert [name for name, _ in pairs[:2]] == ["page[offset]", "page[limit]"]
        assert pairs[2:] == extra


def test_a_lone_surrogate_does_not_break_a_link() -> None:
    assert (
        links(JOBS, Page(0, 25), 0, [("sort", "\ud800")])["first"]
        == f"{JOBS}?page[offset]=0&page[limit]=25&sort=?"
    )


@given(pages, totals)
def test_following_next_from_anywhere_sees_every_later_record_and_ends(page: Page, total: int) -> None:
    total %= 1000
    seen: set[int] = set()
    start = page.offset
    while True:
        seen.update(page.slice(range(total)))
        following = offset_of(links(JOBS, page, total)["next"])
        if following <= page.offset:
            break
        page = Page(following, page.limit)
    assert seen == set(range(start, total))


@pytest.mark.parametrize(
    ("page", "total", "described"),
    [
        (
            Page(0, 25),
            0,
            {"page": {"limit": 25, "offset": 0, "current": 1, "total": 1}, "results": {"total": 0}},
        ),
        (
            Page(0, 25),
            25,
            {"page": {"limit": 25, "offset": 0, "current": 1, "total": 1}, "results": {"total": 25}},
        ),
        (
            Page(25, 25),
            26,
            {"page": {"limit": 25, "offset": 25, "current": 2, "total": 2}, "results": {"total": 26}},
        ),
        (
            Page(200, 10),
            15,
            {"page": {"limit": 10, "offset": 200, "current": 21, "total": 2}, "results": {"total": 15}},
        ),
    ],
)
def test_meta_counts_pages_and_records(page: Page, total: int, described: dict[str, dict[str, int]]) -> None:
    answer = meta(page, total)
    assert answer == described
    assert list(answer["page"]) == ["limit", "offset", "current", "total"]


def test_a_page_past_the_end_is_empty() -> None:
    assert Page(3, 2).slice("abcde") == "de"
    assert Page(5, 2).slice("abcde") == ""


def refusal(offset: str | None, limit: str | None) -> list[dict[str, Any]]:
    with pytest.raises(ApiError) as caught:
        read_page(offset, limit)
    assert caught.value.status == 400
    return list(caught.value.errors)


def offset_of(url: str) -> int:
    return int(dict(parse_qsl(urlsplit(url).query))["page[offset]"])
