"""Stores for tests, and the verbs on them in short: every verb settles first, as the web edge does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pytest

from ep_mock.domain.families import STANDARD, Family
from ep_mock.domain.lifecycle import Status
from ep_mock.domain.paging import Page
from ep_mock.domain.plans import Plan
from ep_mock.errors import ApiError
from ep_mock.operations import codes, jobs, promotions, usages
from ep_mock.operations.polls import record_poll, refuse_futile_poll
from ep_mock.settings import Settings
from ep_mock.simulation.job import Job
from ep_mock.simulation.promotion import Promotion
from ep_mock.simulation.store import Store
from ep_mock.simulation.usage import Usage
from ep_mock.snapshots import save
from tests.bodies import code_export, code_generate, new_promotion

MS: Final = 1_000_000
SECOND: Final = 1000 * MS
START: Final = 1_733_268_695_962_680_423
"""2024-12-03T23:31:35.962680423Z, where these stores begin."""

EVERYTHING: Final = Page(0, 100_000)

Log = list[tuple[int, Status]]


def new_store(**settings: Any) -> Store:
    """An empty store on a manual clock at `START`, unless the settings say otherwise."""
    return Store(
        "tests",
        Settings(**{"clock": "manual", "clock_start": "2024-12-03T23:31:35.962680423Z", **settings}),
        "a seed",
    )


def add_promotion(
    store: Store, family: Family = STANDARD, *, codes_limit: int | None = None, **fields: Any
) -> Promotion:
    """A promotion that takes codes."""
    store.settle()
    promotion = promotions.create_promotion(store, family, new_promotion(family, **fields))
    promotion.codes_limit = codes_limit
    return promotion


def generate(
    store: Store, promotion: Promotion, count: int, plan: Plan | None = None, **parameters: Any
) -> Job:
    """A new job that makes `count` codes."""
    store.settle()
    return jobs.create_job(store, promotion, code_generate(count, **parameters), plan)


def export(store: Store, promotion: Promotion) -> Job:
    """A new job that exports the promotion's codes."""
    store.settle()
    return jobs.create_job(store, promotion, code_export())


def cancel(store: Store, promotion: Promotion, job: Job) -> None:
    """Cancel a job."""
    store.settle()
    jobs.cancel_job(store, promotion, job.id)


def poll(store: Store, promotion: Promotion) -> list[bytes]:
    """The promotion's jobs, newest first, as a client that polls gets them."""
    store.settle()
    refuse_futile_poll(store, promotion, "jobs")
    listing = jobs.list_jobs(store, promotion, EVERYTHING, None)
    record_poll(store, promotion, "jobs", moves=True)
    return listing.items


def code_documents(store: Store, promotion: Promotion) -> list[bytes]:
    """The promotion's codes, oldest first, as lists print them."""
    store.settle()
    return codes.list_codes(store, promotion, EVERYTHING, None, None).items


def codes_of(store: Store, promotion: Promotion) -> list[str]:
    """The promotion's codes, oldest first."""
    store.settle()
    return [code.code for code in store.codes_of(promotion).page(0, 100_000)]


def delete_code(store: Store, promotion: Promotion, code: str) -> None:
    """Delete one code by itself or by its id."""
    store.settle()
    codes.delete_code(store, promotion, code)


def delete_promotion(store: Store, promotion: Promotion) -> None:
    """Delete a promotion."""
    store.settle()
    promotions.delete_promotion(store, promotion)


def at(store: Store, offset: int) -> None:
    """Move the store to `offset` nanoseconds after `START`."""
    store.advance_to(START + offset)


def log_of(job: Job) -> Log:
    """The history of a job: when, since `START`, it came to have which status."""
    return [(transition.at - START, transition.status) for transition in job.history]


def add_codes(store: Store, promotion: Promotion, *items: str | dict[str, Any]) -> codes.CreatedCodes:
    """Add codes by hand; a text is a code that has nothing but its name."""
    store.settle()
    wanted = [{"code": item} if isinstance(item, str) else item for item in items]
    return codes.create_codes(store, promotion, {"type": "promotion_codes", "codes": wanted})


def update(store: Store, promotion: Promotion, **changes: Any) -> Promotion:
    """Change a promotion."""
    store.settle()
    return promotions.update_promotion(store, promotion, changes)


def use(store: Store, promotion: Promotion, code: str, **checkout: Any) -> Usage:
    """Use a code in a checkout."""
    store.settle()
    return usages.record_usage(store, promotion, {"code": code, **checkout})


def refusal(store: Store, verb: Callable[[], object]) -> ApiError:
    """The error of an operation that must fail and must not change anything in the store."""
    store.settle()
    before = save(store)
    with pytest.raises(ApiError) as refused:
        verb()
    assert save(store) == before
    return refused.value
