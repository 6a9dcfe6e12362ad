"""Randomness: equal seeds give equal bytes, and drawing one thing never shifts another."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from ep_mock.entropy import CODE_ALPHABET, Entropy, as_uuid, new_seed

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def test_ids_are_uuids_of_version_4() -> None:
    entropy = Entropy("seed")
    ids = [entropy.next_uuid() for _ in range(100)] + [
        entropy.uuid_of("code", str(number)) for number in range(100)
    ]
    assert len(set(ids)) == 200
    assert [text for text in ids if not UUID.fullmatch(text)] == []
    assert as_uuid("0" * 32) == "00000000-0000-4000-8000-000000000000"
    assert as_uuid("f" * 40) == "ffffffff-ffff-4fff-bfff-ffffffffffff"


def test_ids_go_on_from_where_they_were_drawn() -> None:
    first = Entropy("seed", "store")
    ids = [first.next_uuid() for _ in range(5)]
    assert first.drawn == 5
    resumed = Entropy("seed", "store")
    resumed.drawn = 3
    assert [resumed.next_uuid() for _ in range(2)] == ids[3:]
    first.drawn = 0
    assert [first.next_uuid() for _ in range(5)] == ids


def test_nothing_else_shifts_the_ids_drawn_in_turn() -> None:
    plain, busy = Entropy("seed"), Entropy("seed")
    busy.uuid_of("store")
    busy.signature("file")
    busy.code_bodies("job", 0, 10, 8)
    assert plain.next_uuid() == busy.next_uuid()


@given(st.text(max_size=8), st.text(max_size=8), st.text(max_size=8), st.text(max_size=8))
def test_only_seed_and_owner_decide(seed: str, owner: str, other_seed: str, other_owner: str) -> None:
    def drawn(entropy: Entropy) -> tuple[str, str, str, str]:
        return (
            entropy.next_uuid(),
            entropy.uuid_of("a"),
            entropy.signature("a"),
            entropy.code_bodies("job", 0, 3, 8),
        )

    these = drawn(Entropy(seed, owner))
    assert these == drawn(Entropy(seed, owner))
    if f"{seed}\0{owner}" != f"{other_seed}\0{other_owner}":
        assert not set(these) & set(drawn(Entropy(other_seed, other_owner)))


@given(st.integers(1, 50), st.integers(8, 16), st.integers(0, 1000))
def test_bodies_of_codes_have_the_asked_length_and_plain_letters(count: int, length: int, block: int) -> None:
    bodies = Entropy("seed").code_bodies("job", block, count, length)
    assert len(bodies) == count * length
    assert set(bodies) <= set(CODE_ALPHABET)


def test_no_letter_of_a_code_is_taken_for_another() -> None:
    assert len(set(CODE_ALPHABET)) == 32
    assert not set("01io") & set(CODE_ALPHABET)


def test_blocks_and_jobs_have_bodies_of_their_own() -> None:
    entropy = Entropy("seed")
    streams = [entropy.code_bodies(job, block, 100, 8) for job in ("a", "b", "a/1") for block in (0, 1, 10)]
    assert len(set(streams)) == len(streams)


def test_every_letter_is_as_likely_as_any_other() -> None:
    bodies = Entropy("seed").code_bodies("job", 0, 32_000, 8)
    counts = [bodies.count(letter) for letter in CODE_ALPHABET]
    # 8,000 of each expected; six standard deviations either way.
    assert 7_460 < min(counts) <= max(counts) < 8_540


def test_fresh_seeds_differ_and_can_be_passed_on() -> None:
    seeds = {new_seed() for _ in range(20)}
    assert len(seeds) == 20
    assert all(re.fullmatch(r"[0-9a-f]{16}", seed) for seed in seeds)
