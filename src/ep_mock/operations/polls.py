"""Polls: repeated requests about a promotion with an unfinished job.

A poll moves a poll clock. While nothing changes, a client that repeats a request would do so forever. After
some repetitions it gets an error that says why nothing changes. Different requests are counted separately: a
client that reads many promotions, or all pages of a list, doesn't poll.
"""

from __future__ import annotations

from ep_mock.domain import problems
from ep_mock.domain.dates import format_nanos
from ep_mock.operations.waiting_reason import waiting_reason
from ep_mock.simulation.promotion import Promotion
from ep_mock.simulation.store import Store


def refuse_futile_poll(store: Store, promotion: Promotion, request: str) -> None:
    """Refuse a request that was repeated too often; equal requests have an equal text `request`.

    Raises:
        ApiError: 503, the same request has come too often while nothing changed.
    """
    allowed, unfinished = store.settings.stuck_polls, store.unfinished_jobs(promotion)
    if not allowed or not unfinished:
        return
    if store.poll_counts.at(store.moment, promotion.id).get(request, 0) < allowed:
        return
    store.poll_counts.add(store.moment, promotion.id, request)
    job = unfinished[0]
    raise problems.time_stands_still(
        f"{allowed} polls ({request}) in which nothing has changed: job {job.id} is {job.status} since "
        f"{format_nanos(job.updated_at)}; {waiting_reason(store, job).text}"
    )


def record_poll(store: Store, promotion: Promotion, request: str, *, moves: bool) -> None:
    """Count a request after its response was made; if it `moves` a poll clock, advance the clock."""
    if not store.unfinished_jobs(promotion):
        return
    store.poll_counts.add(store.moment, promotion.id, request)
    if moves:
        store.advance_poll_clock(promotion)


def futile_polls(store: Store, promotion_id: str) -> int:
    """Number of times that the most frequent request about a promotion came while nothing changed."""
    return max(store.poll_counts.at(store.moment, promotion_id).values(), default=0)
