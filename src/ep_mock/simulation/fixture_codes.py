"""The codes of a fixture: those given one by one, those of which only the number is given, and those that ended jobs have left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from ep_mock.domain.codes import Batch, Code, first_unusable
from ep_mock.domain.location import Check, Place
from ep_mock.errors import ApiError
from ep_mock.simulation.content import Content
from ep_mock.simulation.family_promotions import FamilyPromotions
from ep_mock.simulation.fixture_jobs import IN_HANDS, JobInStatus
from ep_mock.simulation.fixtures import CodeEntry, GeneratedCodes
from ep_mock.simulation.promotion import Promotion
from ep_mock.simulation.task import new_growth

MOST_CODES: Final = 2_000_000
"""More codes than this a fixture cannot describe: they are made at once, while the store waits."""


class CodesDraft(NamedTuple):
    """Codes that a fixture describes, with their time in nanoseconds."""

    place: Place
    entry: CodeEntry | GeneratedCodes
    created_at: int


class NewPromotion(NamedTuple):
    """A promotion on its way into the store, and the codes and jobs that it is to have there."""

    place: Place
    promotion: Promotion
    codes: list[CodesDraft]
    jobs: list[JobInStatus]


def make_codes(
    content: Content, arriving: Sequence[NewPromotion], families: Mapping[str, FamilyPromotions], now: int, check: Check
) -> None:
    """Put into promotions that the store does not have yet the codes that they begin with, in order of creation.

    `families` has the same promotions by the name of their family.

    Raises:
        UsageError: a code is there twice or would be refused, or a promotion would have too many.
    """
    given = _GivenCodes(content, arriving, now)
    for new in arriving:
        given.add(new, check)
    room = MOST_CODES
    for new in arriving:
        _refuse_too_many(content, new)
        room -= _number_of_codes(new)
        if room < 0:
            raise new.place.at("codes").wrong(f"expected at most {MOST_CODES} codes in all promotions of a fixture; load several")
    for new in arriving:
        _make(content, new, families[new.promotion.family.name], given.keys, now)


class _GivenCodes:
    """The codes that are given by name.

    Attributes:
        keys: all of them, as the families store them.
    """

    def __init__(self, content: Content, arriving: Sequence[NewPromotion], now: int) -> None:
        self._content = content
        self._now = now
        self._shared: dict[str, str] = {}
        self.keys: set[str] = set()

    def add(self, new: NewPromotion, check: Check) -> None:
        """Look at the codes that are given for a promotion."""
        promotion, family = new.promotion, new.promotion.family
        shares = family.codes_unique_in_store and self._content.settings.unique_codes and not promotion.expired(self._now)
        own: dict[str, str] = {}
        for place, entry, _ in new.codes:
            if not isinstance(entry, CodeEntry):
                _check_generated(promotion, entry, place, check)
                continue
            request = {name: value for name in ("code", *family.code_fields) if (value := getattr(entry, name)) is not None}
            request["uses"] = request.pop("max_uses", request.get("uses"))
            request = {name: value for name, value in request.items() if value is not None}
            try:
                check(family, "create_codes", {"type": "promotion_codes", "codes": [request]})
                if (refusal := first_unusable([request])) is not None:
                    raise refusal
            except ApiError as error:
                raise place.refused(error, inside=("codes", 0)) from None
            key = promotion.book.key(entry.code)
            if key in own or key in promotion.book.entries:
                raise place.at("code").wrong(f"{entry.code!r} is there already, at {own.get(key, new.place.path)}")
            if shares and (key in self._shared or self._content.taken_elsewhere(promotion, (key,), self._now)):
                other = self._shared.get(key, "a promotion that the store has")
                raise place.at("code").wrong(f"{entry.code!r} is a code of another unexpired promotion: {other}")
            own[key] = place.path
        self.keys |= own.keys()
        if shares:
            self._shared |= own


def _check_generated(promotion: Promotion, entry: GeneratedCodes, place: Place, check: Check) -> None:
    """A job with these parameters could be asked for; all of them but the prefix have been looked at before."""
    parameters = {"number_of_codes": entry.generate, **entry.parameters()}
    try:
        check(promotion.family, "create_job", {"type": "promotion_job", "job_type": "code_generate", "parameters": parameters})
    except ApiError as error:
        raise place.at("prefix").refused(error, inside=("parameters", "code_prefix")) from None


def _refuse_too_many(content: Content, new: NewPromotion) -> None:
    quota = content.codes_quota(new.promotion)
    settled = len(new.promotion.book) + sum(1 if isinstance(draft.entry, CodeEntry) else draft.entry.generate for draft in new.codes)
    settled += sum(each.codes for each in new.jobs if each.job.ended)
    for each in new.jobs:
        if each.job.status not in IN_HANDS or not each.generated:
            continue
        if settled + each.wanted > quota.limit:
            problem = f"expected 0, for the job fails: {each.wanted} codes besides {settled} pass the limit of {quota.limit}"
            raise each.place.at("generated_so_far").wrong(problem)
    # The own code of an automatic promotion does not count.
    if settled > max(quota.limit, len(new.promotion.book)):
        raise new.place.at("codes").wrong(f"with those of its jobs it has {settled}. {quota.sentence}")


def _number_of_codes(new: NewPromotion) -> int:
    """How many codes are made for a promotion when it joins the store."""
    described = sum(1 if isinstance(draft.entry, CodeEntry) else draft.entry.generate for draft in new.codes)
    return described + sum(each.codes if each.job.ended else each.generated for each in new.jobs)


def _make(content: Content, new: NewPromotion, arriving: FamilyPromotions, given: set[str], now: int) -> None:
    promotion = new.promotion
    family = promotion.family
    shares = family.codes_unique_in_store and content.settings.unique_codes

    def taken(keys: Mapping[str, object] | tuple[str, ...], at: int) -> bool:
        if not given.isdisjoint(keys) or content.taken_elsewhere(promotion, keys, at):
            return True
        return shares and next(arriving.names.holders(keys, besides=promotion.id), None) is not None

    batches: dict[int, Batch] = {}
    for at, part in sorted(_parts(new), key=lambda pair: pair[0]):
        if isinstance(part, CodeEntry):
            batch = batches.get(at)
            if batch is None:
                batch = batches[at] = Batch("", "", False, None, None, at, content.settings.author)
            promotion.book.extend({promotion.book.key(part.code): _code(part, batch)})
        else:
            new_growth(content, promotion, part.source, part.parameters, at).reach(part.number, lambda _: now, taken)


class _Series(NamedTuple):
    """Codes that are made from the seed: what they are made for, as what, and how many."""

    source: str
    parameters: dict[str, Any]
    number: int


def _parts(new: NewPromotion) -> Iterator[tuple[int, CodeEntry | _Series]]:
    for index, (_, entry, at) in enumerate(new.codes):
        if isinstance(entry, CodeEntry):
            yield at, entry
        else:
            yield at, _Series(f"{new.promotion.id} codes {index}", entry.parameters(), entry.generate)
    for each in new.jobs:
        if each.job.ended and each.codes:
            yield each.job.history[1].at, _Series(each.job.id, dict(each.job.parameters or {}), each.codes)


def _code(entry: CodeEntry, batch: Batch) -> Code:
    return Code(
        code=entry.code,
        batch=batch,
        consume_unit=entry.consume_unit,
        uses=entry.max_uses if entry.uses is None else entry.uses,
        max_uses=entry.uses if entry.max_uses is None else entry.max_uses,
        user=entry.user,
        max_uses_per_shopper=entry.max_uses_per_shopper,
        is_for_new_shopper=entry.is_for_new_shopper,
    )
