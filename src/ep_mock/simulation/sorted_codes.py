"""The keys of a promotion's codes in alphabetical order, for `sort=code` and `gt(code,...)`."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Collection, Iterable, Sequence

# From this number of changes at once, one pass over all keys costs less than single changes.
_FEW = 64


class SortedCodes:
    """Keys in order: built at the first request for them, then kept up to date.

    A page of a walk by keyset costs one binary search and a slice. A change between two pages costs little.
    """

    __slots__ = ("_in_order", "_keys")

    def __init__(self) -> None:
        self._keys: list[str] | None = None
        self._in_order = True

    def added(self, keys: Collection[str]) -> None:
        """Codes were added."""
        if self._keys is None:
            return
        if self._in_order and len(keys) <= _FEW:
            for key in keys:
                insort(self._keys, key)
        else:
            self._keys.extend(keys)
            self._in_order = False

    def removed(self, keys: Collection[str]) -> None:
        """Codes were removed."""
        if self._keys is None:
            return
        if len(keys) <= _FEW:
            ordered = self._ordered(())
            for key in keys:
                del ordered[bisect_left(ordered, key)]
        else:
            gone = set(keys)
            self._keys = [key for key in self._keys if key not in gone]

    def window(
        self, present: Iterable[str], offset: int, limit: int, *, above: str | None, descending: bool
    ) -> tuple[Sequence[str], int]:
        """`limit` keys after the first `offset` of those greater than `above`, and the number of the latter.

        `present` are all keys, in any order.
        """
        keys = self._ordered(present)
        first = 0 if above is None else bisect_right(keys, above)
        total = len(keys) - first
        if not descending:
            return keys[first + offset : first + offset + limit], total
        last = len(keys) - offset
        return keys[max(first, last - limit) : max(first, last)][::-1], total

    def _ordered(self, present: Iterable[str]) -> list[str]:
        if self._keys is None:
            self._keys = sorted(present)
        elif not self._in_order:
            # Cheap: the sort finds the long run that is in order already, and merges the rest into it.
            self._keys.sort()
        self._in_order = True
        return self._keys
