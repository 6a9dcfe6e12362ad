"""Promotions and jobs, however a caller names them, and where the API has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias
from urllib.parse import quote

from ep_mock.control_messages import Job, JobHistory, LoadedPromotion
from ep_mock.domain.families import FAMILIES, FamilyName, family_named
from ep_mock.handle.arguments import check_word, wrong
from ep_mock.handle.errors import RefusedError
from ep_mock.handle.store_client import StoreClient

FAMILY_NAMES: Final = tuple(family.name for family in FAMILIES)

_NOT_FOUND: Final = 404


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
        return path_of(self.id, self.family)

    if not TYPE_CHECKING:  # A type checker would take any name.

        def __getattr__(self, name: str) -> object:
            hint = f"write promotion[{name!r}]" if name in self else "its properties are its keys"
            raise AttributeError(f"a promotion is a dictionary and has no attribute {name!r}: {hint}")


AnyPromotion: TypeAlias = Promotion | LoadedPromotion | Mapping[str, Any] | str
"""A promotion: what the handle or the API has answered, or its id."""

AnyJob: TypeAlias = Job | JobHistory | Mapping[str, Any] | str
"""A job: what the handle or the API has answered, or its id."""


class Location(NamedTuple):
    """A promotion that a caller means; the family is None where it is not known."""

    id: str
    family: FamilyName | None


def path_of(identity: str, family: FamilyName) -> str:
    """Where the API has a promotion."""
    return f"/v2/{family_named(family).collection}/{quote(identity, safe='')}"


def place_of(verb: str, promotion: AnyPromotion, family: FamilyName | None = None) -> Location:
    """The promotion that is meant. `family` counts where the promotion does not say it itself.

    Raises:
        UsageError: this is no promotion, or the family is none.
    """
    if family is not None:
        check_word(f"{verb}: family", family, FAMILY_NAMES)
    if isinstance(promotion, Mapping):
        fields = _inner(promotion)
        own = next((each.name for each in FAMILIES if each.promotion_type == fields.get("type")), family)
        identity = fields.get("id")
    elif isinstance(promotion, LoadedPromotion):
        own, identity = promotion.family, promotion.id
    else:
        own, identity = family, promotion
    if not isinstance(identity, str) or not identity:
        hint = "write job.promotion_id" if isinstance(promotion, Job | JobHistory) else ""
        raise wrong(f"{verb}: promotion", "a promotion or its id", promotion, hint)
    return Location(identity, own)


def call_promotion(
    client: StoreClient, method: str, place: Location, below: str = "", body: object = None
) -> dict[str, Any]:
    """A call to the API about a promotion. Where the family is not known, it is the one that has the
    promotion.

    Raises:
        RefusedError: the API refused it, or there is no such promotion.
    """
    if place.family is not None:
        return client.api(method, path_of(place.id, place.family) + below, body)
    first, *others = FAMILY_NAMES
    try:
        return client.api(method, path_of(place.id, first) + below, body)
    except RefusedError as error:
        if error.status != _NOT_FOUND:
            raise
        unknown = error
    for family in others:
        try:
            return client.api(method, path_of(place.id, family) + below, body)
        except RefusedError as error:
            if error.status != _NOT_FOUND:
                raise
    raise unknown


def job_id_of(verb: str, job: AnyJob) -> str:
    """The id of the job that is meant.

    Raises:
        UsageError: this is no job.
    """
    identity: object = job
    if isinstance(job, JobHistory):
        identity = job.job.id
    elif isinstance(job, Job):
        identity = job.id
    elif isinstance(job, Mapping):
        fields = _inner(job)
        identity = None if isinstance(job, Promotion) else fields.get("id")
    if not isinstance(identity, str) or not identity:
        hint = "say promotion=... for the newest job of a promotion" if isinstance(job, Promotion) else ""
        raise wrong(f"{verb}: job", "a job or its id", job, hint)
    return identity


def _inner(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """What is inside `data`, where a whole answer of the API was given."""
    data = document.get("data")
    return data if isinstance(data, Mapping) else document
