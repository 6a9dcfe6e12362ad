"""Operations on usages: record, list, anonymize. The store must be settled.

Usages come from checkouts, which are outside the API. So only the control plane can record one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from ep_mock.domain import problems
from ep_mock.domain.codes import Code
from ep_mock.domain.families import Family
from ep_mock.domain.filters import Attribute
from ep_mock.domain.paging import Page
from ep_mock.operations.listing import Listing, read_filter
from ep_mock.simulation.promotion import Promotion
from ep_mock.simulation.store import Store
from ep_mock.simulation.usage import Usage

ANONYMOUS = "**"

_DATES = frozenset({"gt", "ge", "le", "lt"})
_FILTERS: Mapping[str, Attribute] = {
    "id": Attribute(frozenset({"eq"}), "string", lambda usage: usage.id),
    "code": Attribute(frozenset({"eq"}), "string", lambda usage: usage.code),
    "used_on": Attribute(_DATES, "date", lambda usage: usage.used_on),
}
_FOLDING_FILTERS: Mapping[str, Attribute] = {
    **_FILTERS,
    "code": Attribute(frozenset({"eq"}), "folded", lambda usage: usage.code),
}


class Anonymized(NamedTuple):
    """The anonymized usages as JSON, and the unknown ids."""

    usages: list[bytes]
    unknown: list[str]


def record_usage(store: Store, promotion: Promotion, request: Mapping[str, Any]) -> Usage:
    """Take uses from a code and record them, as a checkout does.

    `request` has `code`, and optionally `times_used`, `order_id`, `customer_id`, `customer_email`,
    `account_id`, and `new_shopper`: whether the shopper has never paid an order (default true).

    Raises:
        ApiError: 404 no such code; 422 the promotion doesn't run, or the code is used up, for another user,
            or used up by this shopper.
    """
    book = store.codes_of(promotion)
    key = book.key(request["code"])
    code = book.code_at(key)
    if code is None:
        raise problems.code_not_found()
    times = request.get("times_used", 1)
    refusal = _refusal(store, promotion, code, key, request, times)
    if refusal is not None:
        raise problems.unprocessable(refusal)
    if code.uses is not None:
        book.replace(key, msgspec.structs.replace(code, uses=code.uses - times))
    usage = Usage(
        id=store.state.new_id(),
        family=promotion.family,
        code_id=store.state.entropy.uuid_of("code", promotion.id, key),
        code=code.code,
        code_key=key,
        times_used=times,
        used_on=store.now,
        updated_at=store.now,
        order_id=request.get("order_id"),
        customer_id=request.get("customer_id"),
        customer_email=request.get("customer_email"),
        account_id=request.get("account_id"),
    )
    promotion.usages.append(usage)
    store.state.usages[promotion.family][usage.id] = usage
    return usage


def list_usages(
    store: Store, promotion: Promotion, page: Page, filter_text: str | None, sort: str | None
) -> Listing:
    """The usages of a promotion, the latest change first unless sorted.

    Raises:
        ApiError: 400, the filter or the sort is not valid.
    """
    sorts = promotion.family.usage_sorts
    return _list(store, promotion.family, promotion.usages, page, filter_text, sort, "-updated_at", sorts)


def list_code_usages(
    store: Store, promotion: Promotion, segment: str, page: Page, filter_text: str | None, sort: str | None
) -> Listing:
    """The usages of one code, named by itself or its id, the earliest first unless sorted.

    Raises:
        ApiError: 404 the promotion neither has nor had that code, 400 the filter or the sort is not valid.
    """
    book = store.codes_of(promotion)
    key = book.find(segment) or book.key(segment)
    usages = [usage for usage in promotion.usages if usage.code_key == key]
    if not usages and key not in book.entries:
        raise problems.code_not_found()
    sorts = promotion.family.code_usage_sorts
    return _list(store, promotion.family, usages, page, filter_text, sort, "used_on", sorts)


def anonymize_usages(store: Store, family: Family, request: Mapping[str, Any]) -> Anonymized:
    """Remove from usages of any promotion what identifies the shopper.

    Unknown ids don't prevent this for the known ones.
    """
    known = store.state.usages[family]
    ids = list(dict.fromkeys(request["usage_ids"]))
    done = [known[each] for each in ids if each in known]
    for usage in done:
        if usage.customer_email is not None:
            usage.customer_email = ANONYMOUS
        if family.anonymizing_drops_customer:
            usage.customer_id = None
        usage.anonymized = True
        usage.updated_at = store.now
        usage.updated_by = store.settings.author
    return Anonymized([usage.listed() for usage in done], [each for each in ids if each not in known])


def _list(
    store: Store,
    family: Family,
    usages: Sequence[Usage],
    page: Page,
    filter_text: str | None,
    sort: str | None,
    default_sort: str,
    sorts: Sequence[str],
) -> Listing:
    if not sorts:
        sort = None
    elif sort is not None and sort.removeprefix("-") not in sorts:
        raise problems.bad_sort(sort, [each for name in sorts for each in (name, f"-{name}")])
    filters = _FOLDING_FILTERS if family.codes_fold_case else _FILTERS
    condition = read_filter(store.settings, filter_text, filters)
    if condition is not None:
        usages = list(filter(condition.matches, usages))
    order = sort or default_sort
    chosen = sorted(usages, key=lambda usage: _rank(usage, order.removeprefix("-")))
    if order.startswith("-"):
        chosen.reverse()
    return Listing([usage.listed() for usage in page.slice(chosen)], len(chosen))


def _rank(usage: Usage, name: str) -> tuple[bool, Any]:
    value = getattr(usage, name)
    return (True, value) if value is not None else (False, 0)


def _refusal(
    store: Store, promotion: Promotion, code: Code, key: str, request: Mapping[str, Any], times: int
) -> str | None:
    """Why the code cannot be used for this request, or None."""
    if not promotion.fields["enabled"] or promotion.expired(store.now) or promotion.start > store.now:
        return "the promotion is not running"
    if code.uses is not None and code.uses < times:
        return f"the code has {code.uses} uses left, {times} are needed"
    customer, email = request.get("customer_id"), request.get("customer_email")
    if code.user is not None:
        users = (code.user,) if isinstance(code.user, str) else code.user
        if customer not in users and email not in users:
            return "the code is for another user"
    if code.is_for_new_shopper and not request.get("new_shopper", True):
        return "the code is for first-time shoppers"
    return _shopper_refusal(promotion, code, key, customer, email, times)


def _shopper_refusal(
    promotion: Promotion, code: Code, key: str, customer: str | None, email: str | None, times: int
) -> str | None:
    limits = code.max_uses_per_shopper
    if limits is None or "max_uses" not in limits:
        return None
    if customer is None and not limits.get("includes_guests", False):
        return "the code is for registered shoppers"
    if customer is None and email is None:
        return "the code needs a shopper with an email"
    used = sum(
        usage.times_used
        for usage in promotion.usages
        if usage.code_key == key
        and (usage.customer_id == customer if customer is not None else usage.customer_email == email)
    )
    if used + times > limits["max_uses"]:
        return f"the shopper has used the code {used} times, {limits['max_uses']} are allowed"
    return None
