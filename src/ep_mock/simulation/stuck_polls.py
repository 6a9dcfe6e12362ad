"""Looking at a promotion with an unfinished job while the clock of its store stands still.

A client that sends the same request again and again, and does not notice that nothing can change, would do
so for ever. It is told in the end. Requests that differ are counted apart: a client that reads many
promotions, or all pages of a list, does not poll.
"""

from __future__ import annotations

from ep_mock.domain import problems
from ep_mock.domain.dates import format_nanos
from ep_mock.simulation.promotion import Promotion
from ep_mock.simulation.standstill import what_it_waits_for
from ep_mock.simulation.store import Store


def begin_poll(store: Store, promotion: Promotion, request: str) -> None:
    """Somebody is about to look; `request` is the text that makes the same requests equal.

    Raises:
        ApiError: 503, the same request has come too often while nothing changed.
    """
    allowed, unfinished = store.settings.stuck_polls, store.unfinished_jobs(promotion)
    if not allowed or not unfinished or store.looks.at(store.moment, promotion.id).get(request, 0) < allowed:
        return
    store.looks.add(store.moment, promotion.id, request)
    job = unfinished[0]
    raise problems.time_stands_still(
        f"{allowed} polls ({request}) in which nothing has changed: job {job.id} is {job.status} since "
        f"{format_nanos(job.updated_at)}; {what_it_waits_for(store, job).text}"
    )


def finish_poll(store: Store, promotion: Promotion, request: str, *, moves: bool) -> None:
    """Somebody has looked: count it and, if it `moves` a poll clock, move that."""
    if not store.unfinished_jobs(promotion):
        return
    store.looks.add(store.moment, promotion.id, request)
    if moves:
        store.end_poll(promotion)


def polls_in_vain(store: Store, promotion_id: str) -> int:
    """How often the most frequent request about a promotion has come while nothing changed."""
    return max(store.looks.at(store.moment, promotion_id).values(), default=0)
