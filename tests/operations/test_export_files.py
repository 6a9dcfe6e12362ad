from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from ep_mock.operations.exports import COLUMNS, ExportRow, csv_chunks, file_name

CREATED = "2024-12-03T23:31:35.962Z"

texts = st.text(alphabet=st.sampled_from('ab é,"\r\n;=+@\t') | st.characters(exclude_categories=["Cs"]))
counts = st.none() | st.integers(0)
rows = st.builds(
    ExportRow,
    texts,
    counts,
    counts,
    st.none() | texts,
    st.none() | texts,
    st.none() | texts,
    st.just(CREATED) | texts,
)


def test_a_file_is_named_after_its_job_and_its_moment() -> None:
    assert file_name("4be93c0c-7dab-466a-a3ef-2ae4a5dcd8ad", 1_694_456_938_500_000_000) == (
        "4be93c0c-7dab-466a-a3ef-2ae4a5dcd8ad_20230911_182858_codes.csv"
    )


def test_a_file_without_codes_is_its_header() -> None:
    assert list(csv_chunks([])) == [b"code,uses,max_uses,consume_unit,user,created_by,created_at\r\n"]


def test_absent_values_are_empty_fields_and_only_what_must_be_is_quoted() -> None:
    content = b"".join(
        csv_chunks(
            [
                ExportRow("summer-aa2b-3c4d", 0, 5, "per_cart", None, "someone@example.com", CREATED),
                ExportRow('a,"b"', None, None, None, "two\r\nlines", " é=1+1", CREATED),
            ]
        )
    )
    assert content.decode() == (
        "code,uses,max_uses,consume_unit,user,created_by,created_at\r\n"
        "summer-aa2b-3c4d,0,5,per_cart,,someone@example.com,2024-12-03T23:31:35.962Z\r\n"
        '"a,""b""",,,,"two\r\nlines", é=1+1,2024-12-03T23:31:35.962Z\r\n'
    )


def test_a_lone_surrogate_does_not_break_the_file() -> None:
    assert b"".join(csv_chunks([ExportRow("a\ud800b", 1, 1, None, None, None, CREATED)])).endswith(
        b"\r\na?b,1,1,,,,2024-12-03T23:31:35.962Z\r\n"
    )


def test_rows_are_read_only_when_their_piece_is_asked_for() -> None:
    taken: list[int] = []

    def source() -> Iterator[ExportRow]:
        for number in range(5):
            taken.append(number)
            yield ExportRow(str(number), None, None, None, None, None, "")

    chunks = csv_chunks(source(), size=2)
    history = [(piece.count(b"\n"), len(taken)) for piece in chunks]
    assert history == [(1, 0), (2, 2), (2, 4), (1, 5)]


@given(st.lists(rows, max_size=12), st.integers(1, 5))
def test_a_csv_reader_finds_what_was_written(written: list[ExportRow], size: int) -> None:
    content = b"".join(csv_chunks(written, size)).decode()
    read = list(csv.reader(io.StringIO(content, newline=""), strict=True))
    assert read == [list(COLUMNS), *([plain(value) for value in row] for row in written)]


@given(st.lists(rows, max_size=12))
def test_the_content_is_what_a_minimal_csv_writer_writes(written: list[ExportRow]) -> None:
    expected = io.StringIO(newline="")
    csv.writer(expected, quoting=csv.QUOTE_MINIMAL).writerows([COLUMNS, *written])
    assert b"".join(csv_chunks(written)).decode() == expected.getvalue()


def plain(value: str | int | None) -> str:
    return "" if value is None else str(value)
