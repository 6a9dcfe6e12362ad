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
from ep_mock.handle.arguments import check_keywords, check_word, wrong
from ep_mock.handle.places import FAMILY_NAMES, AnyPromotion, Promotion, call_promotion, place_of
from ep_mock.handle.store_client import StoreClient
from ep_mock.handle.typed_arguments import Checkout

_PAGE: Final = MAXIMUM_LIMIT
_LAST_OFFSET: Final = MAXIMUM_OFFSET


class PromotionsHandle:
    """Creates and looks at promotions."""

    def __init__(self, client: StoreClient) -> None:
        self._client = client

    def create(
        self, family: FamilyName = "standard", *, name: str = "A promotion", **fields: Any
    ) -> Promotion:
        """Create a promotion; what is not given has a sensible value, so that `create()` will do. It is in
        force and not automatic.
        """
        check_word("promotions.create: family", family, FAMILY_NAMES, "a name is given as name=...")
        kind = family_named(family)
        document = ordinary_promotion(kind, name, fields)
        return Promotion(self._client.api("POST", f"/v2/{kind.collection}", {"data": document})["data"])

    def get(self, promotion: AnyPromotion, family: FamilyName | None = None) -> Promotion:
        """A promotion as it is now."""
        place = place_of("promotions.get", promotion, family)
        return Promotion(call_promotion(self._client, "GET", place)["data"])

    def list(self, family: FamilyName = "standard") -> list[Promotion]:
        """All promotions of a family, newest first.

        Raises:
            UsageError: there are more than the pages of the API reach, which are 10,100.
        """
        check_word("promotions.list: family", family, FAMILY_NAMES)
        path = f"/v2/{family_named(family).collection}"
        return [
            Promotion(each)
            for each in _all_pages("promotions.list", lambda page: self._client.api("GET", f"{path}?{page}"))
        ]

    def delete(self, promotion: AnyPromotion, family: FamilyName | None = None) -> None:
        """Delete a promotion with all that belongs to it."""
        call_promotion(self._client, "DELETE", place_of("promotions.delete", promotion, family))


class CodesHandle:
    """Looks at the codes of a promotion, adds some by hand, and uses them as a checkout would."""

    def __init__(self, client: StoreClient) -> None:
        self._client = client

    def list(self, promotion: AnyPromotion, family: FamilyName | None = None) -> list[dict[str, Any]]:
        """All codes of a promotion, in the API's order.

        Raises:
            UsageError: there are more than the pages of the API reach, which are 10,100; an export has all.
        """
        place = place_of("codes.list", promotion, family)
        return _all_pages(
            "codes.list", lambda page: call_promotion(self._client, "GET", place, f"/codes?{page}")
        )

    def count(self, promotion: AnyPromotion, family: FamilyName | None = None) -> int:
        """How many codes a promotion has."""
        place = place_of("codes.count", promotion, family)
        total: int = call_promotion(self._client, "GET", place, "/codes?page[limit]=1")["meta"]["results"][
            "total"
        ]
        return total

    def create(
        self, promotion: AnyPromotion, *codes: str | Mapping[str, Any], family: FamilyName | None = None
    ) -> None:
        """Add codes, each a text or an object such as `{"code": "SUMMER", "uses": 3}`; all or none."""
        place = place_of("codes.create", promotion, family)
        given: tuple[object, ...] = codes
        for code in given:
            if not isinstance(code, str | Mapping):
                hint = "write codes.create(promotion, *codes)" if isinstance(code, list | tuple | set) else ""
                raise wrong("codes.create: code", "text or an object with the key 'code'", code, hint)
        if not codes:
            raise UsageError(
                "codes.create: expected at least one code, as in codes.create(promotion, 'SUMMER')"
            )
        items = [{"code": code} if isinstance(code, str) else code for code in codes]
        call_promotion(
            self._client, "POST", place, "/codes", {"data": {"type": "promotion_codes", "codes": items}}
        )

    def use(self, promotion: AnyPromotion, code: str, **checkout: Unpack[Checkout]) -> Usage:
        """Record a use, as a checkout would."""
        identity = place_of("codes.use", promotion).id
        given: object = code
        if not isinstance(given, str):
            hint = "the promotion comes first" if isinstance(given, Promotion) else "write code['code']"
            raise wrong(
                "codes.use: code", "the text of a code", given, hint if isinstance(given, Mapping) else ""
            )
        check_keywords("codes.use", checkout, Checkout, {"times": "did you mean 'times_used'?"})
        return self._client.read(
            Usage, "POST", f"/promotions/{quote(identity, safe='')}/usages", {"code": code, **checkout}
        )


def _all_pages(verb: str, page: Callable[[str], dict[str, Any]]) -> list[dict[str, Any]]:
    """What all pages of a list have; `page` gets the query that asks for one of them."""
    found: list[dict[str, Any]] = []
    for offset in range(0, _LAST_OFFSET + 1, _PAGE):
        answer = page(f"page[offset]={offset}&page[limit]={_PAGE}")
        found += answer["data"]
        total: int = answer["meta"]["results"]["total"]
        if len(found) >= total:
            return found
    raise UsageError(
        f"{verb}: the pages of the API reach {_LAST_OFFSET + _PAGE:,} of them, and there are {total:,}; "
        f"codes.count() counts codes, and "
        "jobs.file() of an export has them all"
    )
