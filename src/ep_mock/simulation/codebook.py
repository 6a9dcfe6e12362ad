"""The codes of one promotion.

A mapping in order of creation, keyed by the code (casefolded where the family says so). Most codes differ in nothing from the batch they
were made in, so the value is the batch itself; only where something differs it is a `Code`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from itertools import islice

from ep_mock.domain.codes import Batch, Code, plain
from ep_mock.domain.families import Family
from ep_mock.domain.paging import Page
from ep_mock.entropy import Entropy
from ep_mock.simulation.sorted_codes import SortedCodes

_UUID = "(?i)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"

# Beyond so many new codes at once, the index by id waits until somebody asks for it again.
_FEW = 1000

Entries = dict[str, Batch | Code]


class CodeBook:
    """Codes in order of creation. Looking one up costs the same however many there are; a page costs its offset and its length."""

    __slots__ = ("_by_id", "_entropy", "_family", "_promotion_id", "_sorted", "entries")

    def __init__(self, family: Family, promotion_id: str, entropy: Entropy) -> None:
        self._family = family
        self._promotion_id = promotion_id
        self._entropy = entropy
        self._by_id: dict[str, str] | None = None
        self._sorted = SortedCodes()
        self.entries: Entries = {}

    def __len__(self) -> int:
        return len(self.entries)

    @property
    def folds_case(self) -> bool:
        """Whether codes that differ in case only are the same."""
        return self._family.codes_fold_case

    def __contains__(self, code: str) -> bool:
        return self.key(code) in self.entries

    def key(self, code: str) -> str:
        """What a code is stored under."""
        return code.casefold() if self.folds_case else code

    def code_at(self, key: str) -> Code | None:
        """The code stored under `key`."""
        entry = self.entries.get(key)
        return plain(key, entry) if isinstance(entry, Batch) else entry

    def id_of(self, key: str) -> str | None:
        """The id of the code stored under `key`, where codes have ids: a keyed hash, so nothing is stored for it."""
        return self._entropy.uuid_of("code", self._promotion_id, key) if self._family.codes_have_ids else None

    def find(self, segment: str) -> str | None:
        """The key of the code that a path names: by its id first, then by the code itself."""
        if self._family.codes_have_ids and re.fullmatch(_UUID, segment):
            by_id = self._index().get(segment.lower())
            if by_id in self.entries:
                return by_id
        key = self.key(segment)
        return key if key in self.entries else None

    def page(self, offset: int, limit: int) -> list[Code]:
        """`limit` codes after the first `offset`, oldest first."""
        return [
            plain(key, entry) if isinstance(entry, Batch) else entry for key, entry in islice(self.entries.items(), offset, offset + limit)
        ]

    def sorted_page(self, page: Page, *, above: str | None, descending: bool) -> tuple[list[Code], int]:
        """A page of the codes in alphabetical order, case aside, only those greater than `above`; and how many of those there are."""
        keys, total = self._sorted.window(self.entries, page.offset, page.limit, above=above, descending=descending)
        return [code for key in keys if (code := self.code_at(key)) is not None], total

    def has_from(self, key: str, batch: Batch) -> bool:
        """Whether the code under `key` is there and is one of that batch, used meanwhile or not."""
        entry = self.entries.get(key)
        return entry is batch or (isinstance(entry, Code) and entry.batch is batch)

    def extend(self, entries: Mapping[str, Batch | Code]) -> None:
        """Add codes that are not there yet."""
        self.entries.update(entries)
        if self._by_id is not None and len(entries) <= _FEW:
            self._by_id.update(self._ids(entries))
        else:
            self._by_id = None
        self._sorted.added(entries.keys())

    def replace(self, key: str, code: Code) -> None:
        """Put another version of a code in its place."""
        self.entries[key] = code

    def remove(self, keys: Collection[str]) -> None:
        """Take away the codes stored under these keys."""
        for key in keys:
            del self.entries[key]
        self._sorted.removed(keys)

    def clear(self) -> None:
        """Take away all codes."""
        self.entries.clear()
        self._by_id = None
        self._sorted = SortedCodes()

    def copy(self) -> Entries:
        """The codes as they are now; later changes do not reach the copy."""
        return self.entries.copy()

    def _index(self) -> Mapping[str, str]:
        if self._by_id is None:
            self._by_id = self._ids(self.entries)
        return self._by_id

    def _ids(self, keys: Iterable[str]) -> dict[str, str]:
        return {self._entropy.uuid_of("code", self._promotion_id, key): key for key in keys}
