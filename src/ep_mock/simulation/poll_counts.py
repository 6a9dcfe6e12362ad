"""Counts equal requests while nothing changes, to notice a client that polls in vain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

Moment = tuple[object, ...]
"""Two equal moments of a store mean that nothing has happened in between."""

MOST_REQUESTS: Final = 10_000
"""Maximum number of different requests to count; one more starts the counting anew."""


class PollCounts:
    """The number of times that each request came since something last happened, by promotion."""

    __slots__ = ("_counts", "_different", "_moment")

    def __init__(self, moment: Moment = (), counts: Mapping[str, Mapping[str, int]] | None = None) -> None:
        self._moment = moment
        self._counts = {promotion_id: dict(requests) for promotion_id, requests in (counts or {}).items()}
        self._different = sum(len(requests) for requests in self._counts.values())

    def all_at(self, moment: Moment) -> Mapping[str, Mapping[str, int]]:
        """The counts of all promotions; empty if something has happened since they were counted."""
        return self._counts if self._moment == moment else {}

    def at(self, moment: Moment, promotion_id: str) -> Mapping[str, int]:
        """The counts of one promotion."""
        return self.all_at(moment).get(promotion_id, {})

    def add(self, moment: Moment, promotion_id: str, request: str) -> None:
        """Count one request."""
        if self._moment != moment or self._different > MOST_REQUESTS:
            self._moment = moment
            self._counts = {}
            self._different = 0
        requests = self._counts.setdefault(promotion_id, {})
        before = requests.get(request, 0)
        requests[request] = before + 1
        if not before:
            self._different += 1
