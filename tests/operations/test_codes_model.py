"""Creating and deleting codes by hand, held against a simple account of it."""

from __future__ import annotations

from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from ep_mock.domain.families import FAMILIES, RULE, STANDARD, Family
from ep_mock.operations import codes
from tests.simulation.stores import add_codes, add_promotion, codes_of, delete_code, new_store, refusal

DUPLICATE = {"status": "422", "title": "Duplicate code", "detail": "Promotion code already in use"}
NAMES = st.sampled_from(["a", "A", "b", "B", "c", "ß", "SS", "d"])


class ByHand(RuleBasedStateMachine):
    """Codes of three promotions of one family, beside a plain account of them: a list of names for each."""

    @initialize(family=st.sampled_from(FAMILIES))
    def start(self, family: Family) -> None:
        self.family = family
        self.store = new_store(codes_limit=4)
        self.promotions = [add_promotion(self.store, family) for _ in range(3)]
        self.model: list[list[str]] = [[], [], []]

    def same(self, first: str, second: str) -> bool:
        return first.casefold() == second.casefold() if self.family is RULE else first == second

    def stands_in(self, number: int, name: str) -> bool:
        return any(self.same(name, each) for each in self.model[number])

    @rule(number=st.integers(0, 2), names=st.lists(NAMES, min_size=1, max_size=3))
    def create(self, number: int, names: list[str]) -> None:
        elsewhere = [
            name
            for name in names
            if any(self.stands_in(other, name) for other in range(3) if other != number)
        ]
        twice = any(self.same(name, other) for at, name in enumerate(names) for other in names[:at])
        if (
            twice
            or any(self.stands_in(number, name) for name in names)
            or (self.family is STANDARD and elsewhere)
        ):
            assert refusal(
                self.store, lambda: add_codes(self.store, self.promotions[number], *names)
            ).errors == (DUPLICATE,)
        elif len(self.model[number]) + len(names) > 4:
            refused = refusal(self.store, lambda: add_codes(self.store, self.promotions[number], *names))
            assert refused.errors[0]["title"] == "Too many promotion codes"
        else:
            assert add_codes(self.store, self.promotions[number], *names).repeated == elsewhere
            self.model[number] += names

    @rule(number=st.integers(0, 2), name=NAMES)
    def delete(self, number: int, name: str) -> None:
        if not self.stands_in(number, name):
            assert (
                refusal(self.store, lambda: delete_code(self.store, self.promotions[number], name)).status
                == 404
            )
            return
        delete_code(self.store, self.promotions[number], name)
        self.model[number] = [each for each in self.model[number] if not self.same(each, name)]

    @rule(number=st.integers(0, 2), names=st.lists(NAMES, min_size=1, max_size=3))
    def delete_several(self, number: int, names: list[str]) -> None:
        codes.delete_codes(self.store, self.promotions[number], {"codes": [{"code": name} for name in names]})
        self.model[number] = [
            each for each in self.model[number] if not any(self.same(each, name) for name in names)
        ]

    @invariant()
    def each_list_is_what_the_model_says(self) -> None:
        for promotion, names in zip(self.promotions, self.model, strict=True):
            assert codes_of(self.store, promotion) == names
            assert [name for name in ("a", "A", "ß", "ss") if name in promotion.book] == [
                name for name in ("a", "A", "ß", "ss") if any(self.same(name, each) for each in names)
            ]


TestByHand = ByHand.TestCase
TestByHand.settings = hypothesis_settings(stateful_step_count=20)
