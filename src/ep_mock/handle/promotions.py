"""Promotions and their codes, through the API itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Unpack
from urllib.parse import quote

from ep_mock.control_messages import Usage
from ep_mock.domain.families import FamilyName, family_named
from ep_mock.domain.ordinary_promotions import ordinary_promotion
from ep_mock.domain.paging import MAXIMUM_LIMIT, MAXIMUM_OFFSET
from ep_mock.errors import UsageError
from ep_mock.handle.arguments import argument_error, check_keywords, check_word
from ep_mock.handle.references import FAMILY_NAMES, AnyPromotion, Promotion, promotion_reference
from ep_mock.handle.store_client import StoreClient
from ep_mock.handle.typed_arguments import Checkout

_REACHABLE: Final = MAXIMUM_OFFSET + MAXIMUM_LIMIT


class PromotionsHandle:
    """Creates, reads and deletes promotions."""

    def __init__(self, client: StoreClient) -> None:
        self._client = client

    def create(
        self, family: FamilyName = "standard", *, name: str = "A promotion", **fields: Any
    ) -> Promotion:
        """Create a promotion. All fields have defaults; the promotion is active and not automatic."""
        check_word("promotions.create: family", family, FAMILY_NAMES, "write a name as name=...")
        kind = family_named(family)
        document = ordinary_promotion(kind, name, fields)
        return Promotion(self._client.api("POST", f"/v2/{kind.collection}", {"data": document})["data"])

    def get(self, promotion: AnyPromotion, family: FamilyName | None = None) -> Promotion:
        """Return the current state of a promotion."""
        reference = promotion_reference("promotions.get", promotion, family)
        return Promotion(reference.call(self._client, "GET")["data"])

    def list(self, family: FamilyName = "standard") -> list[Promotion]:
        """List all promotions of a family, newest first.

        Raises:
            UsageError: there are more than 10,100, the maximum that the API's pages reach.
        """
        check_word("promotions.list: family", family, FAMILY_NAMES)
        path = f"/v2/{family_named(family).collection}"
        found = _all_pages("promotions.list", lambda page: self._client.api("GET", f"{path}?{page}"))
        return [Promotion(each) for each in found]

    def delete(self, promotion: AnyPromotion, family: FamilyName | None = None) -> None:
        """Delete a promotion with its codes and jobs."""
        promotion_reference("promotions.delete", promotion, family).call(self._client, "DELETE")


class CodesHandle:
    """Lists, creates and uses the codes of a promotion."""

    def __init__(self, client: StoreClient) -> None:
        self._client = client

    def list(self, promotion: AnyPromotion, family: FamilyName | None = None) -> list[dict[str, Any]]:
        """List all codes of a promotion, in the API's order.

        Raises:
            UsageError: there are more than 10,100, the maximum that the API's pages reach. An export has all.
        """
        reference = promotion_reference("codes.list", promotion, family)
        return _all_pages("codes.list", lambda page: reference.call(self._client, "GET", f"/codes?{page}"))

    def count(self, promotion: AnyPromotion, family: FamilyName | None = None) -> int:
        """Return the number of codes of a promotion."""
        reference = promotion_reference("codes.count", promotion, family)
        first_page = reference.call(self._client, "GET", "/codes?page[limit]=1")
        total: int = first_page["meta"]["results"]["total"]
        return total

    def create(
        self, promotion: AnyPromotion, *codes: str | Mapping[str, Any], family: FamilyName | None = None
    ) -> None:
        """Add codes, each as text or as an object such as `{"code": "SUMMER", "uses": 3}`: all or none."""
        reference = promotion_reference("codes.create", promotion, family)
        arguments: tuple[object, ...] = codes
        for code in arguments:
            if not isinstance(code, str | Mapping):
                hint = "write codes.create(promotion, *codes)" if isinstance(code, list | tuple | set) else ""
                raise argument_error(
                    "codes.create: code", "text or an object with the key 'code'", code, hint
                )
        if not codes:
            raise UsageError(
                "codes.create: expected at least one code, as in codes.create(promotion, 'SUMMER')"
            )
        items = [{"code": code} if isinstance(code, str) else code for code in codes]
        body = {"data": {"type": "promotion_codes", "codes": items}}
        reference.call(self._client, "POST", "/codes", body)

    def use(self, promotion: AnyPromotion, code: str, **checkout: Unpack[Checkout]) -> Usage:
        """Record a use of a code, as a checkout does."""
        promotion_id = promotion_reference("codes.use", promotion).id
        argument: object = code
        if not isinstance(argument, str):
            hint = "write code['code']" if isinstance(argument, Mapping) else ""
            if isinstance(argument, Promotion):
                hint = "the promotion comes first"
            raise argument_error("codes.use: code", "the text of a code", argument, hint)
        check_keywords("codes.use", checkout, Checkout)
        path = f"/promotions/{quote(promotion_id, safe='')}/usages"
        return self._client.read(Usage, "POST", path, {"code": code, **checkout})


def _all_pages(verb: str, get_page: Callable[[str], dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the items of all pages of a list. The argument of `get_page` is the query for one page."""
    found: list[dict[str, Any]] = []
    for offset in range(0, _REACHABLE, MAXIMUM_LIMIT):
        page = get_page(f"page[offset]={offset}&page[limit]={MAXIMUM_LIMIT}")
        found += page["data"]
        total: int = page["meta"]["results"]["total"]
        if len(found) >= total:
            return found
    raise UsageError(
        f"{verb}: the API's pages reach only {_REACHABLE:,} of {total:,}; codes.count() counts codes, and "
        "jobs.file() of an export has all of them"
    )
