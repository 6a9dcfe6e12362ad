"""The filter language of lists: `eq(job_type,code_generate):eq(status,completed)`.

Published: the operators, `:` for AND, at most ten conditions and 8 KB, operands in either kind of quotes with
backslash escapes, leading spaces of an operand dropped, and one error for everything that cannot be used. Our
reading of the rest: an operand without quotes ends at the next unescaped `,` or `)`, so dates with colons and
names with blanks need no quotes; it is not empty; blanks elsewhere are kept.
"""

from __future__ import annotations

import operator as compare
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, Literal

import msgspec

from ep_mock.domain.dates import parse_date
from ep_mock.errors import ApiError

MAX_CONDITIONS: Final = 10
MAX_BYTES: Final = 8192

Kind = Literal["string", "folded", "boolean", "date", "list"]
Test = Callable[[Any], bool]

_ORDER: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "eq": compare.eq,
    "lt": compare.lt,
    "le": compare.le,
    "gt": compare.gt,
    "ge": compare.ge,
}
_TEXT_OPERATORS: Final = frozenset({*_ORDER, "in", "like", "ilike"})
_OPERATORS: Final[Mapping[Kind, frozenset[str]]] = {
    "string": _TEXT_OPERATORS,
    "folded": _TEXT_OPERATORS,
    "boolean": frozenset({"eq", "in"}),
    "date": frozenset({*_ORDER, "in"}),
    "list": frozenset({"eq", "in", "contains"}),
}
OPERATORS: Final = frozenset().union(*_OPERATORS.values())

# Compiled when first needed: most runs use no filter.
_HEAD: Final = r"([a-z]+)\( *+([A-Za-z0-9_.-]+)(?=,)"
_OPERAND: Final = (
    r"""(?s), *+(?:'((?:[^'\\]|\\.)*+)'|"((?:[^"\\]|\\.)*+)"|((?:[^,)\\'" ]|\\.)(?:[^,)\\]|\\.)*+))(?=[,)])"""
)
_ESCAPE: Final = r"(?s)\\(.)"


class FilterError(ApiError):
    """The published refusal of a filter. The client does not see `reason`; it is for logs."""

    def __init__(self, reason: str) -> None:
        super().__init__(400, [{"title": "Bad Request", "detail": "Could not parse the supplied filter"}])
        self.reason = reason


class Condition(msgspec.Struct, frozen=True):
    """One comparison, without quotes and escapes. Only `in` has more than one operand."""

    operator: str
    attribute: str
    operands: tuple[str, ...]


class Attribute(msgspec.Struct, frozen=True):
    """An attribute that a list can be filtered by.

    Attributes:
        operators: those that it accepts.
        kind: the type of the values that `read` returns (None if absent, which never matches):
            string: a str. folded: a str, compared without regard to case.
            boolean: a bool; operands are `true` and `false`.
            date: nanoseconds since the epoch; operands are dates in any accepted form.
            list: a container, such as a set or the codes of a promotion, but not a str; `eq` and `contains`
                look for one member, `in` for any of several.
        read: gets the value from a record.
        synonyms: maps operands that clients write to values.

    Raises:
        ValueError: the kind does not have an operator.
    """

    operators: frozenset[str]
    kind: Kind
    read: Callable[[Any], Any]
    synonyms: Mapping[str, str] = msgspec.field(default_factory=dict)

    def __post_init__(self) -> None:
        impossible = self.operators - _OPERATORS[self.kind]
        if impossible:
            raise ValueError(f"a {self.kind} attribute cannot be compared by {', '.join(sorted(impossible))}")


class CompiledFilter(msgspec.Struct, frozen=True):
    """`matches(record)` tests all conditions; a store may use an index for one of them."""

    conditions: tuple[Condition, ...]
    matches: Test


@lru_cache(maxsize=64)  # polling clients repeat a few filters
def parse_filter(text: str) -> tuple[Condition, ...]:
    """The conditions of a decoded filter, at least one, in order. Raises FilterError outside the grammar."""
    if len(text) > MAX_BYTES or len(text.encode(errors="surrogatepass")) > MAX_BYTES:
        raise FilterError(f"longer than {MAX_BYTES} bytes")
    match_head, match_operand = re.compile(_HEAD).match, re.compile(_OPERAND).match
    conditions: list[Condition] = []
    position = 0
    while True:
        head = match_head(text, position)
        if head is None:
            raise FilterError(f"expected operator(attribute,value) at position {position}")
        operator, attribute = head.groups()
        position = head.end()
        operands: list[str] = []
        while text[position] == ",":
            operand = match_operand(text, position)
            if operand is None:
                raise FilterError(
                    f"expected a value and then a comma or a closing parenthesis after position {position}"
                )
            raw: str = operand[operand.lastindex or 0]
            operands.append(re.sub(_ESCAPE, r"\1", raw) if "\\" in raw else raw)
            position = operand.end()
        if operator not in OPERATORS:
            raise FilterError(f"no operator {operator}")
        if len(operands) > 1 and operator != "in":
            raise FilterError(f"{operator} takes one value")
        conditions.append(Condition(operator, attribute, tuple(operands)))
        if len(conditions) > MAX_CONDITIONS:
            raise FilterError(f"more than {MAX_CONDITIONS} conditions")
        position += 1
        if position == len(text):
            return tuple(conditions)
        if text[position] != ":":
            raise FilterError(f"expected a colon or the end at position {position}")
        position += 1


def compile_filter(
    text: str, attributes: Mapping[str, Attribute], *, ignore_foreign: bool = False
) -> CompiledFilter:
    """Compile a decoded filter for records with these attributes.

    With `ignore_foreign`, conditions on other attributes are dropped; if none is left, every record matches.

    Raises:
        FilterError: the text is outside the grammar, or an attribute, an operator or a value is not accepted.
    """
    conditions = parse_filter(text)
    if ignore_foreign:
        conditions = tuple(condition for condition in conditions if condition.attribute in attributes)
    tests = [_test(condition, attributes) for condition in conditions]
    if len(tests) == 1:
        return CompiledFilter(conditions, tests[0])
    return CompiledFilter(conditions, lambda record: all(test(record) for test in tests))


def _test(condition: Condition, attributes: Mapping[str, Attribute]) -> Test:
    attribute = attributes.get(condition.attribute)
    if attribute is None:
        raise FilterError(f"no attribute {condition.attribute}")
    operator = condition.operator
    if operator not in attribute.operators:
        raise FilterError(f"{condition.attribute} does not take {operator}")
    operands = [attribute.synonyms.get(operand, operand) for operand in condition.operands]
    read = attribute.read
    if attribute.kind == "list":
        return _member_test(operands, read)
    if attribute.kind == "folded" or operator == "ilike":
        operands = [operand.casefold() for operand in operands]
        read = _folded(read)
    if operator in ("like", "ilike"):
        return _like_test(operands[0], read)
    if attribute.kind == "boolean":
        return _plain_test(operator, list(map(_boolean, operands)), read)
    if attribute.kind == "date":
        return _plain_test(operator, list(map(_date, operands)), read)
    return _plain_test(operator, operands, read)


def _folded(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def read_folded(record: Any) -> str | None:
        value: str | None = read(record)
        return None if value is None else value.casefold()

    return read_folded


def _plain_test(operator: str, operands: Sequence[Any], read: Callable[[Any], Any]) -> Test:
    first = operands[0]
    if operator == "eq":
        return lambda record: bool(read(record) == first)
    if operator == "in":
        accepted = frozenset(operands)
        return lambda record: read(record) in accepted
    holds = _ORDER[operator]

    def test(record: Any) -> bool:
        value = read(record)
        return value is not None and holds(value, first)

    return test


def _member_test(operands: Sequence[str], read: Callable[[Any], Any]) -> Test:
    def test(record: Any) -> bool:
        members = read(record)
        return members is not None and any(operand in members for operand in operands)

    return test


def _like_test(pattern: str, read: Callable[[Any], Any]) -> Test:
    """`*` matches any text, also none, at the start, the end or both; elsewhere it is an asterisk."""
    open_start = pattern.startswith("*")
    open_end = pattern.endswith("*")
    text = pattern[open_start : len(pattern) - open_end]

    def test(record: Any) -> bool:
        value: str | None = read(record)
        if value is None:
            return False
        if open_start:
            return text in value if open_end else value.endswith(text)
        return value.startswith(text) if open_end else value == text

    return test


def _boolean(operand: str) -> bool:
    if operand == "true":
        return True
    if operand == "false":
        return False
    raise FilterError(f"{operand!r} is neither true nor false")


def _date(operand: str) -> int:
    try:
        return parse_date(operand)
    except ValueError as error:
        raise FilterError(str(error)) from None
