"""Promotions and their codes, through the API itself."""

from __future__ import annotations

from typing import Any, Final, Unpack

from ep_mock.domain.families import FAMILIES, FamilyName, family_named
from ep_mock.handle.client import StoreClient
from ep_mock.handle.keywords import Checkout
from ep_mock.handle.records import Usage

_DEFAULTS: Final[dict[FamilyName, dict[str, Any]]] = {
    "standard": {
        "description": "Made by a test",
        "promotion_type": "fixed_discount",
        "schema": {"currencies": [{"currency": "USD", "amount": 1000}]},
    },
    "rule": {
        "rule_set": {
            "rules": {"strategy": "cart_total", "operator": "gte", "args": [10000]},
            "actions": [{"strategy": "cart_discount", "args": ["percent", 10]}],
        },
    },
}
_COMMON: Final[dict[str, Any]] = {"enabled": True, "automatic": False, "start": "2000-01-01", "end": "2100-01-01"}


class Promotion(dict[str, Any]):
    """A promotion as the API answers it, without `data` around it."""

    @property
    def id(self) -> str:
        """Its id."""
        identity: str = self["id"]
        return identity

    @property
    def family(self) -> FamilyName:
        """`standard` or `rule`."""
        return next(family.name for family in FAMILIES if family.promotion_type == self["type"])

    @property
    def path(self) -> str:
        """Where the API has it: `/v2/promotions/{id}` or `/v2/rule-promotions/{id}`."""
        return path_of(self, self.family)


def path_of(promotion: Promotion | str, family: FamilyName) -> str:
    """Where the API has a promotion; the family counts where it is given by its id."""
    if isinstance(promotion, Promotion):
        return f"/v2/{family_named(promotion.family).collection}/{promotion.id}"
    return f"/v2/{family_named(family).collection}/{promotion}"


def id_of(promotion: Promotion | str) -> str:
    """The id of a promotion."""
    return promotion.id if isinstance(promotion, Promotion) else promotion


class PromotionsHandle:
    """Creates and looks at promotions."""

    def __init__(self, client: StoreClient) -> None:
        self._client = client

    def create(self, family: FamilyName = "standard", *, name: str = "A promotion", **fields: Any) -> Promotion:
        """Create a promotion; what is not given has a sensible value, so that `create()` will do. It is in force and not automatic."""
        kind = family_named(family)
        document = {"type": kind.promotion_type, **_COMMON, **_DEFAULTS[family], "name": name, **fields}
        return Promotion(self._client.api("POST", f"/v2/{kind.collection}", {"data": document})["data"])

    def get(self, promotion: Promotion | str, family: FamilyName = "standard") -> Promotion:
        """A promotion as it is now."""
        return Promotion(self._client.api("GET", path_of(promotion, family))["data"])

    def list(self, family: FamilyName = "standard") -> list[Promotion]:
        """The newest hundred promotions of a family."""
        answer = self._client.api("GET", f"/v2/{family_named(family).collection}?page[limit]=100")
        return [Promotion(each) for each in answer["data"]]

    def delete(self, promotion: Promotion | str, family: FamilyName = "standard") -> None:
        """Delete a promotion with all that belongs to it."""
        self._client.api("DELETE", path_of(promotion, family))


class CodesHandle:
    """Looks at the codes of a promotion, adds some by hand, and uses them as a checkout would."""

    def __init__(self, client: StoreClient) -> None:
        self._client = client

    def list(self, promotion: Promotion | str, family: FamilyName = "standard") -> list[dict[str, Any]]:
        """The first 10,100 codes of a promotion, as far as the API's pages reach, in its order."""
        found: list[dict[str, Any]] = []
        for offset in range(0, 10_001, 100):
            answer = self._client.api("GET", f"{path_of(promotion, family)}/codes?page[offset]={offset}&page[limit]=100")
            found += answer["data"]
            if len(found) >= answer["meta"]["results"]["total"]:
                break
        return found

    def count(self, promotion: Promotion | str, family: FamilyName = "standard") -> int:
        """How many codes a promotion has."""
        answer = self._client.api("GET", f"{path_of(promotion, family)}/codes?page[limit]=1")
        total: int = answer["meta"]["results"]["total"]
        return total

    def create(self, promotion: Promotion | str, *codes: str | dict[str, Any], family: FamilyName = "standard") -> None:
        """Add codes, each a text or an object such as `{"code": "SUMMER", "uses": 3}`; all or none."""
        items = [{"code": code} if isinstance(code, str) else code for code in codes]
        self._client.api("POST", f"{path_of(promotion, family)}/codes", {"data": {"type": "promotion_codes", "codes": items}})

    def use(self, promotion: Promotion | str, code: str, **checkout: Unpack[Checkout]) -> Usage:
        """Record a use, as a checkout would."""
        return self._client.read(Usage, "POST", f"/promotions/{id_of(promotion)}/usages", {"code": code, **checkout})
