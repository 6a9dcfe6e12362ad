"""The codes of all promotions of one family, and which promotions have them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from ep_mock.domain.codes import Batch, Code

_FEW: Final = 8
"""Up to this number of promotions with codes, searching each costs less than an index."""

Entries = dict[str, Batch | Code]


class CodeIndex:
    """The promotions of one family by the keys of their codes. The number of promotions costs nothing.

    It stores only the ids of promotions. Their books refer to it, so a reference back would keep both alive
    until the garbage collector runs.
    """

    __slots__ = ("_entries", "_owners")

    def __init__(self) -> None:
        self._entries: dict[str, Entries] = {}
        self._owners: dict[str, str | tuple[str, ...]] | None = None

    def added(self, promotion_id: str, keys: Iterable[str], entries: Entries) -> None:
        """A promotion has got these keys; `entries` are all that it has now."""
        self._entries[promotion_id] = entries
        if self._owners is not None:
            _add(self._owners, promotion_id, keys)

    def removed(self, promotion_id: str, keys: Iterable[str], entries: Entries) -> None:
        """A promotion has lost these keys; `entries` are all that it has now."""
        if entries:
            self._entries[promotion_id] = entries
        else:
            self._entries.pop(promotion_id, None)
        owners = self._owners
        if owners is None:
            return
        for key in keys:
            owner = owners[key]
            if isinstance(owner, str):
                del owners[key]
            else:
                left = tuple(each for each in owner if each != promotion_id)
                owners[key] = left if len(left) > 1 else left[0]

    def holders(
        self, keys: Mapping[str, object] | tuple[str, ...], besides: str | None = None
    ) -> Iterator[tuple[str, str]]:
        """Pairs of a key and the id of a promotion that has it, except the promotion `besides`."""
        if self._owners is None:
            if len(self._entries) <= _FEW:
                for promotion_id, entries in self._entries.items():
                    if promotion_id != besides and not entries.keys().isdisjoint(keys):
                        yield from ((key, promotion_id) for key in keys if key in entries)
                return
            self._owners = {}
            for promotion_id, entries in self._entries.items():
                _add(self._owners, promotion_id, entries)
        owners = self._owners
        if owners.keys().isdisjoint(keys):
            return
        for key in keys:
            owner = owners.get(key, ())
            for each in (owner,) if isinstance(owner, str) else owner:
                if each != besides:
                    yield key, each


def _add(owners: dict[str, str | tuple[str, ...]], promotion_id: str, keys: Iterable[str]) -> None:
    fresh = dict.fromkeys(keys, promotion_id)
    if owners.keys().isdisjoint(fresh):
        owners.update(fresh)
        return
    for key in fresh:
        owner = owners.get(key)
        if owner is None:
            owners[key] = promotion_id
        else:
            owners[key] = (owner, promotion_id) if isinstance(owner, str) else (*owner, promotion_id)
