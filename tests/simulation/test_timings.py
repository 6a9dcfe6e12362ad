"""When the worker looks at its timings. How they are written is tested in tests/test_timings.py."""

from __future__ import annotations

from tests.simulation.stores import MS, add_promotion, at, cancel, generate, log_of, new_store


def test_timings_are_those_in_force_when_the_worker_takes_the_job_up() -> None:
    store = new_store()
    promotion = add_promotion(store)
    job = generate(store, promotion, 10)
    at(store, 50 * MS)
    store.state.change_settings(
        store.settings.with_changes({"timings": "fast,generate=1s,generate_per_code=100ms"})
    )
    at(store, 100 * MS)
    store.state.change_settings(store.settings.with_changes({"timings": "instant"}))
    store.advance_until_idle()
    assert log_of(job) == [(0, "pending"), (100 * MS, "processing"), (2100 * MS, "completed")]


def test_a_deletion_takes_the_time_in_force_when_the_job_is_cancelled() -> None:
    store = new_store()
    promotion = add_promotion(store)
    job = generate(store, promotion, 10)
    at(store, 254 * MS)
    store.state.change_settings(store.settings.with_changes({"timings": "fast,delete=1s,delete_per_code=1s"}))
    cancel(store, promotion, job)
    store.state.change_settings(store.settings.with_changes({"timings": "instant"}))
    store.advance_until_idle()
    assert log_of(job)[2:] == [(254 * MS, "cancelling"), (5254 * MS, "cancelled")]
