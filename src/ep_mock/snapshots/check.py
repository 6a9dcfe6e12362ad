"""What must hold in a snapshot so that the simulation can go on from it.

The types of `snapshot_format` have been checked before. Each rule names the place and what is expected
there. The rules are about the records as they are in the snapshot. Whoever changes what the simulation
relies on changes the rules, here or in `snapshot_check_*`.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Final

from ep_mock.clock import EARLIEST, LATEST, MAX_SCALE
from ep_mock.domain.dates import MAXIMUM, MINIMUM
from ep_mock.domain.families import family_named
from ep_mock.domain.location import Check, Location, shown
from ep_mock.domain.plans import NO_PLAN
from ep_mock.errors import ApiError
from ep_mock.simulation.code_book import key_of
from ep_mock.simulation.plan import MOST_PLANS
from ep_mock.simulation.state import HISTORY_LENGTH
from ep_mock.snapshots import format as form
from ep_mock.snapshots.check_codes import check_batches, check_runs
from ep_mock.snapshots.check_jobs import JobsCheck, check_plan_of
from ep_mock.snapshots.check_worker import WorkerCheck
from ep_mock.snapshots.numbering import check_numbers

ROOT: Final = Location("snapshot")
_SOME_TIME: Final = {"start": "2000-01-01", "end": "2000-01-02"}


def check_snapshot(state: form.StoreSnapshot, check: Check) -> None:
    """Hold a snapshot against all rules; `check` knows what the API accepts of a request.

    Raises:
        UsageError: one is broken. The message names the place.
    """
    _check_clock(state)
    check_batches(ROOT.at("batches"), state.batches, state.clock.now)
    jobs: dict[str, list[str]] = defaultdict(list)
    for job in state.jobs:
        jobs[job.promotion_id].append(job.id)
    for index, promotion in enumerate(state.promotions):
        place, own = ROOT.at("promotions", index), jobs[promotion.id]
        _check_promotion(place, promotion, state, check)
        place.at("jobs").expect(promotion.jobs == own, "its jobs in order of arrival", promotion.jobs)
    _check_unique(state)
    for index, usage in enumerate(state.usages):
        _check_usage(ROOT.at("usages", index), usage, state.clock.now)
    _check_usages_belong(state)
    _check_plans(state)
    JobsCheck(ROOT, state, check).run()
    WorkerCheck(ROOT.at("worker"), state).run()
    _check_transitions(state)
    check_numbers(ROOT, state)


def _check_clock(state: form.StoreSnapshot) -> None:
    place, clock = ROOT.at("clock"), state.clock
    place.at("now").expect(
        EARLIEST <= clock.now <= LATEST,
        f"nanoseconds from {EARLIEST} to {LATEST}",
        clock.now,
    )
    place.at("scale").expect(
        0 < clock.scale <= MAX_SCALE,
        f"a number above 0 and at most {MAX_SCALE:.0f}",
        clock.scale,
    )
    ROOT.at("polled_at").expect(
        state.polled_at <= clock.now,
        f"no time after {clock.now}, the time of the clock",
        state.polled_at,
    )


def _check_unique(state: form.StoreSnapshot) -> None:
    for name, ids in (
        ("promotions", [each.id for each in state.promotions]),
        ("jobs", [each.id for each in state.jobs]),
        ("usages", [each.id for each in state.usages]),
    ):
        seen: set[str] = set()
        for index, identity in enumerate(ids):
            ROOT.at(name, index, "id").expect(identity not in seen, "an id that no other one has", identity)
            seen.add(identity)


def _check_promotion(
    place: Location,
    promotion: form.PromotionState,
    state: form.StoreSnapshot,
    check: Check,
) -> None:
    family, now = family_named(promotion.family), state.clock.now
    _check_fields(place.at("fields"), promotion, check)
    place.at("start").expect(
        MINIMUM <= promotion.start < promotion.end,
        "a time before its end, from the year 1 on",
        promotion.start,
    )
    place.at("end").expect(promotion.end <= MAXIMUM, "a time up to the year 9999", promotion.end)
    place.at("created_at").past_nanos(promotion.created_at, now)
    place.at("updated_at").past_nanos(promotion.updated_at, now, since=promotion.created_at)
    place.at("former").expect(
        family.keeps_history or not promotion.former,
        f"nothing, for a {family.name} promotion has no history",
        len(promotion.former),
    )
    for index, version in enumerate(promotion.former):
        expected = f"a version of a {family.promotion_type} with an id"
        known = version.get("type") == family.promotion_type and isinstance(version.get("id"), str)
        place.at("former", index).expect(known, expected, version)
    check_runs(place.at("codes"), promotion.codes, state.batches, family)


def _check_fields(place: Location, promotion: form.PromotionState, check: Check) -> None:
    family, fields = family_named(promotion.family), promotion.fields
    for name in fields:
        place.expect(
            name in family.promotion_fields,
            f"no other names than {', '.join(family.promotion_fields)}",
            name,
        )
    for name in family.promotion_defaults:
        place.expect(name in fields, f"{name} among them", list(fields))
    try:
        check(family, "create_promotion", {"type": family.promotion_type, **fields, **_SOME_TIME})
    except ApiError as error:
        raise place.refused(error) from None


def _check_usage(place: Location, usage: form.UsageState, now: int) -> None:
    key = key_of(family_named(usage.family), usage.code)
    place.at("code_key").expect(
        usage.code_key == key,
        f"what its code is stored under, {shown(key)}",
        usage.code_key,
    )
    place.at("used_on").past_nanos(usage.used_on, now)
    place.at("updated_at").past_nanos(usage.updated_at, now, since=usage.used_on)


def _check_usages_belong(state: form.StoreSnapshot) -> None:
    """Each usage is in one promotion of its family at most; those of deleted promotions are in none."""
    families = {usage.id: usage.family for usage in state.usages}
    seen: set[str] = set()
    for index, promotion in enumerate(state.promotions):
        place = ROOT.at("promotions", index, "usages")
        for usage_id in promotion.usages:
            place.expect(
                families.get(usage_id) == promotion.family,
                f"ids of usages of a {promotion.family} promotion",
                usage_id,
            )
            place.expect(usage_id not in seen, "each usage once", usage_id)
            seen.add(usage_id)


def _check_plans(state: form.StoreSnapshot) -> None:
    ROOT.at("plans").expect(len(state.plans) <= MOST_PLANS, f"at most {MOST_PLANS} plans", len(state.plans))
    latest = 0
    for index, each in enumerate(state.plans):
        place, number = ROOT.at("plans", index), int(each.id.removeprefix("plan-"))
        place.at("id").expect(
            latest < number <= state.plans_made,
            f"ids that rise, up to plan-{state.plans_made}, for so many were made",
            each.id,
        )
        latest = number
        place.at("left").expect(
            each.left <= each.plan.times,
            f"at most its times, {each.plan.times}",
            each.left,
        )
        place.at("plan").expect(each.plan != NO_PLAN, "a plan that says something", {})
        check_plan_of(place.at("plan"), each.plan)


def _check_transitions(state: form.StoreSnapshot) -> None:
    """What the store remembers of its jobs are the latest entries of their own histories."""
    total = sum(len(job.history) for job in state.jobs)
    expected = f"as many as there are entries in the histories of all jobs, {total}"
    ROOT.at("transitions_total").expect(state.transitions_total == total, expected, state.transitions_total)
    most = min(total, HISTORY_LENGTH)
    ROOT.at("transitions").expect(
        len(state.transitions) <= most,
        f"at most {most} entries",
        len(state.transitions),
    )
    jobs = {job.id: (job, list(job.history)) for job in state.jobs}
    for index in reversed(range(len(state.transitions))):
        entry, place = state.transitions[index], ROOT.at("transitions", index)
        place.expect(entry.job_id in jobs, "the id of one of the jobs", entry.job_id)
        job, history = jobs[entry.job_id]
        of_job = (entry.promotion_id, entry.family, entry.job_type) == (
            job.promotion_id,
            job.family,
            job.job_type,
        )
        latest = history.pop() if history else None
        known = latest is not None and (entry.at, entry.status, entry.cause, entry.sequence) == (
            latest.at,
            latest.status,
            latest.cause,
            latest.sequence,
        )
        place.expect(
            of_job and known,
            f"what the history of job {job.id} says",
            [entry.at, entry.status, entry.cause, entry.sequence],
        )
