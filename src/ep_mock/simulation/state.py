"""What a store holds: its settings, promotions and job history. Data and look-ups; what changes it are the
verbs and the worker.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Container, Mapping
from itertools import islice
from typing import Any

import msgspec

from ep_mock.domain.dates import format_nanos
from ep_mock.domain.families import FAMILIES, Family
from ep_mock.domain.lifecycle import Status
from ep_mock.domain.plans import Plan
from ep_mock.domain.problems import CodesQuota, codes_quota
from ep_mock.entropy import Entropy
from ep_mock.settings import Settings
from ep_mock.simulation.family_promotions import FamilyPromotions
from ep_mock.simulation.job import Job
from ep_mock.simulation.promotion import Promotion
from ep_mock.simulation.usage import Usage
from ep_mock.timings import parse_timings

HISTORY_LENGTH = 10_000
"""How many transitions a store remembers; each job keeps its own history as well."""


class JobTransition(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A change of a job's status, as the store remembers it."""

    at: int
    job_id: str
    promotion_id: str
    family: str
    job_type: str
    status: Status
    cause: str
    sequence: int = 0

    def document(self) -> dict[str, Any]:
        """As the control plane prints it."""
        return {**msgspec.structs.asdict(self), "at": format_nanos(self.at)}


class ActivePlan(msgspec.Struct, eq=False):
    """A plan and for how many jobs it still is. Its id is `plan-1` and so on, in the order in which the
    store's plans were made.
    """

    id: str
    plan: Plan
    left: int


class StoreState:
    """The data of one store.

    Attributes:
        entropy: where its ids and codes come from.
        store_id: the uuid that Rule promotions show.
        promotions: by their family; what changes them are methods of `Store`, which bring the
            codes first.
        jobs: all jobs by id in order of arrival, those of deleted promotions included.
        plans: what will happen to the next jobs, the oldest plan first; `plans_made` counts all there ever
            were.
        transitions: the latest changes of jobs, oldest first; `transitions_total` counts all of them.
        sequence: the latest number in the one order of all events: changes of jobs and requests of the
            journal.
    """

    def __init__(self, name: str, settings: Settings, entropy: Entropy) -> None:
        self.name = name
        self.entropy = entropy
        self.store_id = entropy.uuid_of("store")
        self.settings = settings
        self.timings = parse_timings(settings.timings)
        self.promotions: dict[Family, FamilyPromotions] = {family: FamilyPromotions() for family in FAMILIES}
        self.usages: dict[Family, dict[str, Usage]] = {family: {} for family in FAMILIES}
        self.jobs: dict[str, Job] = {}
        self.jobs_created = 0
        self.plans: list[ActivePlan] = []
        self.plans_made = 0
        self.transitions: deque[JobTransition] = deque(maxlen=HISTORY_LENGTH)
        self.transitions_total = 0
        self.sequence = 0

    def new_id(self) -> str:
        """The next id in turn that nothing in the store has: a fixture or a snapshot may have brought it."""
        known: tuple[Container[str], ...] = (self.jobs, *self.promotions.values(), *self.usages.values())
        drawn = self.entropy.next_uuid()
        while any(drawn in records for records in known):
            drawn = self.entropy.next_uuid()
        return drawn

    def change_settings(self, settings: Settings) -> None:
        """Go on with other settings; the worker reads timings when it takes a job up."""
        self.timings = parse_timings(settings.timings)
        self.settings = settings

    def codes_quota(
        self, promotion: Promotion, *, start: int | None = None, end: int | None = None
    ) -> CodesQuota:
        """Most codes the promotion may have, or may have once it lasts from `start` to `end`.

        A limit of its own holds however long it lasts.
        """
        if promotion.codes_limit is not None:
            return CodesQuota(promotion.codes_limit, lasts_long=False)
        return codes_quota(
            self.settings.codes_limit,
            self.settings.long_codes_limit,
            start=promotion.start if start is None else start,
            end=promotion.end if end is None else end,
        )

    def codes_limit(self, promotion: Promotion) -> int:
        """Most codes the promotion may have."""
        return self.codes_quota(promotion).limit

    def plan_for(
        self, *, family: str, promotion_id: str, job_type: str, name: str | None
    ) -> ActivePlan | None:
        """The plan for a new job, which takes one of the jobs that it is for; the oldest plan that matches
        wins.
        """
        for position, in_force in enumerate(self.plans):
            if in_force.plan.matches(family=family, promotion_id=promotion_id, job_type=job_type, name=name):
                in_force.left -= 1
                if not in_force.left:
                    del self.plans[position]
                return in_force
        return None

    def taken_elsewhere(
        self, promotion: Promotion, keys: Mapping[str, object] | tuple[str, ...], at: int
    ) -> bool:
        """Whether another promotion that shares the promotion's name space of codes, and has not expired at
        `at`, has one of the keys.
        """
        if not (promotion.family.codes_unique_in_store and self.settings.unique_codes):
            return False
        promotions = self.promotions[promotion.family]
        return any(
            not promotions[other].expired(at)
            for _, other in promotions.code_index.holders(keys, besides=promotion.id)
        )

    def next_sequence(self) -> int:
        """The number of an event that happens now: greater than those of all events before, from 1."""
        self.sequence = number = self.sequence + 1
        return number

    def record(self, job: Job, place: int = -1) -> None:
        """Remember a change of a job's status, and the job. The change gets its number.

        Args:
            place: which entry of the job's history it is; the latest unless told.
        """
        transition = msgspec.structs.replace(job.history[place], sequence=self.next_sequence())
        job.history[place] = transition
        self.jobs[job.id] = job
        self.transitions_total += 1
        self.transitions.append(
            JobTransition(
                at=transition.at,
                job_id=job.id,
                promotion_id=job.promotion_id,
                family=job.family.name,
                job_type=job.job_type,
                status=transition.status,
                cause=transition.cause,
                sequence=transition.sequence,
            )
        )

    def transitions_since(self, total: int) -> list[JobTransition]:
        """The transitions that came after the first `total`, as far as they are remembered."""
        fresh = self.transitions_total - total
        return [*islice(reversed(self.transitions), fresh)][::-1]
