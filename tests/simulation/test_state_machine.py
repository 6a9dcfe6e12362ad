"""A store under random operations, compared with an independent model and with a twin that is polled.

Both stores get the same operations at the same moments. Only the rules that poll look at the first one; the
second is polled after each step, and while time passes. At the end they must be equal, byte for byte.

Names of codes collide all the time: there are only two letters to make codes of, plans give names that others
have, and promotions end or go in the middle of a job. The model does not know which names are free; it knows
how many codes there must be.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final, cast

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ep_mock import entropy
from ep_mock.clock import ClockMode
from ep_mock.domain.dates import format_nanos
from ep_mock.domain.families import FAMILIES, STANDARD, Family
from ep_mock.domain.plans import Plan
from ep_mock.errors import ApiError, UsageError
from ep_mock.fixtures.files import check_request
from ep_mock.fixtures.load import load_fixture
from ep_mock.fixtures.parse import parse_fixture
from tests.simulation.model import DELETE, DELETE_ONE, MAKE, MAKE_ONE, Model, ModelJob, ModelPromotion, Token
from tests.simulation.side import LIMIT, SCALE, Side, look
from tests.simulation.stores import (
    MS,
    START,
    add_codes,
    add_promotion,
    cancel,
    codes_of,
    delete_code,
    delete_promotion,
    export,
    generate,
    poll,
    update,
)

FEWEST: Final = 3

# Multiples of 50 µs meet events exactly, other moments fall between them.
DURATIONS = st.one_of(st.integers(0, 8000).map(lambda steps: steps * 50_000), st.integers(0, 400 * MS))
NAMES: Final = ("summer", "Summer", "aaaa-aaaa", "bbbb-bbbb")
"""Codes given by hand and by plans. If case is folded, jobs can make all but the second as well."""

TWO_LETTERS: Final = bytes(ord("ab"[byte % 2]) for byte in range(256))

LOOKS = st.lists(st.integers(0, 8), max_size=3)
GIVEN = st.lists(st.sampled_from(NAMES), unique=True, max_size=2)
FREEING = ("end", "delete code", "delete promotion", "switch", "fixture")
NUMBERS = st.integers(0, 2**16)
AHEAD = st.sampled_from([-SCALE, 0, SCALE])


class StoreMachine(RuleBasedStateMachine):
    """See the top of the file. `plain` is left alone, `watched` is looked at."""

    @initialize(
        mode=st.sampled_from(["manual", "real", "scaled"]),
        families=st.lists(st.sampled_from(FAMILIES), min_size=2, max_size=4),
    )
    def start(self, mode: str, families: list[Family]) -> None:
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(entropy, "_TO_CODE", TWO_LETTERS)
        self.always_unique = True
        self.hand_made = 0
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
        self.add_code(len(self.model.promotions) - 1, NAMES[len(self.families) % len(NAMES)])

    def both(self, verb: Callable[[Side], object]) -> str | None:
        """Do the same to both stores; answers the refusal, which must be the same."""
        refusals: list[str | None] = []
        for side in self.sides:
            try:
                verb(side)
            except (ApiError, UsageError) as error:
                refusals.append(str(error))
            else:
                refusals.append(None)
        assert refusals[0] == refusals[1]
        return refusals[0]

    # --- verbs. Few rules with many ways each: Hypothesis chooses between rules evenly.

    @rule(
        number=NUMBERS,
        count=st.one_of(st.none(), st.integers(1, LIMIT + 1), st.integers(3, LIMIT)),
        given=GIVEN,
    )
    def create_job(self, number: int, count: int | None, given: list[str]) -> None:
        # Mostly where it is not refused.
        fitting = [
            index
            for index, promotion in enumerate(self.model.promotions)
            if number % 4 == 0 or promotion.active is None
        ]
        self.make(
            fitting[number % len(fitting)] if fitting else number % len(self.model.promotions), count, given
        )

    def make(self, number: int, count: int | None, given: list[str]) -> None:
        created = self.model.create(self.model.promotions[number], count)
        if created is not None:
            self.model_jobs.append(created)

        plan = Plan(codes=tuple(given))

        def verb(side: Side) -> None:
            promotion = side.promotions[number]
            side.jobs.append(
                export(side.store, promotion)
                if count is None
                else generate(side.store, promotion, count, plan)
            )

        refusal = self.both(verb)
        assert (refusal is None) == (created is not None)
        if refusal is not None:
            assert refusal.startswith(
                "400 Too many promotion codes" if (count or 0) > LIMIT else "400 Too many jobs"
            )

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
        found = [
            job
            for promotion in self.model.promotions
            for job in promotion.jobs
            if rarely == 0 or job.status != "pending"
        ]
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
            delete_code(side.store, subject, (by_id and subject.book.id_of(subject.book.key(text))) or text)

    @rule(number=NUMBERS, family=st.sampled_from(FAMILIES), rarely=st.integers(0, 3))
    def change_promotions(self, number: int, family: Family, rarely: int) -> None:
        if len(self.model.promotions) < FEWEST:
            self.add(family)
        elif rarely == 0:
            number %= len(self.model.promotions)
            # Often the one whose job is in the worker's hands, while others wait.
            if self.model.work is not None and family is STANDARD:
                number = self.model.promotions.index(self.model.work.job.owner)
            self.delete_promotion(number)

    def delete_promotion(self, number: int) -> None:
        self.model.delete_promotion(self.model.promotions[number])
        for side in self.sides:
            delete_promotion(side.store, side.promotions.pop(number))

    @rule(number=NUMBERS, name=st.sampled_from(NAMES))
    def give_a_code(self, number: int, name: str) -> None:
        self.add_code(number % len(self.model.promotions), name)

    def add_code(self, index: int, name: str) -> None:
        if self.both(lambda side: add_codes(side.store, side.promotions[index], name)) is None:
            self.hand_made += 1
            self.model.add_code(self.model.promotions[index], self.hand_made)

    @rule(number=NUMBERS, step=NUMBERS, ahead=st.sampled_from([-1, 0, 1, 400 * MS]))
    def move_the_end_of_a_promotion(self, number: int, step: int, ahead: int) -> None:
        """Most often into the middle of a job's work, so that names become free while codes are made."""
        number %= len(self.model.promotions)
        self.move_end(number, self.moment_in_the_work(step) + ahead)

    def move_end(self, number: int, end: int) -> None:
        assert (
            self.both(lambda side: update(side.store, side.promotions[number], end=format_nanos(START + end)))
            is None
        )
        self.model.change_end(self.model.promotions[number], end)

    @rule(
        changes=st.fixed_dictionaries(
            {"unique_codes": st.booleans(), "code_case": st.sampled_from(["lower", "upper"])}
        )
    )
    def change_settings(self, changes: dict[str, Any]) -> None:
        self.switch(**changes)

    def switch(self, **changes: Any) -> None:
        self.always_unique = self.always_unique and changes["unique_codes"]
        for side in self.sides:
            side.store.settle()
            side.store.change_settings(changes)

    @rule(
        family=st.sampled_from(FAMILIES),
        name=st.sampled_from(NAMES),
        unique=st.booleans(),
        end=st.integers(1, 500),
    )
    def load_a_fixture(self, family: Family, name: str, unique: bool, end: int) -> None:
        """It brings a promotion that the model does not know, but whose codes have names, too."""
        self.load(family, name, unique, end)

    def load(self, family: Family, name: str, unique: bool, end: int) -> None:
        codes = [{"code": name}, {"generate": 3}]
        described = {"family": family.name, "name": "other", "end": end / 1000, "codes": codes}
        fixture = {"ep_mock_fixture": 1, "settings": {"unique_codes": unique}, "promotions": [described]}

        def verb(side: Side) -> None:
            side.store.settle()
            load_fixture(side.store, parse_fixture(fixture, "fixture"), check_request)

        if self.both(verb) is None:
            self.always_unique = self.always_unique and unique

    @precondition(lambda self: self.model.next_event() is None)
    @rule(
        number=NUMBERS,
        count=st.integers(2, 4),
        how=st.sampled_from(FREEING),
        step=st.integers(2, 4),
        ahead=AHEAD,
    )
    def free_a_name_while_a_job_makes_codes(
        self, number: int, count: int, how: str, step: int, ahead: int
    ) -> None:
        """The first name of a job is a code that another promotion has, and loses after the first is made."""
        self.switch(unique_codes=True, code_case="lower")
        standard = [
            index for index, promotion in enumerate(self.plain.promotions) if promotion.family is STANDARD
        ]
        having = [index for index in standard if self.model.promotions[index].codes]
        if not having or len(standard) < 2:
            self.add(STANDARD)
            return
        other = having[number % len(having)]
        owner = next(index for index in standard if index != other)
        self.make(owner, count, [self.texts[self.model.promotions[other].codes[-1]]])
        self.pass_time_to(self.model.next_event() or 0, [])
        moment = self.moment_in_the_work(min(step, count)) + ahead
        if how == "end":
            self.move_end(other, moment)
        self.pass_time_to(self.moment_in_the_work(1), [])
        look(self.watched, 0)
        look(self.watched, 1)
        self.pass_time_to(moment, [])
        if how == "delete code":
            self.remove(other, -1, by_id=False)
        elif how == "delete promotion":
            self.delete_promotion(other)
        elif how == "switch":
            self.switch(unique_codes=False, code_case="lower")
        elif how == "fixture":
            self.load(STANDARD, "other", unique=False, end=1)
        self.pass_time_to(self.model.next_event() or 0, [])

    # --- time

    @rule(
        where=st.sampled_from(["into the work", "to the next event", "anywhere"]),
        span=DURATIONS,
        step=NUMBERS,
        ahead=AHEAD,
        looks=LOOKS,
    )
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
        answers = [
            side.store.advance_to_next() if how == "next" else side.store.advance_until_idle()
            for side in self.sides
        ]
        assert answers[0] == answers[1]
        numbers = {job.id: number for number, job in enumerate(self.plain.jobs)}
        assert [
            (entry.at - START, numbers[entry.job_id], entry.status) for entry in answers[0]
        ] == self.model.log[before:]

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
        assert side.promotions[number].unfinished_job is (
            side.jobs[model.active.number] if model.active else None
        )

    def check_codes(self, side: Side, number: int) -> None:
        model = self.model.promotions[number]
        codes = codes_of(side.store, side.promotions[number])
        assert len(codes) == len(model.codes) <= LIMIT
        assert len(set(codes)) == len(codes), "a code came twice"
        for token, text in zip(model.codes, codes, strict=True):
            assert self.texts.setdefault(token, text) == text

    @invariant()
    def no_code_is_in_two_unexpired_standard_promotions(self) -> None:
        store = self.watched.store
        now = store.settle()
        unexpired = [each for each in store.state.promotions[STANDARD].values() if not each.expired(now)]
        codes = [code for promotion in unexpired for code in codes_of(store, promotion)]
        assert len(set(codes)) == len(codes) or not self.always_unique

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
                assert kept == len(store.codes_of(promotion)) + model.removed_by_hand
        numbers = {job.id: job.number for job in everything}
        taken_up = [
            numbers[entry.job_id] for entry in store.state.transitions if entry.status == "processing"
        ]
        assert taken_up == sorted(taken_up)
        moments = [entry.at for entry in store.state.transitions]
        assert moments == sorted(moments)

    def teardown(self) -> None:
        if not hasattr(self, "model"):
            return
        try:
            assert self.plain.state() == self.watched.state()
        finally:
            self.patch.undo()
        for side in self.sides:
            histories = [[(entry.at - START, entry.status) for entry in job.history] for job in side.jobs]
            assert histories == [job.log for job in self.model_jobs]


TestStoreMachine = StoreMachine.TestCase
TestStoreMachine.settings = settings(stateful_step_count=100, max_examples=2 * settings().max_examples)
