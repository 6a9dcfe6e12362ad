"""The data of a store: settings, promotions, jobs and their history.

It offers look-ups; operations and the worker change it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Container, Mapping
from itertools import islice

import msgspec

from ep_mock.domain.families import FAMILIES, Family
from ep_mock.domain.lifecycle import Status
from ep_mock.domain.problems import CodesQuota, codes_quota
from ep_mock.entropy import Entropy
from ep_mock.settings import Settings
from ep_mock.simulation.family_promotions import FamilyPromotions
from ep_mock.simulation.job import Job
from ep_mock.simulation.plans import ActivePlans
from ep_mock.simulation.promotion import Promotion
from ep_mock.simulation.usage import Usage
from ep_mock.timings import parse_timings

HISTORY_LENGTH = 10_000
"""Maximum number of transitions that a store remembers. Each job also keeps its own history."""


class JobTransition(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A change of a job's status in the history of the store."""

    at: int
    job_id: str
    promotion_id: str
    family: str
    job_type: str
    status: Status
    cause: str
    sequence: int = 0


class StoreState:
    """The data of one store.

    Attributes:
        entropy: the source of its ids and codes.
        store_id: the uuid that Rule promotions show.
        promotions: by family. Methods of `Store` add, change and remove them, because codes come first.
        usages: by family and id, including those of deleted promotions.
        jobs: all jobs by id in order of arrival, including those of deleted promotions.
        plans: what will happen to the next jobs.
        transitions: the latest changes of jobs, oldest first; `transitions_total` counts all of them.
        sequence: the latest number in the common order of events: changes of jobs and recorded requests.
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
        self.plans = ActivePlans()
        self.transitions: deque[JobTransition] = deque(maxlen=HISTORY_LENGTH)
        self.transitions_total = 0
        self.sequence = 0

    def new_id(self) -> str:
        """The next id that is free; a fixture or a snapshot may have taken some in advance."""
        known: tuple[Container[str], ...] = (self.jobs, *self.promotions.values(), *self.usages.values())
        drawn = self.entropy.next_uuid()
        while any(drawn in records for records in known):
            drawn = self.entropy.next_uuid()
        return drawn

    def change_settings(self, settings: Settings) -> None:
        """Replace the settings. The worker reads the timings when it picks up a job."""
        self.timings = parse_timings(settings.timings)
        self.settings = settings

    def codes_quota(
        self, promotion: Promotion, *, start: int | None = None, end: int | None = None
    ) -> CodesQuota:
        """The maximum number of codes of the promotion, also if it were to last from `start` to `end`.

        The promotion's own limit does not depend on how long it lasts.
        """
        if promotion.codes_limit is not None:
            return CodesQuota(promotion.codes_limit, lasts_long=False)
        return codes_quota(
            self.settings.codes_limit,
            self.settings.long_codes_limit,
            start=promotion.start if start is None else start,
            end=promotion.end if end is None else end,
        )

    def taken_elsewhere(
        self, promotion: Promotion, keys: Mapping[str, object] | tuple[str, ...], at: int
    ) -> bool:
        """Whether a promotion that must not share codes with this one has one of the keys.

        At the time `at`, expired promotions don't count.
        """
        if not (promotion.family.codes_unique_in_store and self.settings.unique_codes):
            return False
        promotions = self.promotions[promotion.family]
        return any(
            not promotions[other].expired(at)
            for _, other in promotions.code_index.holders(keys, besides=promotion.id)
        )

    def next_sequence(self) -> int:
        """The number of an event that happens now: 1 for the first, and each one greater than the last."""
        self.sequence = number = self.sequence + 1
        return number

    def record(self, job: Job, place: int = -1) -> None:
        """Add a job, or a change of its status, to the history of the store, and number the change.

        Args:
            place: the index of the change in the job's history.
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
        """The transitions after the first `total`, as far as the store remembers them."""
        return [*islice(reversed(self.transitions), self.transitions_total - total)][::-1]
