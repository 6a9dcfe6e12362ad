"""The guarantees of time travel, snapshots, resets and stores, for any actions in any order.

Two stores live side by side in one server. Each has a twin, alone in a server of its own, that is spared all
detours: it moves in one step where the store moves in pieces, and it does nothing while the store goes astray
and is restored. Both must be the same at all times.
"""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.client import api_client
from tests.web.control.actors import ACTIONS, MS, Action, Actor

NAMES = ("left", "right")
SIDES = st.integers(0, 1)


class ControlMachine(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        shared = api_client()
        self.stores = [Actor(shared, name) for name in NAMES]
        self.twins = [Actor(store=name) for name in NAMES]

    @rule(side=SIDES, family=st.integers(0, 1))
    def add_promotion(self, side: int, family: int) -> None:
        assert self.stores[side].add_promotion(family) == self.twins[side].add_promotion(family)

    @rule(side=SIDES, action=ACTIONS)
    def act(self, side: int, action: Action) -> None:
        assert self.stores[side].do(action) == self.twins[side].do(action)

    @rule(side=SIDES, pieces=st.lists(st.integers(0, 400), min_size=1, max_size=6))
    def advance_in_pieces_as_at_once(self, side: int, pieces: list[int]) -> None:
        store, twin = self.stores[side], self.twins[side]
        moment, transitions = store.now(), []
        for piece in pieces:
            moment += piece * MS
            transitions += store.advance_to(moment)
        assert transitions == twin.advance_to(moment)

    @rule(side=SIDES, astray=st.lists(ACTIONS, max_size=8))
    def go_astray_and_be_restored(self, side: int, astray: list[Action]) -> None:
        store = self.stores[side]
        saved = store.snapshot()
        for action in astray:
            store.do(action)
        restored = store.control("PUT", "snapshot", saved)
        assert restored == self.twins[side].control("GET", "clock")

    @rule(side=SIDES)
    def move_to_another_server(self, side: int) -> None:
        # A snapshot is complete: a server with another seed continues from it in the same way.
        moved = Actor(api_client(seed="another"), NAMES[side])
        moved.control("PUT", "snapshot", self.twins[side].snapshot())
        self.twins[side] = moved

    @rule(side=SIDES, delete=st.booleans())
    def begin_anew(self, side: int, delete: bool) -> None:
        self.stores[side].control("DELETE", f"stores/{NAMES[side]}") if delete else self.stores[side].control(
            "POST", "reset"
        )
        self.twins[side] = Actor(store=NAMES[side])

    @invariant()
    def both_are_the_same(self) -> None:
        for store, twin in zip(self.stores, self.twins, strict=True):
            assert store.snapshot() == twin.snapshot()
            assert store.control("GET", "worker") == twin.control("GET", "worker")
            assert store.control("GET", "jobs") == twin.control("GET", "jobs")


TestControlMachine = ControlMachine.TestCase
TestControlMachine.settings = settings(max_examples=settings().max_examples // 2, stateful_step_count=20)
