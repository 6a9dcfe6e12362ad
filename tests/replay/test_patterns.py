"""The comparison itself: it must see every difference."""

from __future__ import annotations

from typing import Any

import pytest

from tests.replay.patterns import ABSENT, Mismatch, mismatches

UUID = "0b7a2f39-9d53-4f1a-b0c2-77a8e5a3f7d0"


def found(published: Any, answered: Any) -> list[Mismatch]:
    return list(mismatches(published, answered, promotion=UUID, url="http://host/list"))


@pytest.mark.parametrize(
    ("published", "answered"),
    [
        ({"a": [1, "x", None, True]}, {"a": [1, "x", None, True]}),
        ("<uuid>", UUID),
        ("<promotion>", UUID),
        ("<nanos>", "2024-12-03T23:31:35.962680423Z"),
        ("<millis>", "2024-12-03T23:31:35.962Z"),
        ("<epoch>", 1524486008),
        ("<url ?page[offset]=0>", "http://host/list?page[offset]=0"),
        (
            "<signed url>",
            f"http://host/files/{UUID}_20241203_233136_codes.csv?Expires=1733272296&Signature=ab&Key-Pair-Id=K0123456789ABC",
        ),
    ],
)
def test_equal_is_equal(published: Any, answered: Any) -> None:
    assert found(published, answered) == []


@pytest.mark.parametrize(
    ("published", "answered", "mismatch"),
    [
        ({"a": 1}, {"a": "1"}, Mismatch("body.a", 1, "1")),
        ({"a": 1}, {"a": True}, Mismatch("body.a", 1, True)),
        ({"a": 1}, {"a": 1.0}, Mismatch("body.a", 1, 1.0)),
        ({"a": 1}, {}, Mismatch("body.a", 1, ABSENT)),
        ({}, {"a": None}, Mismatch("body.a", ABSENT, None)),
        ({"a": None}, {}, Mismatch("body.a", None, ABSENT)),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, Mismatch("body (order)", ["a", "b"], ["b", "a"])),
        ({"a": [{"b": 1}]}, {"a": [{"b": 2}]}, Mismatch("body.a.0.b", 1, 2)),
        ({"a": [1]}, {"a": [1, 2]}, Mismatch("body.a", [1], [1, 2])),
        ("<uuid>", UUID.upper(), Mismatch("body", "<uuid>", UUID.upper())),
        ("<promotion>", UUID.replace("0", "1"), Mismatch("body", "<promotion>", UUID.replace("0", "1"))),
        (
            "<millis>",
            "2024-12-03T23:31:35.962680423Z",
            Mismatch("body", "<millis>", "2024-12-03T23:31:35.962680423Z"),
        ),
        ("<nanos>", "2024-12-03T23:31:35.962Z", Mismatch("body", "<nanos>", "2024-12-03T23:31:35.962Z")),
        ("<epoch>", "1524486008", Mismatch("body", "<epoch>", "1524486008")),
        ("<text>", "", Mismatch("body", "<text>", "")),
        ("<url ?a>", "http://other/list?a", Mismatch("body", "<url ?a>", "http://other/list?a")),
    ],
)
def test_every_difference_is_seen(published: Any, answered: Any, mismatch: Mismatch) -> None:
    assert found(published, answered) == [mismatch]
