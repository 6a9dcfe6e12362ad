"""A store under random verbs, compared with an independent model and with a twin that is looked at all the time.

Both stores get the same verbs at the same moments. Nobody looks at the first one but by the rules that look; the second is looked at after
each step, and while time passes. At the end they have to be equal, byte for byte.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Final, cast

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ep_mock.clock import ClockMode
from ep_mock.domain.families import FAMILIES, STANDARD, Family
from ep_mock.errors import ApiError
from tests.simulation.model import DELETE, DELETE_ONE, MAKE, MAKE_ONE, Model, ModelJob, ModelPromotion, Token
from tests.simulation.side import LIMIT, SCALE, Side, look
from tests.simulation.stores import (
    MS,
    START,
    add_promotion,
    cancel,
    codes_of,
    delete_code,
    delete_promotion,
    export,
    generate,
    poll,
)

FEWEST: Final = 3

# Multiples of 50 µs meet events exactly, other moments fall between them.
DURATIONS = st.one_of(st.integers(0, 8000).map(lambda steps: steps * 50_000), st.integers(0, 400 * MS))
LOOKS = st.lists(st.integers(0, 8), max_size=3)
NUMBERS = st.integers(0, 2**16)
AHEAD = st.sampled_from([-SCALE, 0, SCALE])


class StoreMachine(RuleBasedStateMachine):
    """See the top of the file. `plain` is left alone, `watched` is looked at."""

    @initialize(mode=st.sampled_from(["manual", "real", "scaled"]), families=st.lists(st.sampled_from(FAMILIES), min_size=2, max_size=4))
    def start(self, mode: str, families: list[Family]) -> None:
        self.model = Model(LIMIT)
        self.plain, self.watched = (Side(cast(ClockMode, mode)) for _ in range(2))
        self.families: list[Family] = []
        self.texts: dict[Token, str] = {}
        self.model_jobs: list[ModelJob] = []
        for family in families:
            self.add(family)

    @property
    def sides(self) -> tuple[Side, Side]:
        return self.plain, self.watched

    def add(self, family: Family) -> None:
        self.model.promotions.append(ModelPromotion(len(self.families)))
        self.families.append(family)
        for side in self.sides:
            side.promotions.append(add_promotion(side.store, family))

    def both(self, verb: Callable[[Side], object]) -> str | None:
        """Do the same to both stores; answers the refusal, which must be the same."""
        refusals: list[str | None] = []
        for side in self.sides:
            try:
                verb(side)
            except ApiError as error:
                refusals.append(str(error))
            else:
                refusals.append(None)
        assert refusals[0] == refusals[1]
        return refusals[0]

    # --- verbs. Few rules with many ways each: Hypothesis chooses between rules evenly.

    @rule(number=NUMBERS, count=st.one_of(st.none(), st.integers(1, LIMIT + 1), st.integers(3, LIMIT)))
    def create_job(self, number: int, count: int | None) -> None:
        # Mostly where it is not refused.
        fitting = [index for index, promotion in enumerate(self.model.promotions) if number % 4 == 0 or promotion.active is None]
        number = fitting[number % len(fitting)] if fitting else number % len(self.model.promotions)
        created = self.model.create(self.model.promotions[number], count)
        if created is not None:
            self.model_jobs.append(created)

        def verb(side: Side) -> None:
            promotion = side.promotions[number]
            side.jobs.append(export(side.store, promotion) if count is None else generate(side.store, promotion, count))

        refusal = self.both(verb)
        assert (refusal is None) == (created is not None)
        if refusal is not None:
            assert refusal.startswith("400 Too many promotion codes" if (count or 0) > LIMIT else "400 Too many jobs")

    @precondition(lambda self: self.model.work is not None)
    @rule(number=NUMBERS, ahead=AHEAD, looks=LOOKS, removed=st.integers(0, 2))
    def cancel_the_current_job(self, number: int, ahead: int, looks: list[int], removed: int) -> None:
        self.pass_time_to(self.moment_in_the_work(number) + ahead, looks)
        if self.model.work is None:
            return
        job = self.model.work.job
        index = self.model.promotions.index(job.owner)
        self.check_codes(self.watched, index)
        # Some of the newest codes go by hand right before.
        for _ in range(min(removed, len(job.owner.codes))):
            self.remove(index, -1, by_id=False)
        self.cancel(job)

    @precondition(lambda self: any(promotion.jobs for promotion in self.model.promotions))
    @rule(number=NUMBERS, rarely=st.integers(0, 3))
    def cancel_any_job(self, number: int, rarely: int) -> None:
        # Not too often a pending one, which would never be taken up.
        found = [job for promotion in self.model.promotions for job in promotion.jobs if rarely == 0 or job.status != "pending"]
        if found:
            self.cancel(found[number % len(found)])

    def cancel(self, job: ModelJob) -> None:
        index = self.model.promotions.index(job.owner)
        cancelled = self.model.cancel(job)
        refusal = self.both(lambda side: cancel(side.store, side.promotions[index], side.jobs[job.number]))
        assert (refusal is None) == cancelled

    @precondition(lambda self: any(promotion.codes for promotion in self.model.promotions))
    @rule(number=NUMBERS, at=NUMBERS, by_id=st.booleans())
    def remove_code(self, number: int, at: int, by_id: bool) -> None:
        having = [index for index, promotion in enumerate(self.model.promotions) if promotion.codes]
        index = having[number % len(having)]
        self.remove(index, at, by_id)

    def remove(self, index: int, at: int, by_id: bool) -> None:
        promotion = self.model.promotions[index]
        place = at % len(promotion.codes)
        text = self.texts[promotion.codes[place]]
        self.model.delete_code(promotion, place)
        for side in self.sides:
            subject = side.promotions[index]
            delete_code(side.store, subject, (by_id and subject.book.id_of(text)) or text)

    @rule(number=NUMBERS, family=st.sampled_from(FAMILIES), rarely=st.integers(0, 3))
    def change_promotions(self, number: int, family: Family, rarely: int) -> None:
        if len(self.model.promotions) < FEWEST:
            self.add(family)
        elif rarely == 0:
            number %= len(self.model.promotions)
            # Often the one whose job is in the worker's hands, while others wait.
            if self.model.work is not None and family is STANDARD:
                number = self.model.promotions.index(self.model.work.job.owner)
            self.model.delete_promotion(self.model.promotions[number])
            for side in self.sides:
                delete_promotion(side.store, side.promotions.pop(number))

    # --- time

    @rule(where=st.sampled_from(["into the work", "to the next event", "anywhere"]), span=DURATIONS, step=NUMBERS, ahead=AHEAD, looks=LOOKS)
    def pass_time(self, where: str, span: int, step: int, ahead: int, looks: list[int]) -> None:
        event = self.model.next_event()
        if where == "into the work" and self.model.work is not None:
            self.pass_time_to(self.moment_in_the_work(step) + ahead, looks)
        elif where == "to the next event" and event is not None:
            self.pass_time_to(event + ahead, looks)
        else:
            self.pass_time_to(self.model.now + span, looks)

    @rule(how=st.sampled_from(["next", "next", "next", "idle"]))
    def advance(self, how: str) -> None:
        before = len(self.model.log)
        while (event := self.model.next_event()) is not None:
            self.model.run_to(event)
            if how == "next":
                break
        answers = [side.store.advance_to_next() if how == "next" else side.store.advance_until_idle() for side in self.sides]
        assert answers[0] == answers[1]
        numbers = {job.id: number for number, job in enumerate(self.plain.jobs)}
        assert [(entry.at - START, numbers[entry.job_id], entry.status) for entry in answers[0]] == self.model.log[before:]

    def moment_in_the_work(self, step: int) -> int:
        """When one of the codes that the worker makes or deletes has just come or gone."""
        work = self.model.work
        if work is None or work.kind not in ("make", "delete"):
            return self.model.now
        lead, each = (MAKE, MAKE_ONE) if work.kind == "make" else (DELETE, DELETE_ONE)
        return work.begin + lead + step % ((work.end - work.begin - lead) // each + 1) * each

    def pass_time_to(self, moment: int, looks: list[int]) -> None:
        # A scaled clock cannot meet every moment.
        span = max(moment - self.model.now, 0) // SCALE * SCALE
        self.plain.pass_time(span)
        part = span // (len(looks) + 1) // SCALE * SCALE
        for kind in looks:
            self.watched.pass_time(part)
            look(self.watched, kind)
        self.watched.pass_time(span - part * len(looks))
        self.model.run_to(self.model.now + span)

    # --- looking

    @rule(number=NUMBERS)
    def look_at_the_plain_store(self, number: int) -> None:
        number %= len(self.model.promotions)
        self.check_jobs(self.plain, number)
        self.check_codes(self.plain, number)

    @invariant()
    def the_watched_store_is_as_the_model_says(self) -> None:
        assert self.watched.store.settle() == START + self.model.now
        for number in range(len(self.model.promotions)):
            self.check_jobs(self.watched, number)
            self.check_codes(self.watched, number)

    def check_jobs(self, side: Side, number: int) -> None:
        model = self.model.promotions[number]
        shown = [json.loads(item) for item in poll(side.store, side.promotions[number])]
        expected = list(reversed(model.jobs))
        assert [job["id"] for job in shown] == [side.jobs[job.number].id for job in expected]
        assert [(job["status"], job.get("error"), job.get("result")) for job in shown] == [
            (job.status, job.error, job.result) for job in expected
        ]
        assert side.promotions[number].unfinished_job is (side.jobs[model.active.number] if model.active else None)

    def check_codes(self, side: Side, number: int) -> None:
        model = self.model.promotions[number]
        codes = codes_of(side.store, side.promotions[number])
        assert len(codes) == len(model.codes) <= LIMIT
        known = set(self.texts.values())
        for token, text in zip(model.codes, codes, strict=True):
            if token not in self.texts:
                assert text not in known, "a code came twice"
                self.texts[token] = text
            assert self.texts[token] == text

    @invariant()
    def the_laws_hold_without_any_model(self) -> None:
        store, everything = self.watched.store, self.watched.jobs
        store.settle()
        assert len([job for job in everything if job.status in ("processing", "cancelling")]) <= 1
        for promotion, model in zip(self.watched.promotions, self.model.promotions, strict=True):
            assert len([job for job in promotion.jobs if not job.ended]) <= 1
            if promotion.unfinished_job is None:
                results = [job.result or {} for job in promotion.jobs]
                kept = sum(result.get("generated", 0) - result.get("deleted", 0) for result in results)
                assert kept == len(promotion.book) + model.removed_by_hand
        numbers = {job.id: job.number for job in everything}
        taken_up = [numbers[entry.job_id] for entry in store.content.transitions if entry.status == "processing"]
        assert taken_up == sorted(taken_up)
        moments = [entry.at for entry in store.content.transitions]
        assert moments == sorted(moments)

    def teardown(self) -> None:
        if not hasattr(self, "model"):
            return
        assert self.plain.state() == self.watched.state()
        for side in self.sides:
            histories = [[(entry.at - START, entry.status) for entry in job.history] for job in side.jobs]
            assert histories == [job.log for job in self.model_jobs]


TestStoreMachine = StoreMachine.TestCase
TestStoreMachine.settings = settings(stateful_step_count=100, max_examples=2 * settings().max_examples)
