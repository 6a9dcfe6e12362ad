"""Codes: their shape, and what a single one carries.

Shape (published): `code_length` characters with a dash after every four, after a prefix and one dash:
`summer-aa2b-3c4d`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from ep_mock.domain import problems
from ep_mock.domain.dates import format_millis
from ep_mock.errors import ApiError

SHORTEST, LONGEST, DEFAULT_LENGTH = 8, 16, 8
LONGEST_NAME = 255
"""Most characters of a prefix, and of a code that is given by name."""


class Batch(msgspec.Struct, frozen=True, eq=False, kw_only=True):
    """What the codes of one job or one request have in common.

    Attributes:
        prefix: what each code begins with, verbatim, the joining dash included; empty for codes given by
            hand.
        key_prefix: the same as it stands in the keys under which codes are stored.
        upper_case: whether the rest of each code is printed in capitals.
        consume_unit: in which unit uses are counted; None when nobody said.
        max_uses: how often each code can be used; None is without limit.
        created_at: nanoseconds.
        created_by: who made them.
    """

    prefix: str = ""
    key_prefix: str = ""
    upper_case: bool = False
    consume_unit: str | None = None
    max_uses: int | None = None
    created_at: int
    created_by: str

    def spelled(self, key: str) -> str:
        """The code as it is printed, from the key under which it is stored."""
        body = key[len(self.key_prefix) :]
        return self.prefix + (body.upper() if self.upper_case else body)


class Code(msgspec.Struct, frozen=True, eq=False):
    """A code in which something differs from its batch. Codes are never changed, only replaced: an export may
    hold the former one.
    """

    code: str
    batch: Batch
    consume_unit: str | None = None
    uses: int | None = None
    max_uses: int | None = None
    user: str | tuple[str, ...] | None = None
    max_uses_per_shopper: Mapping[str, Any] | None = None
    is_for_new_shopper: bool | None = None


def joined_prefix(prefix: str | None) -> str:
    """The prefix as it stands before a code: exactly one dash joins them, a dash that the prefix ends with
    counts.
    """
    if not prefix:
        return ""
    return prefix if prefix.endswith("-") else prefix + "-"


def dashed(bodies: str, length: int) -> list[str]:
    """Cut `bodies`, ASCII without blanks, into codes of `length` characters, each with a dash after every
    four.
    """
    # Whole columns of characters at a time: a fifth of what cutting code by code takes.
    characters, count = bodies.encode("ascii"), len(bodies) // length
    width = length + (length - 1) // 4 + 1
    lines = bytearray(b"-") * (width * count)
    for column in range(length):
        lines[column + column // 4 :: width] = characters[column::length]
    lines[width - 1 :: width] = b" " * count
    return lines.decode("ascii").split()


def as_code(key: str, entry: Batch | Code) -> Code:
    """The code stored under `key`: the entry itself, or one that has everything from its batch."""
    if isinstance(entry, Code):
        return entry
    return Code(
        code=entry.spelled(key),
        batch=entry,
        consume_unit=entry.consume_unit,
        uses=entry.max_uses,
        max_uses=entry.max_uses,
    )


def code_document(code: Code, code_id: str | None, *, with_type: bool, stored: bool = True) -> dict[str, Any]:
    """The code as the API prints it; absent is absent. `stored` adds what lists have and the answer to a
    create has not.
    """
    document: dict[str, Any] = {}
    if code_id is not None:
        document["id"] = code_id
    if with_type:
        document["type"] = "promotion_codes"
    document["code"] = code.code
    for key in ("user", "uses", "max_uses", "max_uses_per_shopper", "consume_unit", "is_for_new_shopper"):
        value = getattr(code, key)
        if value is not None:
            document[key] = value
    if stored:
        document["created_by"] = code.batch.created_by
        document["meta"] = {"timestamps": {"created_at": format_millis(code.batch.created_at)}}
    return document


def find_unusable_code(codes: Iterable[Mapping[str, Any]]) -> ApiError | None:
    """The published refusal of the first code to add that contradicts itself, or None.

    A code for first-time shoppers has no limited uses and no user; a limit for each shopper cannot be counted
    per application.
    """
    for code in codes:
        if code.get("is_for_new_shopper") and (
            "uses" in code or "user" in code or "max_uses_per_shopper" in code
        ):
            return problems.invalid_first_time_code(code["code"])
        unit = code.get("consume_unit")
        if "max_uses" in code.get("max_uses_per_shopper", ()) and unit == "per_application":
            return problems.unsupported_consume_unit(unit)
    return None
