"""How often each request came while nothing changed: that is how a client that polls in vain is noticed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

Moment = tuple[object, ...]
"""Two equal moments of a store mean that nothing has happened in between."""

MOST_REQUESTS: Final = 10_000
"""How many different requests are counted; with one more, counting begins anew."""


class PollCounts:
    """The requests since something last happened: for each promotion, each request with its number."""

    __slots__ = ("_counts", "_different", "_moment")

    def __init__(self, moment: Moment = (), counts: Mapping[str, Mapping[str, int]] | None = None) -> None:
        self._moment = moment
        self._counts = {promotion_id: dict(requests) for promotion_id, requests in (counts or {}).items()}
        self._different = sum(len(requests) for requests in self._counts.values())

    def all_at(self, moment: Moment) -> Mapping[str, Mapping[str, int]]:
        """How often each request has come, by promotion, if nothing has happened since."""
        return self._counts if self._moment == moment else {}

    def at(self, moment: Moment, promotion_id: str) -> Mapping[str, int]:
        """How often each request about one promotion has come, if nothing has happened since."""
        return self.all_at(moment).get(promotion_id, {})

    def add(self, moment: Moment, promotion_id: str, request: str) -> None:
        """One more request."""
        if self._moment != moment or self._different > MOST_REQUESTS:
            self._moment = moment
            self._counts = {}
            self._different = 0
        requests = self._counts.setdefault(promotion_id, {})
        before = requests.get(request, 0)
        requests[request] = before + 1
        if not before:
            self._different += 1
