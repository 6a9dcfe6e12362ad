"""The promotions of one family in a store, with look-ups among all of them."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterator, Mapping, Sequence, ValuesView
from itertools import islice
from typing import NamedTuple

from ep_mock.simulation.code_index import CodeIndex
from ep_mock.simulation.promotion import Promotion


class _Rank(NamedTuple):
    """The limited resources of a store that an enabled promotion uses, and until when."""

    end: int
    automatic: bool
    priority: object


class FamilyPromotions(Mapping[str, Promotion]):
    """Promotions by id, in order of creation. The cost of a look-up doesn't grow with their number.

    Attributes:
        code_index: all their codes.
    """

    __slots__ = ("_added", "_automatic_ends", "_by_id", "_by_priority", "_places", "_ranks", "code_index")

    def __init__(self) -> None:
        self._by_id: dict[str, Promotion] = {}
        self._places: dict[str, int] = {}
        self._added = 0
        self._ranks: dict[str, _Rank] = {}
        self._automatic_ends: list[int] = []
        self._by_priority: dict[object, list[tuple[int, str]]] = {}
        self.code_index = CodeIndex()

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_id)

    def __getitem__(self, promotion_id: str) -> Promotion:
        return self._by_id[promotion_id]

    def __contains__(self, promotion_id: object) -> bool:
        return promotion_id in self._by_id

    def find(self, promotion_id: str) -> Promotion | None:
        """The promotion with this id. Most requests begin with it; it is faster than `get`."""
        return self._by_id.get(promotion_id)

    def values(self) -> ValuesView[Promotion]:
        """The promotions, oldest first."""
        return self._by_id.values()

    def add(self, promotion: Promotion) -> None:
        """Add a new promotion with its codes."""
        self._by_id[promotion.id] = promotion
        self._added += 1
        self._places[promotion.id] = self._added
        promotion.book.index_in(self.code_index)
        self._rank(promotion)

    def remove(self, promotion: Promotion) -> None:
        """Remove a promotion with its codes."""
        del self._by_id[promotion.id], self._places[promotion.id]
        promotion.book.index_in(None)
        self._unrank(promotion.id)

    def changed(self, promotion: Promotion) -> None:
        """The fields of a promotion were replaced."""
        self._unrank(promotion.id)
        self._rank(promotion)

    def newest(self, offset: int, limit: int) -> Iterator[Promotion]:
        """`limit` promotions after the first `offset`, newest first."""
        return islice(reversed(self._by_id.values()), offset, offset + limit)

    def with_code(self, key: str) -> Sequence[Promotion]:
        """The promotions that have the code with this key, oldest first."""
        found = [promotion_id for _, promotion_id in self.code_index.holders((key,))]
        return [self._by_id[promotion_id] for promotion_id in sorted(found, key=self._places.__getitem__)]

    def number_automatic(self, now: int) -> int:
        """Number of automatic promotions that are running or scheduled."""
        return len(self._automatic_ends) - bisect_right(self._automatic_ends, now)

    def has_priority(self, priority: object, now: int, *, besides: Promotion | None) -> bool:
        """Whether a running or scheduled promotion, other than `besides`, has this priority."""
        for end, promotion_id in reversed(self._by_priority.get(priority, ())):
            if end <= now:
                return False
            if besides is None or promotion_id != besides.id:
                return True
        return False

    def _rank(self, promotion: Promotion) -> None:
        if not promotion.family.ranks_promotions or not promotion.fields["enabled"]:
            return
        rank = self._ranks[promotion.id] = _Rank(
            promotion.end, promotion.automatic, promotion.fields.get("priority")
        )
        if rank.automatic:
            insort(self._automatic_ends, rank.end)
        if rank.priority is not None:
            insort(self._by_priority.setdefault(rank.priority, []), (rank.end, promotion.id))

    def _unrank(self, promotion_id: str) -> None:
        rank = self._ranks.pop(promotion_id, None)
        if rank is None:
            return
        if rank.automatic:
            del self._automatic_ends[bisect_right(self._automatic_ends, rank.end) - 1]
        if rank.priority is not None:
            same = self._by_priority[rank.priority]
            del same[bisect_right(same, (rank.end, promotion_id)) - 1]
            if not same:
                del self._by_priority[rank.priority]
