"""How callers refer to promotions and jobs: by an object that the handle or the API returned, or by id."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias
from urllib.parse import quote

from ep_mock.control_messages import Job, JobHistory, LoadedPromotion
from ep_mock.domain.families import FAMILIES, FamilyName, family_named
from ep_mock.handle.arguments import argument_error, check_word
from ep_mock.handle.errors import RefusedError
from ep_mock.handle.store_client import StoreClient

FAMILY_NAMES: Final = tuple(family.name for family in FAMILIES)

_NOT_FOUND: Final = 404


class Promotion(dict[str, Any]):
    """A promotion as the API returns it, without the `data` around it."""

    @property
    def id(self) -> str:
        """The promotion's id."""
        promotion_id: str = self["id"]
        return promotion_id

    @property
    def family(self) -> FamilyName:
        """`standard` or `rule`."""
        return next(family.name for family in FAMILIES if family.promotion_type == self["type"])

    @property
    def path(self) -> str:
        """The promotion's path in the API: `/v2/promotions/{id}` or `/v2/rule-promotions/{id}`."""
        return promotion_path(self.id, self.family)

    if not TYPE_CHECKING:  # With `__getattr__`, a type checker would accept any name.

        def __getattr__(self, name: str) -> object:
            hint = f"write promotion[{name!r}]" if name in self else "its properties are its keys"
            raise AttributeError(f"a promotion is a dictionary and has no attribute {name!r}: {hint}")


AnyPromotion: TypeAlias = Promotion | LoadedPromotion | Mapping[str, Any] | str
"""A promotion that the handle or the API returned, or its id."""

AnyJob: TypeAlias = Job | JobHistory | Mapping[str, Any] | str
"""A job that the handle or the API returned, or its id."""


class PromotionReference(NamedTuple):
    """A promotion that a caller refers to. The family is None when it is unknown."""

    id: str
    family: FamilyName | None

    def call(
        self, client: StoreClient, method: str, subpath: str = "", body: object = None
    ) -> dict[str, Any]:
        """Call the API for this promotion. If the family is unknown, try each one.

        Raises:
            RefusedError: the API refused the call, or no family has the promotion.
        """
        not_found = []
        for family in FAMILY_NAMES if self.family is None else (self.family,):
            try:
                return client.api(method, promotion_path(self.id, family) + subpath, body)
            except RefusedError as error:
                if error.status != _NOT_FOUND:
                    raise
                not_found.append(error)
        raise not_found[0]


def promotion_path(promotion_id: str, family: FamilyName) -> str:
    """The path of a promotion in the API."""
    return f"/v2/{family_named(family).collection}/{quote(promotion_id, safe='')}"


def promotion_reference(
    verb: str, promotion: AnyPromotion, family: FamilyName | None = None
) -> PromotionReference:
    """Read an argument that refers to a promotion. `family` is used if the promotion has no type.

    Raises:
        UsageError: the argument is not a promotion, or there is no such family.
    """
    if family is not None:
        check_word(f"{verb}: family", family, FAMILY_NAMES)
    promotion_id: object = promotion
    if isinstance(promotion, Mapping):
        fields = _without_data(promotion)
        family = next((each.name for each in FAMILIES if each.promotion_type == fields.get("type")), family)
        promotion_id = fields.get("id")
    elif isinstance(promotion, LoadedPromotion):
        family, promotion_id = promotion.family, promotion.id
    if not isinstance(promotion_id, str) or not promotion_id:
        hint = "write job.promotion_id" if isinstance(promotion, Job | JobHistory) else ""
        raise argument_error(f"{verb}: promotion", "a promotion or its id", promotion, hint)
    return PromotionReference(promotion_id, family)


def job_id_of(verb: str, job: AnyJob) -> str:
    """Read an argument that refers to a job.

    Raises:
        UsageError: the argument is not a job.
    """
    job_id: object = job
    if isinstance(job, JobHistory):
        job_id = job.job.id
    elif isinstance(job, Job):
        job_id = job.id
    elif isinstance(job, Mapping):
        job_id = None if isinstance(job, Promotion) else _without_data(job).get("id")
    if not isinstance(job_id, str) or not job_id:
        hint = "write promotion=... for the newest job of a promotion" if isinstance(job, Promotion) else ""
        raise argument_error(f"{verb}: job", "a job or its id", job, hint)
    return job_id


def _without_data(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """The content of `data`, if the document is a complete response of the API."""
    data = document.get("data")
    return data if isinstance(data, Mapping) else document
