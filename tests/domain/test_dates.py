from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ep_mock.domain.dates import (
    MAXIMUM,
    MINIMUM,
    SECOND,
    format_compact,
    format_millis,
    format_nanos,
    format_seconds,
    parse_date,
)

instants = st.integers(MINIMUM, MAXIMUM)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("1970-01-01", 0),
        ("2000-01-01", 946_684_800 * SECOND),
        ("2000-01-01 10:11", 946_721_460 * SECOND),
        ("2000-01-01T00:00:00Z", 946_684_800 * SECOND),
        ("2024-12-03T23:31:35.962680423Z", 1_733_268_695_962_680_423),
        ("2024-12-03T23:31:35.962Z", 1_733_268_695_962_000_000),
        ("2025-01-01T05:30:00+05:30", 1_735_689_600 * SECOND),
        ("2024-12-31T22:00:00.5-02:00", 1_735_689_600_500_000_000),
        ("2024-02-29", 1_709_164_800 * SECOND),
        ("1969-12-31T23:59:59.999999999Z", -1),
        ("0001-01-01", MINIMUM),
        ("9999-12-31T23:59:59.999999999Z", MAXIMUM),
    ],
)
def test_every_published_form_is_read(text: str, instant: int) -> None:
    assert parse_date(text) == instant


FORMS = "expected YYYY-MM-DD, YYYY-MM-DD HH:MM or RFC 3339 such as 2025-01-31T10:00:00Z"
TIME_OF_DAY = "the time of day goes from 00:00:00 to 23:59:59"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", FORMS),
        ("tomorrow", FORMS),
        ("2023-1-1", FORMS),
        ("2023-01-01\n", FORMS),
        (" 2023-01-01", FORMS),
        ("２０２３-01-01", FORMS),
        ("2023-01-01T10:11", FORMS),
        ("2023-01-01T10:11:12", FORMS),
        ("2023-01-01T10:11:12z", FORMS),
        ("2023-01-01T10:11:12.Z", FORMS),
        ("2023-01-01T10:11:12.1234567890Z", FORMS),
        ("2023-01-01T10:11:12+0100", FORMS),
        ("2023-02-29", "day is out of range for month"),
        ("2023-13-01", "month must be in 1..12"),
        ("0000-01-01", "year 0 is out of range"),
        ("2023-01-01 24:00", TIME_OF_DAY),
        ("2023-01-01T23:60:00Z", TIME_OF_DAY),
        ("2016-12-31T23:59:60Z", TIME_OF_DAY),
        ("2023-01-01T10:11:12+24:00", "an offset goes from -23:59 to +23:59"),
        ("2023-01-01T10:11:12-01:60", "an offset goes from -23:59 to +23:59"),
        ("0001-01-01T00:00:00+00:01", "in UTC it lies outside the years 0001 to 9999"),
        ("9999-12-31T23:59:59-00:01", "in UTC it lies outside the years 0001 to 9999"),
    ],
)
def test_anything_else_is_refused_with_a_sentence_that_says_why(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(f'{text!r} is not a date: ')}{re.escape(reason)}"):
        parse_date(text)


def test_a_refusal_repeats_only_the_start_of_a_long_text() -> None:
    with pytest.raises(ValueError, match="is not a date") as caught:
        parse_date("9" * 100_000)
    assert str(caught.value) == f"'{'9' * 60}…' is not a date: {FORMS}"


@given(
    st.text()
    | st.from_regex(
        r"[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(Z|[+-][0-9]{2}:[0-9]{2})?)?)?"
    )
)
def test_any_text_is_a_date_within_bounds_or_a_value_error(text: str) -> None:
    try:
        instant = parse_date(text)
    except ValueError:
        return
    assert MINIMUM <= instant <= MAXIMUM


@pytest.mark.parametrize(
    ("instant", "texts"),
    [
        (
            1_733_268_695_962_680_423,
            (
                "2024-12-03T23:31:35Z",
                "2024-12-03T23:31:35.962Z",
                "2024-12-03T23:31:35.962680423Z",
                "20241203_233135",
            ),
        ),
        (
            0,
            (
                "1970-01-01T00:00:00Z",
                "1970-01-01T00:00:00.000Z",
                "1970-01-01T00:00:00.000000000Z",
                "19700101_000000",
            ),
        ),
        (
            -1,
            (
                "1969-12-31T23:59:59Z",
                "1969-12-31T23:59:59.999Z",
                "1969-12-31T23:59:59.999999999Z",
                "19691231_235959",
            ),
        ),
        (
            MINIMUM,
            (
                "0001-01-01T00:00:00Z",
                "0001-01-01T00:00:00.000Z",
                "0001-01-01T00:00:00.000000000Z",
                "00010101_000000",
            ),
        ),
        (
            MAXIMUM,
            (
                "9999-12-31T23:59:59Z",
                "9999-12-31T23:59:59.999Z",
                "9999-12-31T23:59:59.999999999Z",
                "99991231_235959",
            ),
        ),
    ],
)
def test_every_form_of_one_instant_floors(instant: int, texts: tuple[str, ...]) -> None:
    assert (
        format_seconds(instant),
        format_millis(instant),
        format_nanos(instant),
        format_compact(instant),
    ) == texts


@given(instants)
def test_what_is_printed_reads_back_floored(instant: int) -> None:
    assert parse_date(format_nanos(instant)) == instant
    assert parse_date(format_millis(instant)) == instant // 1_000_000 * 1_000_000
    assert parse_date(format_seconds(instant)) == instant // SECOND * SECOND


@given(instants)
def test_the_texts_agree_with_the_calendar_of_the_standard_library(instant: int) -> None:
    calendar = datetime(1, 1, 1, tzinfo=UTC) + timedelta(seconds=(instant - MINIMUM) // SECOND)
    assert format_seconds(instant) == calendar.isoformat().replace("+00:00", "Z")
    assert format_compact(instant) == re.sub("[-:]", "", calendar.isoformat()[:19]).replace("T", "_")


@given(instants, st.timedeltas(timedelta(hours=-23, minutes=-59), timedelta(hours=23, minutes=59)))
def test_an_offset_shifts_the_local_time_and_not_the_instant(instant: int, offset: timedelta) -> None:
    minutes = offset // timedelta(minutes=1)
    local = instant + minutes * 60 * SECOND
    if not MINIMUM <= local <= MAXIMUM:
        local, minutes = instant, 0
    sign = "-" if minutes < 0 else "+"
    suffix = f"{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
    assert parse_date(format_nanos(local).replace("Z", suffix)) == instant


@pytest.mark.parametrize("instant", [MINIMUM - 1, MAXIMUM + 1, 10**40, -(10**40)])
def test_an_instant_outside_the_calendar_has_no_text(instant: int) -> None:
    for form in (format_seconds, format_millis, format_nanos, format_compact):
        with pytest.raises(ValueError, match="outside the years 0001 to 9999"):
            form(instant)
