"""The rules that a snapshot must keep so that the simulation can go on from it.

The types of `snapshots.format` are checked before. A change in what the simulation relies on needs a change
of the rules: of the store and its promotions here, of everything else in `check_*` and `numbering`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

import msgspec

from ep_mock.clock import EARLIEST, LATEST, MAX_SCALE
from ep_mock.domain.dates import MAXIMUM, MINIMUM
from ep_mock.domain.families import family_named
from ep_mock.domain.lifecycle import Transition
from ep_mock.domain.location import Check, shown
from ep_mock.domain.plans import NO_PLAN
from ep_mock.errors import ApiError
from ep_mock.simulation.code_book import key_of
from ep_mock.simulation.plans import MOST_PLANS
from ep_mock.simulation.state import HISTORY_LENGTH, JobTransition
from ep_mock.snapshots import format as form
from ep_mock.snapshots.check_codes import check_batches, check_runs
from ep_mock.snapshots.check_jobs import check_jobs, check_plan_of
from ep_mock.snapshots.check_worker import check_worker
from ep_mock.snapshots.numbering import check_numbers
from ep_mock.snapshots.rules import ROOT, Fields

_SOME_TIME: Final = {"start": "2000-01-01", "end": "2000-01-02"}


def check_snapshot(saved: form.StoreSnapshot, check: Check) -> None:
    """Check a snapshot against all rules; `check` knows what the API accepts.

    Raises:
        UsageError: the snapshot breaks a rule. The message names the location.
    """
    _check_clock(saved)
    check_batches(saved)
    _check_promotions(saved, check)
    for name, records in (("promotions", saved.promotions), ("jobs", saved.jobs), ("usages", saved.usages)):
        _check_unique_ids(name, records)
    _check_usages(saved)
    _check_plans(saved)
    check_jobs(saved, check)
    check_worker(saved)
    _check_transitions(saved)
    check_numbers(saved)


def _check_clock(saved: form.StoreSnapshot) -> None:
    clock = saved.clock
    fields = Fields(ROOT.child("clock"), clock)
    fields.expect("now", EARLIEST <= clock.now <= LATEST, f"nanoseconds from {EARLIEST} to {LATEST}")
    fields.expect("scale", 0 < clock.scale <= MAX_SCALE, f"a number above 0 and at most {MAX_SCALE:.0f}")
    expected = f"no time after {clock.now}, the time of the clock"
    Fields(ROOT, saved).expect("polled_at", saved.polled_at <= clock.now, expected)


def _check_promotions(saved: form.StoreSnapshot, check: Check) -> None:
    jobs: dict[str, list[str]] = defaultdict(list)
    for job in saved.jobs:
        jobs[job.promotion_id].append(job.id)
    for index, promotion in enumerate(saved.promotions):
        fields = Fields(ROOT.child("promotions", index), promotion)
        _check_sent_fields(fields, promotion, check)
        _check_promotion(fields, promotion, saved)
        fields.expect("jobs", promotion.jobs == jobs[promotion.id], "its jobs in order of arrival")


def _check_sent_fields(fields: Fields, promotion: form.PromotionSnapshot, check: Check) -> None:
    location, family, sent = fields.at("fields"), family_named(promotion.family), promotion.fields
    allowed = f"no other names than {', '.join(family.promotion_fields)}"
    for name in sent:
        location.expect(name in family.promotion_fields, allowed, name)
    for name in family.promotion_defaults:
        location.expect(name in sent, f"{name} among them", list(sent))
    try:
        check(family, "create_promotion", {"type": family.promotion_type, **sent, **_SOME_TIME})
    except ApiError as error:
        raise location.api_error(error) from None


def _check_promotion(fields: Fields, promotion: form.PromotionSnapshot, saved: form.StoreSnapshot) -> None:
    family, now = family_named(promotion.family), saved.clock.now
    start, end, versions = promotion.start, promotion.end, promotion.previous_versions
    fields.expect("start", MINIMUM <= start < end, "a time before its end, from the year 1 on")
    fields.expect("end", end <= MAXIMUM, "a time up to the year 9999")
    fields.expect_past("created_at", now)
    fields.expect_past("updated_at", now, since=promotion.created_at)
    fields.expect(
        "previous_versions",
        family.keeps_history or not versions,
        f"none, because a {family.name} promotion has no history",
    )
    for index, version in enumerate(versions):
        known = version.get("type") == family.promotion_type and isinstance(version.get("id"), str)
        expected = f"a version of a {family.promotion_type} with an id"
        fields.at("previous_versions", index).expect(known, expected, version)
    check_runs(fields.at("codes"), promotion.codes, saved.batches, family)


def _check_unique_ids(
    name: str, records: Sequence[form.PromotionSnapshot | form.JobSnapshot | form.UsageSnapshot]
) -> None:
    seen: set[str] = set()
    for index, record in enumerate(records):
        Fields(ROOT.child(name, index), record).expect("id", record.id not in seen, "a unique id")
        seen.add(record.id)


def _check_usages(saved: form.StoreSnapshot) -> None:
    """Each usage is in at most one promotion of its family; those of deleted promotions are in none."""
    now, families, seen = saved.clock.now, {usage.id: usage.family for usage in saved.usages}, set[str]()
    for index, usage in enumerate(saved.usages):
        fields = Fields(ROOT.child("usages", index), usage)
        key = key_of(family_named(usage.family), usage.code)
        fields.expect("code_key", usage.code_key == key, f"the key of its code, {shown(key)}")
        fields.expect_past("used_on", now)
        fields.expect_past("updated_at", now, since=usage.used_on)
    for index, promotion in enumerate(saved.promotions):
        location, family = ROOT.child("promotions", index, "usages"), promotion.family
        for usage_id in promotion.usages:
            of_family = families.get(usage_id) == family
            location.expect(of_family, f"ids of usages of a {family} promotion", usage_id)
            location.expect(usage_id not in seen, "each usage once", usage_id)
            seen.add(usage_id)


def _check_plans(saved: form.StoreSnapshot) -> None:
    number = len(saved.plans)
    ROOT.child("plans").expect(number <= MOST_PLANS, f"at most {MOST_PLANS} plans", number)
    latest, expected = 0, f"ascending ids up to plan-{saved.plans_made}, the latest plan made"
    for index, active in enumerate(saved.plans):
        fields, number = Fields(ROOT.child("plans", index), active), int(active.id.removeprefix("plan-"))
        fields.expect("id", latest < number <= saved.plans_made, expected)
        fields.expect("left", active.left <= active.plan.times, f"at most its times, {active.plan.times}")
        fields.expect("plan", active.plan != NO_PLAN, "a plan that has an effect")
        check_plan_of(fields.at("plan"), active.plan)
        latest = number


def _check_transitions(saved: form.StoreSnapshot) -> None:
    """The transitions that the store remembers are the latest entries of the histories of its jobs."""
    total, number = sum(len(job.history) for job in saved.jobs), len(saved.transitions)
    expected = f"the number of entries in the histories of all jobs, {total}"
    Fields(ROOT, saved).expect("transitions_total", saved.transitions_total == total, expected)
    most = min(total, HISTORY_LENGTH)
    ROOT.child("transitions").expect(number <= most, f"at most {most} entries", number)
    jobs = {job.id: (job, list(job.history)) for job in saved.jobs}
    for index, transition in reversed([*enumerate(saved.transitions)]):
        location = ROOT.child("transitions", index)
        location.expect(transition.job_id in jobs, "the id of a job", transition.job_id)
        job, history = jobs[transition.job_id]
        location.expect(
            bool(history) and transition == _transition(job, history.pop()),
            f"the matching entry in the history of job {job.id}",
            [transition.at, transition.status, transition.cause, transition.sequence],
        )


def _transition(job: form.JobSnapshot, entry: Transition) -> JobTransition:
    return JobTransition(
        job_id=job.id,
        promotion_id=job.promotion_id,
        family=job.family,
        job_type=job.job_type,
        **msgspec.structs.asdict(entry),
    )
