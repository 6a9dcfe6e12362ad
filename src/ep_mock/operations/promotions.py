"""Operations on promotions: create, list, update, delete, history. The store must be settled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from ep_mock.domain import problems
from ep_mock.domain.dates import parse_date
from ep_mock.domain.families import RULE, STANDARD, Family
from ep_mock.domain.filters import Attribute, CompiledFilter
from ep_mock.domain.paging import Page
from ep_mock.errors import ApiError
from ep_mock.operations.listing import Listing, list_newest_first, read_filter
from ep_mock.simulation.code_book import CodeBook
from ep_mock.simulation.family_promotions import FamilyPromotions
from ep_mock.simulation.promotion import Promotion
from ep_mock.simulation.store import Store

_EQUAL = frozenset({"eq"})
_ORDER = frozenset({"lt", "le", "eq", "gt", "ge"})
_CONTAINS = frozenset({"contains"})
_FREE = ["percent", 100]


def _field(name: str) -> Attribute:
    return Attribute(_EQUAL, "boolean", lambda promotion: promotion.fields[name])


def _rules(promotion: Promotion) -> Mapping[str, Any]:
    rules: Mapping[str, Any] = promotion.fields["rule_set"]["rules"]
    return rules


def _args(rule: Mapping[str, Any]) -> list[str]:
    """The args of a rule as a filter spells them: texts as they are, everything else as JSON."""
    return [
        each if isinstance(each, str) else msgspec.json.encode(each).decode() for each in rule.get("args", ())
    ]


def _account_tags(rule: Mapping[str, Any]) -> Iterator[str]:
    """The tags that a rule, or any rule below it, requires."""
    pending = [rule]
    while pending:
        current = pending.pop()
        if current.get("strategy") == "account_tags":
            yield from (argument for argument in current.get("args", ()) if isinstance(argument, str))
        pending.extend(child for child in current.get("children", ()) if isinstance(child, dict))


FILTERS: Mapping[Family, Mapping[str, Attribute]] = {
    STANDARD: {"code": Attribute(_EQUAL, "list", lambda promotion: promotion.book)},
    RULE: {
        "code": Attribute(_EQUAL, "list", lambda promotion: promotion.book),
        "name": Attribute(frozenset({"like", "ilike"}), "string", lambda promotion: promotion.fields["name"]),
        "enabled": _field("enabled"),
        "stackable": _field("stackable"),
        "override_stacking": _field("override_stacking"),
        "start": Attribute(_ORDER, "date", lambda promotion: promotion.start),
        "end": Attribute(_ORDER, "date", lambda promotion: promotion.end),
        # Published: these two don't look at child conditions, account_tags does.
        "rule_set.rules.strategy": Attribute(
            frozenset({"eq", "in"}), "string", lambda promotion: _rules(promotion).get("strategy")
        ),
        "rule_set.rules.args": Attribute(_CONTAINS, "list", lambda promotion: _args(_rules(promotion))),
        "account_tags": Attribute(_CONTAINS, "list", lambda promotion: set(_account_tags(_rules(promotion)))),
    },
}


class _Draft(NamedTuple):
    """The new version of a promotion, before it is checked against the others."""

    fields: dict[str, Any]
    start: int
    end: int

    @property
    def automatic(self) -> bool:
        return bool(self.fields["automatic"])


def create_promotion(store: Store, family: Family, request: Mapping[str, Any]) -> Promotion:
    """Add a promotion. An automatic one gets a code of its own if its family has that.

    Raises:
        ApiError: 422 its start is not before its end, its priority is taken or the store is full; 400 too
            many automatic promotions.
    """
    promotion = new_promotion(store, family, request)
    store.add_promotion(promotion)
    return promotion


def new_promotion(
    store: Store,
    family: Family,
    request: Mapping[str, Any],
    *,
    beside: FamilyPromotions | None = None,
    id: str | None = None,  # noqa: A002 - the API's own word
    created_at: int | None = None,
    codes_limit: int | None = None,
) -> Promotion:
    """Make a promotion that fits to those of the store. The store doesn't have it yet.

    Args:
        beside: other new promotions, to which it must fit as well.

    Raises:
        ApiError: as for `create_promotion`.
    """
    draft = _Draft(
        fields={**family.promotion_defaults, **_known_fields(family, request)},
        start=parse_date(request["start"]),
        end=parse_date(request["end"]),
    )
    others = [store.state.promotions[family], *(() if beside is None else (beside,))]
    _check(store, family, draft, others)
    limit = store.settings.promotions_limit
    if sum(map(len, others)) >= limit:
        raise problems.unprocessable(f"Only {limit} promotions are allowed per store")
    state, author = store.state, store.settings.author
    promotion_id = state.new_id() if id is None else id
    now = store.now if created_at is None else created_at
    promotion = Promotion(
        id=promotion_id,
        family=family,
        store_id=state.store_id,
        fields=draft.fields,
        start=draft.start,
        end=draft.end,
        created_at=now,
        author=author,
        updated_at=now,
        updated_by=author,
        book=CodeBook(family, promotion_id, state.entropy),
        entropy=state.entropy,
        codes_limit=codes_limit,
    )
    promotion.update_automatic_code(now)
    return promotion


def list_promotions(store: Store, family: Family, page: Page, filter_text: str | None) -> Listing:
    """The family's promotions, newest first.

    Raises:
        ApiError: 400, the filter is not valid.
    """
    promotions = store.state.promotions[family]
    condition = read_filter(store.settings, filter_text, FILTERS[family])
    if condition is not None:
        return list_newest_first(_candidates(store, family, condition), page, condition)
    newest = promotions.newest(page.offset, page.limit)
    return Listing([promotion.listed() for promotion in newest], len(promotions))


def update_promotion(store: Store, promotion: Promotion, request: Mapping[str, Any]) -> Promotion:
    """Replace the fields in the request and keep the others.

    A later end reactivates an expired promotion and deletes its codes (published).

    Raises:
        ApiError: as for `create_promotion`; also 422 if an expired promotion has too many codes to be
            reactivated, or the new duration doesn't allow the number of its codes.
    """
    family, now, was_automatic = promotion.family, store.now, promotion.automatic
    draft = _Draft(
        fields={**promotion.fields, **_known_fields(family, request)},
        start=parse_date(request["start"]) if "start" in request else promotion.start,
        end=parse_date(request["end"]) if "end" in request else promotion.end,
    )
    _check(store, family, draft, [store.state.promotions[family]], previous=promotion)
    book = store.codes_of(promotion)
    is_reactivated = promotion.expired(now) and draft.end > now
    if is_reactivated and len(book) > store.settings.reenable_codes_limit:
        raise problems.too_many_codes_to_reactivate(family)
    lengthened = draft.end - draft.start > promotion.end - promotion.start
    quota = store.state.codes_quota(promotion, start=draft.start, end=draft.end)
    if lengthened and quota.lasts_long and not is_reactivated and len(book) > quota.limit:
        raise problems.lasts_too_long(quota.limit)
    if is_reactivated:
        book.clear()
    store.change_promotion(promotion, draft.fields, draft.start, draft.end)
    if promotion.automatic or was_automatic:
        promotion.update_automatic_code(now)
    return promotion


def list_history(promotion: Promotion, page: Page) -> Listing:
    """All versions of a promotion, newest first."""
    versions = [promotion.listed(), *reversed(promotion.previous_versions)]
    return Listing(list(page.slice(versions)), len(versions))


def delete_promotion(store: Store, promotion: Promotion) -> None:
    """Delete a promotion with its codes and jobs. The worker gives up its unfinished job."""
    store.remove_promotion(promotion)


def _candidates(store: Store, family: Family, condition: CompiledFilter) -> Sequence[Promotion]:
    """The promotions that can match a condition, oldest first: those with its code if it asks for one."""
    code = next((part.operands[0] for part in condition.conditions if part.attribute == "code"), None)
    if code is None:
        return list(store.state.promotions[family].values())
    return store.promotions_with_code(family, code)


def _known_fields(family: Family, request: Mapping[str, Any]) -> dict[str, Any]:
    return {key: request[key] for key in family.promotion_fields if key in request}


def _check(
    store: Store,
    family: Family,
    draft: _Draft,
    promotions: Sequence[FamilyPromotions],
    *,
    previous: Promotion | None = None,
) -> None:
    if draft.start >= draft.end:
        raise problems.unprocessable("start must be before end")
    if "rule_set" in draft.fields:
        _check_auto_add(draft.fields["rule_set"], automatic=draft.automatic)
    now = store.now
    if not family.ranks_promotions or not _runs_or_will_run(draft, now):
        return
    limit = store.settings.automatic_limit
    counted_already = previous is not None and previous.automatic and _runs_or_will_run(previous, now)
    number_automatic = sum(each.number_automatic(now) for each in promotions)
    if draft.automatic and not counted_already and number_automatic >= limit:
        raise problems.too_many_automatic(limit, updating=previous is not None)
    priority = draft.fields.get("priority")
    if priority is not None and any(
        each.has_priority(priority, now, besides=previous) for each in promotions
    ):
        raise problems.duplicate_priority()


def _runs_or_will_run(promotion: Promotion | _Draft, now: int) -> bool:
    return bool(promotion.fields["enabled"]) and promotion.end > now


def _check_auto_add(rule_set: Mapping[str, Any], *, automatic: bool) -> None:
    """Refuse an action that adds items by itself, unless the promotion is automatic and the items are free.

    The rule is published, the text of the error is ours.
    """
    for position, action in enumerate(rule_set["actions"]):
        adds = action.get("limitations", {}).get("items", {}).get("auto_add", False)
        if adds and not (automatic and action.get("args") == _FREE):
            source = f"data.rule_set.actions.{position}.limitations.items.auto_add"
            detail = "auto_add needs an automatic promotion and a discount of 100 percent"
            raise ApiError(400, [{"status": 400, "source": source, "title": "Bad Request", "detail": detail}])
