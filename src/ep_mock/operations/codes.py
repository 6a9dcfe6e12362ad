"""Operations on codes: create, list, delete. The store must be settled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import msgspec

from ep_mock.domain import problems
from ep_mock.domain.codes import Batch, Code, code_document, find_unusable_code
from ep_mock.domain.families import Family
from ep_mock.domain.filters import Attribute, CompiledFilter
from ep_mock.domain.paging import Page
from ep_mock.operations.listing import Listing, read_filter
from ep_mock.simulation.code_book import CodeBook
from ep_mock.simulation.promotion import Promotion
from ep_mock.simulation.store import Store

_EXACT: Mapping[str, Attribute] = {"code": Attribute(frozenset({"eq"}), "string", lambda code: code.code)}
_ORDERED: Mapping[str, Attribute] = {
    "code": Attribute(frozenset({"eq", "gt"}), "folded", lambda code: code.code)
}
SORTS = ("code", "-code")


class CreatedCodes(NamedTuple):
    """New codes, and those of their names that other promotions have as well."""

    codes: list[Code]
    repeated: list[str]


def create_codes(store: Store, promotion: Promotion, request: Mapping[str, Any]) -> CreatedCodes:
    """Add all of the codes or none.

    Raises:
        ApiError: 422 automatic promotion, 400 or 422 a code that contradicts itself, 422 a code that exists,
            422 too many codes.
    """
    family = promotion.family
    if promotion.automatic:
        raise problems.no_codes_allowed(family)
    requested = [_known_fields(family, item, request) for item in request["codes"]]
    refusal = find_unusable_code(requested)
    if refusal is not None:
        raise refusal
    book = store.codes_of(promotion)
    keys = [book.key(item["code"]) for item in requested]
    if len(set(keys)) < len(keys) or not book.entries.keys().isdisjoint(keys):
        raise problems.duplicate_code()
    if store.state.taken_elsewhere(promotion, tuple(keys), store.now):
        raise problems.duplicate_code()
    quota = store.state.codes_quota(promotion)
    if len(book) + store.worker.reserved_for(promotion) + len(keys) > quota.limit:
        raise problems.codes_limit_reached(quota)
    batch = Batch(created_at=store.now, created_by=store.settings.author)
    codes = [_code(item, batch) for item in requested]
    # A code that is spelled like its key and has nothing of its own is stored as the batch.
    book.extend({key: batch if _is_plain(code, key) else code for key, code in zip(keys, codes, strict=True)})
    others = store.state.promotions[family].code_index
    elsewhere = {key for key, _ in others.holders(tuple(keys), besides=promotion.id)}
    repeated = [code.code for key, code in zip(keys, codes, strict=True) if key in elsewhere]
    return CreatedCodes(codes, repeated)


def list_codes(
    store: Store, promotion: Promotion, page: Page, filter_text: str | None, sort: str | None = None
) -> Listing:
    """The promotion's codes, oldest first unless sorted.

    A page costs its length; the first sorted page of a promotion sorts its codes. `gt(code,...)` sorts even
    without `sort`: clients use it to continue after the last code of a page. A family whose codes cannot be
    sorted ignores `sort`, as lists ignore any unknown parameter.

    Raises:
        ApiError: 400, the filter or the sort is not valid.
    """
    sortable = promotion.family.codes_sortable
    if not sortable:
        sort = None
    elif sort is not None and sort not in SORTS:
        raise problems.bad_sort(sort, SORTS)
    condition = read_filter(store.settings, filter_text, _ORDERED if sortable else _EXACT)
    book = store.codes_of(promotion)
    if condition is None and sort is None:
        codes, total = book.page(page.offset, page.limit), len(book)
    elif condition is not None and any(part.operator == "eq" for part in condition.conditions):
        found = _equal(book, condition)
        codes, total = list(page.slice(found)), len(found)
    else:
        parts = condition.conditions if condition is not None else ()
        above = max((book.key(part.operands[0]) for part in parts), default=None)
        codes, total = book.sorted_page(page, above=above, descending=sort == "-code")
    return Listing(encode_codes(store, promotion, codes, stored=True), total)


def encode_codes(store: Store, promotion: Promotion, codes: Iterable[Code], *, stored: bool) -> list[bytes]:
    """Codes as JSON; `stored` adds what lists print but the response to a create doesn't."""
    book = store.codes_of(promotion)
    with_type = promotion.family.codes_have_type and store.settings.rule_code_type
    return [
        msgspec.json.encode(
            code_document(code, book.id_of(book.key(code.code)), with_type=with_type, stored=stored)
        )
        for code in codes
    ]


def delete_code(store: Store, promotion: Promotion, segment: str) -> None:
    """Delete the code that a path names, by its id where it has one or by itself.

    Raises:
        ApiError: 404, the promotion has no such code.
    """
    book = store.codes_of(promotion)
    key = book.find(segment)
    if key is None:
        raise problems.code_not_found()
    book.remove((key,))


def delete_codes(store: Store, promotion: Promotion, request: Mapping[str, Any]) -> None:
    """Delete codes, each named by itself or by its id. Unknown names are ignored."""
    book = store.codes_of(promotion)
    found = (book.find(item["code"]) for item in request["codes"])
    book.remove({key for key in found if key is not None})


def _equal(book: CodeBook, condition: CompiledFilter) -> list[Code]:
    first = next(part for part in condition.conditions if part.operator == "eq")
    code = book.code_at(book.key(first.operands[0]))
    return [code] if code is not None and condition.matches(code) else []


def _known_fields(family: Family, item: Mapping[str, Any], request: Mapping[str, Any]) -> Mapping[str, Any]:
    """The fields of a requested code that its family knows."""
    known = {name: item[name] for name in ("code", *family.code_fields) if name in item}
    # A published client puts the unit beside the codes instead of inside each.
    unit = request.get("consume_unit")
    if family.unit_beside_codes and unit in family.consume_units:
        known.setdefault("consume_unit", unit)
    return known


def _code(item: Mapping[str, Any], batch: Batch) -> Code:
    user = item.get("user")
    users = tuple(user) if isinstance(user, list) else user
    return Code(**{**item, "batch": batch, "max_uses": item.get("uses"), "user": users})


def _is_plain(code: Code, key: str) -> bool:
    own = (code.consume_unit, code.uses, code.user, code.max_uses_per_shopper, code.is_for_new_shopper)
    return code.code == key and all(value is None for value in own)
