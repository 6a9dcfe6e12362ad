"""Which requests a matcher means."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ep_mock.traffic.matching import RecordedRequest, RequestMatcher, extends

WORDS = st.text("ab/*%. -é", max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from([0.5, 1.0, "", "a", "b"]),
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(st.sampled_from("abc"), parts, max_size=3),
    max_leaves=8,
)


def request(**parts: Any) -> RecordedRequest:
    """A request to create a job, as the edge would have it, with some of its parts changed."""
    parts = {
        "method": "POST",
        "path": b"/v2/promotions/p1/jobs",
        "query": b"",
        "operation": "create_job",
        "family": "standard",
        "header_lines": b"host\nmock\ncontent-type\napplication/json",
        "body": b'{"data": {"name": "x", "parameters": {"number_of_codes": 10}}}',
        **parts,
    }
    return RecordedRequest(**parts)


@pytest.mark.parametrize(
    "matcher",
    [
        {},
        {"method": "post"},
        {"path": "/v2/promotions/*/jobs"},
        {"path": "/v2/**"},
        {"path": "**/jobs"},
        {"operation": "create_job", "family": "standard"},
        {"headers": {"Content-Type": "application/*", "cookie": None}},
        {"body": {"data": {"parameters": {"number_of_codes": 10.0}}}},
        {"body_contains": '"name": "x"'},
    ],
)
def test_what_is_not_said_matches_all(matcher: dict[str, Any]) -> None:
    assert msgspec.convert(matcher, RequestMatcher).differences(request()) == ()


@pytest.mark.parametrize(
    ("matcher", "differences"),
    [
        ({"method": "GET"}, ("method",)),
        ({"path": "/v2/promotions/*"}, ("path",)),
        ({"path": "/v2/*/jobs"}, ("path",)),
        ({"path": "/v2/promotions/p1/jobs/"}, ("path",)),
        ({"operation": "list_jobs", "family": "rule"}, ("operation", "family")),
        (
            {"headers": {"host": "other", "accept": "*", "content-type": None}},
            ("headers.host", "headers.accept", "headers.content-type"),
        ),
        ({"query": {"filter": "*"}}, ("query.filter",)),
        ({"body": {"data": {"name": "y"}}}, ("body",)),
        ({"body": {"data": {"parameters": {"number_of_codes": True}}}}, ("body",)),
        ({"body_contains": "nothing"}, ("body_contains",)),
    ],
)
def test_differences_are_named(matcher: dict[str, Any], differences: tuple[str, ...]) -> None:
    found = msgspec.convert(matcher, RequestMatcher)
    assert found.differences(request()) == differences
    assert not found.matches(request())


def test_unknown_keys_are_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="unknown field `paths`"):
        msgspec.convert({"paths": "/v2/*"}, RequestMatcher)


def test_any_value_of_a_repeated_name_counts_and_an_empty_one_is_one() -> None:
    twice = request(query=b"status=a&status=b&flag=", header_lines=b"x-a\n1\nx-a\n2")
    for pattern in ("a", "b", "*"):
        assert RequestMatcher(query={"status": pattern}).matches(twice)
    assert RequestMatcher(query={"flag": ""}, headers={"X-A": "2"}).matches(twice)
    assert RequestMatcher(query={"status": "ab", "flag": None}, headers={"x-a": "1, 2"}).differences(
        twice
    ) == (
        "headers.x-a",
        "query.status",
        "query.flag",
    )


@given(WORDS, WORDS, WORDS)
def test_a_star_stands_for_any_text_and_all_else_for_itself(before: str, between: str, after: str) -> None:
    plain = (before + between + after).replace("*", "_")
    pattern = before.replace("*", "_") + "*" + after.replace("*", "_")
    values = request(query=urlencode({"q": plain}).encode())
    assert RequestMatcher(query={"q": pattern}).matches(values)
    assert RequestMatcher(query={"q": plain}).matches(values)
    assert not RequestMatcher(query={"q": plain + "!"}).matches(values)


@given(WORDS, WORDS)
def test_in_a_path_one_star_stays_within_its_segment_and_two_do_not(code: str, tail: str) -> None:
    code, tail = code.replace("*", "_"), tail.replace("*", "_")
    path = f"/codes/{code}/{tail}"
    for sent in (quote(path), path if path.isascii() and "%" not in path else quote(path)):
        asked = request(path=sent.encode())
        assert RequestMatcher(path="/codes/**").matches(asked)
        assert RequestMatcher(path=path).matches(asked)
        assert RequestMatcher(path="/codes/*/*").matches(asked) is ("/" not in code + tail)


def test_a_path_is_compared_as_sent_and_decoded() -> None:
    asked = request(path=b"/v2/promotions/p1/codes/a%2Fb")
    assert RequestMatcher(path="/v2/promotions/*/codes/a%2Fb").matches(asked)
    assert RequestMatcher(path="/v2/promotions/*/codes/a/b").matches(asked)


@given(JSON, JSON)
def test_a_value_extends_itself_and_what_it_was_made_from(value: Any, more: Any) -> None:
    assert extends(value, value)
    assert extends({"a": value, "b": more}, {"a": value})
    assert not extends({"b": more}, {"a": value})
    assert extends([value, more], [value, more])
    assert not extends([value, more], [value])
    if extends(value, more) and extends(more, value):
        assert json.dumps(value, sort_keys=True).replace("1.0", "1") == json.dumps(
            more, sort_keys=True
        ).replace("1.0", "1")


@pytest.mark.parametrize("body", [b"", b"no JSON", b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_json_extends_nothing(body: bytes) -> None:
    assert RequestMatcher(body={}).differences(request(body=body)) == ("body",)
    assert RequestMatcher().matches(request(body=body))


def test_a_wanted_null_differs_from_nothing_wanted() -> None:
    assert RequestMatcher(body=None).matches(request(body=b"null"))
    assert not RequestMatcher(body=None).matches(request(body=b"{}"))
    assert msgspec.to_builtins(RequestMatcher(body=None)) == {"body": None}
    assert msgspec.to_builtins(RequestMatcher()) == {}


@pytest.mark.parametrize(
    ("sent", "wanted"),
    [("true", 1), ("1", True), ("false", 0), ("[0]", [False]), ('{"a": true}', {"a": 1.0})],
)
def test_true_and_false_are_no_numbers(sent: str, wanted: Any) -> None:
    assert not RequestMatcher(body=wanted).matches(request(body=sent.encode()))
    assert RequestMatcher(body=wanted).matches(request(body=json.dumps(wanted).encode()))


@pytest.mark.parametrize(("sent", "wanted"), [("1", 1.0), ("1.0", 1), ("1e2", 100), ("-0.0", 0)])
def test_numbers_are_compared_by_value(sent: str, wanted: Any) -> None:
    assert RequestMatcher(body=wanted).matches(request(body=sent.encode()))


def test_a_body_too_deep_to_be_compared_matches_nothing() -> None:
    sent, wanted = b"[" * 900 + b"]" * 900, msgspec.json.decode(b"[" * 900 + b"]" * 900)
    assert not RequestMatcher(body=wanted).matches(request(body=sent[1:-1]))
    assert RequestMatcher(body=wanted).differences(request(body=sent)) in ((), ("body",))
