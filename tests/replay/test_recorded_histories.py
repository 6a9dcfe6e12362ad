"""Histories that an earlier version has written are answered the same, byte for byte."""

from __future__ import annotations

import pytest

from tests.replay.recorded_histories import CLOCKS, REQUESTS, Player, recorded


@pytest.mark.parametrize("clock", CLOCKS)
def test_a_recorded_history_is_answered_the_same(clock: str) -> None:
    player = Player(clock)
    try:
        exchanges = list(recorded(clock))
        for number, (sent, answer) in enumerate(exchanges, 1):
            assert player.send(sent)[0] == answer, f"request {number} of {clock}.jsonl: {sent}"
    finally:
        player.close()
    assert len(exchanges) == REQUESTS
