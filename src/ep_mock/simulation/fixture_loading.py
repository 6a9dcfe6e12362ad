"""Putting what a fixture describes into a store: all of it or, when something does not fit, nothing.

Promotions with their codes and jobs are built apart from the store, by the rules that hold for requests as well; only when everything is
right do they join it. From then on the ordinary rules apply to them, also to jobs that are in the middle of something.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import TypeVar

from ep_mock.domain.dates import format_nanos
from ep_mock.domain.families import FAMILIES
from ep_mock.domain.location import Check, Place
from ep_mock.errors import ApiError, UsageError
from ep_mock.simulation.family_promotions import FamilyPromotions
from ep_mock.simulation.fixture_codes import CodesDraft, NewPromotion, make_codes
from ep_mock.simulation.fixture_jobs import IN_HANDS, JobDraft, JobInStatus, draft_job, make_job
from ep_mock.simulation.fixtures import Fixture, PromotionEntry
from ep_mock.simulation.promotions import new_promotion
from ep_mock.simulation.store import Store
from ep_mock.traffic.rate_limit import check_rate_limit

_Entry = TypeVar("_Entry")


def load_fixture(store: Store, fixture: Fixture, check: Check) -> None:
    """Add to a store what a fixture describes. The store must have been settled.

    Raises:
        UsageError: something contradicts itself, the contract, or what the store has; then the store is as before.
    """
    content = store.content
    settings, drawn, jobs_created = content.settings, content.entropy.drawn, content.jobs_created
    try:
        arriving = _build(store, fixture, check)
    except BaseException:
        content.change_settings(settings)
        content.entropy.drawn, content.jobs_created = drawn, jobs_created
        raise
    _join(store, arriving)


def _build(store: Store, fixture: Fixture, check: Check) -> list[NewPromotion]:
    """Make everything apart from the store, of which no more than the settings and the counts of ids and jobs change meanwhile."""
    try:
        changed = store.settings.with_changes(fixture.settings, scopes=("store",))
        check_rate_limit(changed.rate_limit, store.clock.mode)
        store.bring_codes()
        store.content.change_settings(changed)
    except UsageError as error:
        raise fixture.place.at("settings").wrong(str(error)) from None
    named = _refuse_repeated_ids(store, fixture)
    arriving: list[NewPromotion] = []
    families: dict[str, FamilyPromotions] = {family.name: FamilyPromotions() for family in FAMILIES}
    drafts: list[JobDraft] = []
    for entry in fixture.promotions:
        promotion_id = entry.id or _new_id(store, named)
        new = _arrival(store, entry, promotion_id, families[entry.family.name], check)
        arriving.append(new)
        drafts += [draft_job(job, new.promotion, new.place.at("jobs", index), store.now) for index, job in enumerate(entry.jobs)]
    by_promotion = {new.promotion.id: new for new in arriving}
    for draft in sorted(drafts, key=lambda draft: draft.created_at):
        own = by_promotion[draft.promotion.id].jobs
        _refuse_overlap(store, draft, own)
        own.append(make_job(store, draft, draft.entry.id or _new_id(store, named), check))
    _refuse_two_in_hands(store, [job for new in arriving for job in new.jobs])
    make_codes(store.content, arriving, families, store.now, check)
    return arriving


def _join(store: Store, arriving: list[NewPromotion]) -> None:
    """Hand everything over to the store and its worker; nothing can go wrong any more."""
    for new in arriving:
        store.add_promotion(new.promotion)
    jobs = sorted((job for new in arriving for job in new.jobs), key=lambda each: each.job.number)
    history = [(transition.at, each.job, place) for each in jobs for place, transition in enumerate(each.job.history)]
    for _, job, place in sorted(history, key=lambda change: change[0]):
        store.content.record(job, place)
    for each in jobs:
        if each.job.status == "completed" and each.job.parameters is None:
            each.promotion.keep_export(each.job.id)
    for each in jobs:
        if each.job.status in IN_HANDS:
            store.worker.take_over(each.job, each.promotion, store.now, generated=each.generated, deleted=each.deleted)
    for each in jobs:
        if each.job.status == "pending":
            store.worker.take_in(each.job, each.promotion, store.now)


def _arrival(
    store: Store,
    entry: PromotionEntry,
    promotion_id: str,
    beside: FamilyPromotions,
    check: Check,
) -> NewPromotion:
    place, family, now = entry.place, entry.family, store.now
    codes = [CodesDraft(at, code, at.at("created_at").past(code.created_at, now)) for at, code in _placed(place, "codes", entry.codes)]
    oldest = min([now, *(draft.created_at for draft in codes)])
    for at, job in _placed(place, "jobs", entry.jobs):
        oldest = min(oldest, at.at("created_at").past(job.created_at, now))
    created_at = oldest if entry.created_at is None else place.at("created_at").past(entry.created_at, now)
    if created_at > oldest:
        raise place.at("created_at").wrong(f"a code or job of the promotion is older, from {format_nanos(oldest)}")
    try:
        request = check(family, "create_promotion", {**entry.request, **_lifetime(entry, now)})
        promotion = new_promotion(
            store, family, request, beside=beside, id=promotion_id, created_at=created_at, codes_limit=entry.codes_limit
        )
    except ApiError as error:
        raise place.refused(error) from None
    if promotion.automatic and codes:
        raise place.at("codes").wrong(family.automatic_refused)
    beside.add(promotion)
    return NewPromotion(place, promotion, codes, [])


def _lifetime(entry: PromotionEntry, now: int) -> dict[str, str]:
    """Start and end as dates, where they are given in seconds."""
    given = {name: entry.request[name] for name in ("start", "end")}
    return {name: format_nanos(entry.place.at(name).instant(at, now)) for name, at in given.items() if type(at) in (int, float)}


def _placed(place: Place, name: str, entries: Sequence[_Entry]) -> list[tuple[Place, _Entry]]:
    return [(place.at(name, index), entry) for index, entry in enumerate(entries)]


def _new_id(store: Store, named: Container[str]) -> str:
    """The next id in turn that the fixture does not give to something: it may have been written from an earlier run."""
    drawn = store.content.new_id()
    while drawn in named:
        drawn = store.content.new_id()
    return drawn


def _refuse_repeated_ids(store: Store, fixture: Fixture) -> Container[str]:
    """Answers the ids that the fixture gives."""
    seen: dict[str, str] = {}
    for entry in fixture.promotions:
        named = [(entry.place, entry.id), *((place, job.id) for place, job in _placed(entry.place, "jobs", entry.jobs))]
        for place, identity in named:
            if identity is None:
                continue
            other = seen.get(identity) or _owner_of_id(store, identity)
            if other is not None:
                raise place.at("id").wrong(f"{identity} is the id of {other} already")
            seen[identity] = place.path
    return seen


def _owner_of_id(store: Store, identity: str) -> str | None:
    if identity in store.content.jobs:
        return "a job of the store"
    if any(identity in promotions for promotions in store.content.promotions.values()):
        return "a promotion of the store"
    return None


def _refuse_overlap(store: Store, draft: JobDraft, before: list[JobInStatus]) -> None:
    """A promotion takes a job when the one before has ended; one that is being cancelled may last longer where the settings allow it."""
    for each in before:
        may_last = each.job.status == "cancelled" and not store.settings.cancelling_blocks
        if each.job.ended and each.job.updated_at > draft.created_at and not may_last:
            ended = f"{each.place.path}, has ended, at {format_nanos(each.job.updated_at)}"
            raise draft.place.at("created_at").wrong(f"expected a time when the job of the promotion before it, {ended}")


def _refuse_two_in_hands(store: Store, jobs: list[JobInStatus]) -> None:
    task = store.worker.task
    held = None if task is None else f"job {task.job.id} of the store"
    for each in jobs:
        if each.job.status in IN_HANDS:
            if held is not None:
                raise each.place.at("status").wrong(f"the worker has one job in its hands at a time, and that is {held}")
            held = each.place.path
