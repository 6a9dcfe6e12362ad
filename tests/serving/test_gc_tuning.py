"""When the garbage collector of a serving process begins."""

from __future__ import annotations

import gc

from ep_mock.serving.gc_tuning import deferred_gc


def test_nothing_is_collected_until_told_and_afterwards_all_is_as_before() -> None:
    usual = gc.get_threshold()
    with deferred_gc() as collect_from_now_on:
        before = gc.isenabled()
        collect_from_now_on()
        during = gc.isenabled()
        kept = gc.get_freeze_count()
    assert (before, during) == (False, True)
    assert kept > 0
    assert (gc.isenabled(), gc.get_freeze_count(), gc.get_threshold()) == (True, 0, usual)
