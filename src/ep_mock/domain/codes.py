"""Codes: their shape and their properties.

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
"""Maximum number of characters of a prefix, and of a code that is added by hand."""


class Batch(msgspec.Struct, frozen=True, eq=False, kw_only=True):
    """The common properties of the codes of one job or one request.

    Attributes:
        prefix: the beginning of each code, with the joining dash; empty for codes added by hand.
        key_prefix: the same in the keys under which codes are stored.
        upper_case: whether the rest of each code is shown in capitals.
        consume_unit: the unit in which uses are counted; None if not given.
        max_uses: the maximum number of uses of each code; None: no limit.
        created_at: nanoseconds.
        created_by: the author.
    """

    prefix: str = ""
    key_prefix: str = ""
    upper_case: bool = False
    consume_unit: str | None = None
    max_uses: int | None = None
    created_at: int
    created_by: str

    def spelled(self, key: str) -> str:
        """The code as the API shows it, from the key under which it is stored."""
        body = key[len(self.key_prefix) :]
        return self.prefix + (body.upper() if self.upper_case else body)


class Code(msgspec.Struct, frozen=True, eq=False):
    """A code that differs from its batch. Codes are replaced, never changed: exports may keep old ones."""

    code: str
    batch: Batch
    consume_unit: str | None = None
    uses: int | None = None
    max_uses: int | None = None
    user: str | tuple[str, ...] | None = None
    max_uses_per_shopper: Mapping[str, Any] | None = None
    is_for_new_shopper: bool | None = None


def joined_prefix(prefix: str | None) -> str:
    """The prefix with the one dash that joins it to a code; a dash at its end is that dash."""
    if not prefix:
        return ""
    return prefix if prefix.endswith("-") else prefix + "-"


def dashed(bodies: str, length: int) -> list[str]:
    """Cut `bodies`, ASCII without blanks, into codes of `length` characters, with a dash after every four."""
    # Whole columns of characters at a time take a fifth of the time of cutting code by code.
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
    """The code as the API shows it, without absent values.

    `stored` adds the keys that lists have and the response to a create has not.
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
    """The published refusal of the first new code with contradicting properties, or None.

    A code for first-time shoppers has no limited uses and no user. A limit per shopper cannot be counted per
    application.
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
