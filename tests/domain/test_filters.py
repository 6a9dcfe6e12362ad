from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ep_mock.domain.dates import parse_date
from ep_mock.domain.filters import (
    Attribute,
    Condition,
    FilterError,
    compile_filter,
    parse_filter,
)
from ep_mock.errors import ApiError

PUBLISHED_REFUSAL = ({"title": "Bad Request", "detail": "Could not parse the supplied filter"},)


@dataclass(frozen=True)
class Promotion:
    """A record with one value of each kind."""

    name: str | None = None
    code: str | None = None
    enabled: bool | None = None
    start: int | None = None
    tags: frozenset[str] | None = None
    status: str | None = None


def reading(name: str) -> Callable[[Any], Any]:
    return lambda record: getattr(record, name)


ORDER = frozenset({"eq", "lt", "le", "gt", "ge"})
ATTRIBUTES = {
    "name": Attribute(ORDER | {"in", "like", "ilike"}, "string", reading("name")),
    "code": Attribute(ORDER | {"in", "like"}, "folded", reading("code")),
    "enabled": Attribute(frozenset({"eq", "in"}), "boolean", reading("enabled")),
    "start": Attribute(ORDER | {"in"}, "date", reading("start")),
    "rule_set.rules.args": Attribute(frozenset({"contains"}), "list", reading("tags")),
    "rule_set.rules.strategy": Attribute(frozenset({"eq", "in"}), "list", reading("tags")),
    "status": Attribute(frozenset({"eq", "in"}), "string", reading("status"), {"complete": "completed"}),
}


@pytest.mark.parametrize(
    ("text", "conditions"),
    [
        ("eq(status,completed)", (Condition("eq", "status", ("completed",)),)),
        (
            "eq(job_type,code_generate):eq(status, complete)",
            (Condition("eq", "job_type", ("code_generate",)), Condition("eq", "status", ("complete",))),
        ),
        ("eq(  job_type,   code_export)", (Condition("eq", "job_type", ("code_export",)),)),
        ("in(strategy,a,'b,c', d )", (Condition("in", "strategy", ("a", "b,c", "d ")),)),
        ("ilike(name,'Summer *')", (Condition("ilike", "name", ("Summer *",)),)),
        (
            "eq(promo_name,cart percent discount)",
            (Condition("eq", "promo_name", ("cart percent discount",)),),
        ),
        (
            "gt(start, 2025-01-01T00:00:00.000Z):lt(end,2026-01-01)",
            (
                Condition("gt", "start", ("2025-01-01T00:00:00.000Z",)),
                Condition("lt", "end", ("2026-01-01",)),
            ),
        ),
        ('eq(name,Bob\'s "x")', (Condition("eq", "name", ('Bob\'s "x"',)),)),
        (r"eq(name,a\,b\)c\\d\e)", (Condition("eq", "name", (r"a,b)c\de",)),)),
        (r"eq(name,\ a)", (Condition("eq", "name", (" a",)),)),
        (r"""eq(name,'it\'s "fine"')""", (Condition("eq", "name", ("""it's "fine\"""",)),)),
        (r"""eq(name," say \"it's\" ")""", (Condition("eq", "name", (""" say "it's" """,)),)),
        ("eq(name,'')", (Condition("eq", "name", ("",)),)),
        ("eq(name,'a\nb)')", (Condition("eq", "name", ("a\nb)",)),)),
        ("eq(code,a(b:c/d@é.-*)", (Condition("eq", "code", ("a(b:c/d@é.-*",)),)),
        (
            "contains(rule_set.rules.args, 11111111-1111-4111-1111-111111111111)",
            (Condition("contains", "rule_set.rules.args", ("11111111-1111-4111-1111-111111111111",)),),
        ),
    ],
)
def test_the_grammar_is_read(text: str, conditions: tuple[Condition, ...]) -> None:
    assert parse_filter(text) == conditions


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "expected operator(attribute,value) at position 0"),
        ("completed", "expected operator(attribute,value) at position 0"),
        ("eq(status)", "expected operator(attribute,value) at position 0"),
        ("eq (status,completed)", "expected operator(attribute,value) at position 0"),
        (" eq(status,completed)", "expected operator(attribute,value) at position 0"),
        ("EQ(status,completed)", "expected operator(attribute,value) at position 0"),
        ("eq(,completed)", "expected operator(attribute,value) at position 0"),
        ("eq('status',completed)", "expected operator(attribute,value) at position 0"),
        ("eq(status ,completed)", "expected operator(attribute,value) at position 0"),
        ("eq(status,", "expected a value and then a comma or a closing parenthesis after position 9"),
        ("eq(status,)", "expected a value and then a comma or a closing parenthesis after position 9"),
        ("eq(status,  )", "expected a value and then a comma or a closing parenthesis after position 9"),
        (
            "eq(status,completed",
            "expected a value and then a comma or a closing parenthesis after position 9",
        ),
        (
            r"eq(status,completed\)",
            "expected a value and then a comma or a closing parenthesis after position 9",
        ),
        (
            "eq(status,'completed)",
            "expected a value and then a comma or a closing parenthesis after position 9",
        ),
        (
            "eq(status,'completed'x)",
            "expected a value and then a comma or a closing parenthesis after position 9",
        ),
        (
            "eq(status,'completed' )",
            "expected a value and then a comma or a closing parenthesis after position 9",
        ),
        ("in(status,a,)", "expected a value and then a comma or a closing parenthesis after position 11"),
        ("eq(status,completed))", "expected a colon or the end at position 20"),
        ("eq(status,completed)eq(status,failed)", "expected a colon or the end at position 20"),
        ("eq(status,completed):", "expected operator(attribute,value) at position 21"),
        ("eq(status,completed): eq(status,failed)", "expected operator(attribute,value) at position 21"),
        ("eq(status,completed,failed)", "eq takes one value"),
        ("ne(status,completed)", "no operator ne"),
        (":".join(["eq(a,b)"] * 11), "more than 10 conditions"),
        (f"eq(a,{'x' * 8187})", "longer than 8192 bytes"),
        (f"eq(a,{'é' * 4094})", "longer than 8192 bytes"),
    ],
)
def test_everything_outside_the_grammar_gets_the_published_refusal(text: str, reason: str) -> None:
    with pytest.raises(ApiError) as caught:
        parse_filter(text)
    assert isinstance(caught.value, FilterError)
    assert (caught.value.status, caught.value.errors, caught.value.reason) == (400, PUBLISHED_REFUSAL, reason)


def test_ten_conditions_and_8192_bytes_are_accepted() -> None:
    assert parse_filter(":".join(["eq(a,b)"] * 10)) == (Condition("eq", "a", ("b",)),) * 10
    assert parse_filter(f"eq(a,{'x' * 8186})") == (Condition("eq", "a", ("x" * 8186,)),)
    assert parse_filter(f"eq(a,{'é' * 4093})") == (Condition("eq", "a", ("é" * 4093,)),)


def print_filter(conditions: Sequence[Condition]) -> str:
    """The text that `parse_filter` reads as these conditions, with quotes and escapes only where needed."""
    return ":".join(
        f"{condition.operator}({condition.attribute},{','.join(map(printed, condition.operands))})"
        for condition in conditions
    )


def printed(operand: str) -> str:
    if re.search(r"""\A\Z|\A['" ]|[,)\\]""", operand):
        return "'" + re.sub(r"(['\\])", r"\\\1", operand) + "'"
    return operand


attributes = st.from_regex(r"[a-z_.]{1,12}", fullmatch=True)
operands = st.text(alphabet=st.sampled_from("ab '\"\\,():*") | st.characters(), max_size=20)
conditions = st.one_of(
    st.builds(
        Condition,
        st.sampled_from(["eq", "like", "ilike", "lt", "le", "gt", "ge", "contains"]),
        attributes,
        st.tuples(operands),
    ),
    st.builds(Condition, st.just("in"), attributes, st.lists(operands, min_size=1, max_size=4).map(tuple)),
)


@given(st.lists(conditions, min_size=1, max_size=10).map(tuple))
def test_what_is_printed_reads_back(written: tuple[Condition, ...]) -> None:
    assert parse_filter(print_filter(written)) == written


def test_quotes_are_printed_only_where_they_are_needed() -> None:
    written = (
        Condition("eq", "name", ("Bob's cart: 5 % (off",)),
        Condition("in", "code", ("", " a", "b,c", "it's)", "d\\")),
    )
    assert print_filter(written) == r"""eq(name,Bob's cart: 5 % (off):in(code,'',' a','b,c','it\'s)','d\\')"""


filter_texts = st.text() | st.lists(
    st.sampled_from(
        [
            "eq",
            "in",
            "(",
            ")",
            ",",
            ":",
            "name",
            "start",
            "enabled",
            "'",
            '"',
            "\\",
            " ",
            "a",
            "true",
            "2025-01-01",
        ]
    ),
    max_size=20,
).map("".join)


@given(filter_texts)
def test_any_text_is_a_filter_or_a_filter_error(text: str) -> None:
    try:
        compiled = compile_filter(text, ATTRIBUTES)
    except FilterError:
        return
    assert isinstance(compiled.matches(Promotion(name="a", enabled=True, start=0)), bool)
    assert parse_filter(print_filter(compiled.conditions)) == compiled.conditions


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("eq(size,1)", "no attribute size"),
        ("like(enabled,tr*)", "enabled does not take like"),
        ("contains(name,a)", "name does not take contains"),
        ("eq(enabled,yes)", "'yes' is neither true nor false"),
        ("eq(enabled,True)", "'True' is neither true nor false"),
        ("eq(enabled,true )", "'true ' is neither true nor false"),
        ("gt(start,2025-02-30)", "'2025-02-30' is not a date: day is out of range for month"),
    ],
)
def test_a_condition_that_the_list_does_not_know_gets_the_same_refusal(text: str, reason: str) -> None:
    with pytest.raises(FilterError) as caught:
        compile_filter(text, ATTRIBUTES)
    assert (caught.value.status, caught.value.errors, caught.value.reason) == (400, PUBLISHED_REFUSAL, reason)


@pytest.mark.parametrize(
    ("text", "record", "matches"),
    [
        ("eq(name,Summer)", Promotion(name="Summer"), True),
        ("eq(name,summer)", Promotion(name="Summer"), False),
        ("in(name,Winter,Summer)", Promotion(name="Summer"), True),
        ("in(name,Winter,Spring)", Promotion(name="Summer"), False),
        ("gt(name,A)", Promotion(name="B"), True),
        ("gt(name,A)", Promotion(name="A"), False),
        ("eq(code,SUMMER-a)", Promotion(code="Summer-A"), True),
        ("in(code,x,SUMMER-a)", Promotion(code="Summer-A"), True),
        ("gt(code,b)", Promotion(code="C"), True),
        ("gt(code,B)", Promotion(code="b"), False),
        ("ge(code,B)", Promotion(code="b"), True),
        ("lt(code,C)", Promotion(code="b"), True),
        ("le(code,A)", Promotion(code="b"), False),
        ("like(code,SUM*)", Promotion(code="summer"), True),
        ("like(name,Sum*)", Promotion(name="Summer sale"), True),
        ("like(name,sum*)", Promotion(name="Summer sale"), False),
        ("like(name,*sale)", Promotion(name="Summer sale"), True),
        ("like(name,*Sum)", Promotion(name="Summer sale"), False),
        ("like(name,*mer*)", Promotion(name="Summer sale"), True),
        ("like(name,*winter*)", Promotion(name="Summer sale"), False),
        ("like(name,Summer sale)", Promotion(name="Summer sale"), True),
        ("like(name,Summer)", Promotion(name="Summer sale"), False),
        ("like(name,S*e)", Promotion(name="Summer sale"), False),
        ("like(name,S*e)", Promotion(name="S*e"), True),
        ("like(name,*)", Promotion(name=""), True),
        ("like(name,**)", Promotion(name="anything"), True),
        ("like(name,*a*)", Promotion(name="a"), True),
        ("ilike(name,'summer *')", Promotion(name="SUMMER sale"), True),
        ("ilike(name,*SALE)", Promotion(name="Summer sale"), True),
        ("eq(enabled, true)", Promotion(enabled=True), True),
        ("eq(enabled,false)", Promotion(enabled=True), False),
        ("in(enabled,true,false)", Promotion(enabled=False), True),
        ("eq(start,2025-01-01)", Promotion(start=parse_date("2025-01-01T01:00:00+01:00")), True),
        ("gt(start,2025-01-01T00:00:00.000Z)", Promotion(start=parse_date("2025-01-01") + 1), True),
        ("gt(start,2025-01-01 00:00)", Promotion(start=parse_date("2025-01-01")), False),
        ("le(start,2025-01-01)", Promotion(start=parse_date("2025-01-01")), True),
        ("in(start,2025-01-01,2026-01-01)", Promotion(start=parse_date("2026-01-01")), True),
        ("contains(rule_set.rules.args,a)", Promotion(tags=frozenset({"a", "b"})), True),
        ("contains(rule_set.rules.args,c)", Promotion(tags=frozenset({"a", "b"})), False),
        ("eq(rule_set.rules.strategy,b)", Promotion(tags=frozenset({"a", "b"})), True),
        ("in(rule_set.rules.strategy,c,b)", Promotion(tags=frozenset({"a", "b"})), True),
        ("in(rule_set.rules.strategy,c,d)", Promotion(tags=frozenset({"a", "b"})), False),
        ("eq(status,complete)", Promotion(status="completed"), True),
        ("in(status,failed,complete)", Promotion(status="completed"), True),
        ("eq(status,complete)", Promotion(status="complete"), False),
        ("eq(enabled,true):gt(code,a)", Promotion(enabled=True, code="b"), True),
        ("eq(enabled,true):gt(code,a)", Promotion(enabled=True, code="a"), False),
    ],
)
def test_a_record_matches_when_it_meets_every_condition(text: str, record: Promotion, matches: bool) -> None:
    assert compile_filter(text, ATTRIBUTES).matches(record) is matches


def test_an_absent_value_never_matches() -> None:
    values = {"enabled": "true", "start": "2025-01-01"}
    texts = [
        f"{operator}({name},{values.get(name, '*')})"
        for name, attribute in ATTRIBUTES.items()
        for operator in sorted(attribute.operators)
    ]
    assert [text for text in texts if compile_filter(text, ATTRIBUTES).matches(Promotion())] == []


def test_a_compiled_filter_shows_its_conditions_as_they_were_sent() -> None:
    text = "eq(status,complete):gt(code,'A')"
    assert compile_filter(text, ATTRIBUTES).conditions == parse_filter(text)


def test_a_table_cannot_promise_an_operator_that_its_kind_does_not_have() -> None:
    with pytest.raises(ValueError, match="a boolean attribute cannot be compared by gt, like"):
        Attribute(frozenset({"eq", "gt", "like"}), "boolean", reading("enabled"))


pattern_texts = st.text(alphabet="aB*", max_size=5)


@given(pattern_texts, st.text(alphabet="aBb*", max_size=6))
def test_like_agrees_with_trying_every_way_to_fill_the_wildcards(pattern: str, value: str) -> None:
    parts = {value[start:end] for start in range(len(value) + 1) for end in range(start, len(value) + 1)} | {
        ""
    }
    starts = parts if pattern.startswith("*") else {""}
    ends = parts if pattern.endswith("*") else {""}
    middle = pattern.removeprefix("*").removesuffix("*")
    expected = any(start + middle + end == value for start in starts for end in ends)
    text = print_filter([Condition("like", "name", (pattern,))])
    assert compile_filter(text, ATTRIBUTES).matches(Promotion(name=value)) is expected
