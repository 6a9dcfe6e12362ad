"""Looking at a promotion with an unfinished job while the clock of its store stands still.

A client that sends the same request again and again, and does not notice that nothing can change, would do
so for ever. It is told in the end. Requests that differ are counted apart: a client that reads many
promotions, or all pages of a list, does not poll.
"""

from __future__ import annotations

from ep_mock.domain import problems
from ep_mock.domain.dates import format_nanos
from ep_mock.operations.waiting_reason import waiting_reason
from ep_mock.simulation.promotion import Promotion
from ep_mock.simulation.store import Store


def refuse_futile_poll(store: Store, promotion: Promotion, request: str) -> None:
    """Somebody is about to look; `request` is the text that makes the same requests equal.

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
    """Somebody has looked: count it and, if it `moves` a poll clock, move that."""
    if not store.unfinished_jobs(promotion):
        return
    store.poll_counts.add(store.moment, promotion.id, request)
    if moves:
        store.advance_poll_clock(promotion)


def futile_polls(store: Store, promotion_id: str) -> int:
    """How often the most frequent request about a promotion has come while nothing changed."""
    return max(store.poll_counts.at(store.moment, promotion_id).values(), default=0)
