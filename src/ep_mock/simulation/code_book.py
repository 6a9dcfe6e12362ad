"""The codes of one promotion.

They are a mapping in order of creation. The key is the code, casefolded where the family says so. Most codes
have nothing of their own, so the value is the batch that they were made in; only a code that differs from its
batch is a `Code`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from itertools import islice
from weakref import ref

from ep_mock.domain.codes import Batch, Code, as_code
from ep_mock.domain.families import Family
from ep_mock.domain.paging import Page
from ep_mock.entropy import Entropy
from ep_mock.simulation.code_index import CodeIndex, Entries
from ep_mock.simulation.sorted_codes import SortedCodes

_UUID = "(?i)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"

# When more codes than this are added at once, the index by id is dropped, and built anew at the next look-up.
_FEW = 1000


def key_of(family: Family, code: str) -> str:
    """The key under which a promotion of this family stores a code."""
    return code.casefold() if family.codes_fold_case else code


class CapturedCodes:
    """The codes of a promotion at one moment. Capturing equal codes twice gives the same object."""

    __slots__ = ("__weakref__", "entries")

    def __init__(self, entries: Entries) -> None:
        self.entries = entries


class CodeBook:
    """Codes in order of creation.

    A look-up costs the same for any number of codes; a page costs its offset and its length.
    """

    __slots__ = ("_by_id", "_captured", "_entropy", "_index", "_promotion_id", "_sorted", "entries", "family")

    def __init__(self, family: Family, promotion_id: str, entropy: Entropy) -> None:
        self.family = family
        self._promotion_id = promotion_id
        self._entropy = entropy
        self._by_id: dict[str, str] | None = None
        self._sorted = SortedCodes()
        self._captured: ref[CapturedCodes] | None = None
        self._index: CodeIndex | None = None
        self.entries: Entries = {}

    def __len__(self) -> int:
        return len(self.entries)

    def __contains__(self, code: str) -> bool:
        return self.key(code) in self.entries

    def index_in(self, index: CodeIndex | None) -> None:
        """Enter all codes into `index` and keep it up to date; leave the index used before."""
        if self._index is not None:
            self._index.removed(self._promotion_id, self.entries, {})
        self._index = index
        if index is not None and self.entries:
            index.added(self._promotion_id, self.entries, self.entries)

    def key(self, code: str) -> str:
        """The key under which a code is stored."""
        return key_of(self.family, code)

    def code_at(self, key: str) -> Code | None:
        """The code stored under `key`."""
        entry = self.entries.get(key)
        return None if entry is None else as_code(key, entry)

    def id_of(self, key: str) -> str | None:
        """The id of the code stored under `key`, None where codes have no ids.

        It is a keyed hash, so that it need not be stored.
        """
        return self._entropy.uuid_of("code", self._promotion_id, key) if self.family.codes_have_ids else None

    def find(self, segment: str) -> str | None:
        """The key of the code that a path names: by its id first, then by the code itself."""
        if self.family.codes_have_ids and re.fullmatch(_UUID, segment):
            if self._by_id is None:
                self._by_id = self._ids(self.entries)
            key = self._by_id.get(segment.lower())
            if key in self.entries:
                return key
        key = self.key(segment)
        return key if key in self.entries else None

    def page(self, offset: int, limit: int) -> list[Code]:
        """`limit` codes after the first `offset`, oldest first."""
        return [as_code(key, entry) for key, entry in islice(self.entries.items(), offset, offset + limit)]

    def sorted_page(self, page: Page, *, above: str | None, descending: bool) -> tuple[list[Code], int]:
        """A page of the codes greater than `above`, in alphabetical order, and the number of these codes."""
        keys, total = self._sorted.window(
            self.entries, page.offset, page.limit, above=above, descending=descending
        )
        return [as_code(key, self.entries[key]) for key in keys], total

    def has_from(self, batch: Batch, key: str) -> bool:
        """Whether the code under `key` exists and belongs to that batch, used meanwhile or not."""
        entry = self.entries.get(key)
        return entry is batch or (isinstance(entry, Code) and entry.batch is batch)

    def extend(self, entries: Mapping[str, Batch | Code]) -> None:
        """Add codes whose keys are new."""
        self._leave_captured()
        self.entries.update(entries)
        if self._index is not None and entries:
            self._index.added(self._promotion_id, entries, self.entries)
        if self._by_id is not None and len(entries) <= _FEW:
            self._by_id.update(self._ids(entries))
        else:
            self._by_id = None
        self._sorted.added(entries.keys())

    def replace(self, key: str, code: Code) -> None:
        """Replace a code by another version of it."""
        self._leave_captured()
        self.entries[key] = code

    def remove(self, keys: Collection[str]) -> None:
        """Remove the codes stored under these keys."""
        self._leave_captured()
        for key in keys:
            del self.entries[key]
        if self._index is not None:
            self._index.removed(self._promotion_id, keys, self.entries)
        self._sorted.removed(keys)

    def clear(self) -> None:
        """Remove all codes."""
        removed, self.entries, self._captured = self.entries, {}, None
        if self._index is not None:
            self._index.removed(self._promotion_id, removed, self.entries)
        self._by_id = None
        self._sorted = SortedCodes()

    def capture(self) -> CapturedCodes:
        """The codes as they are now. This costs nothing; only a later change copies codes that are in use."""
        captured = None if self._captured is None else self._captured()
        if captured is None:
            captured = CapturedCodes(self.entries)
            self._captured = ref(captured)
        return captured

    def _leave_captured(self) -> None:
        """Before a change: continue with a copy of the mapping if the mapping itself is captured."""
        captured = None if self._captured is None else self._captured()
        self._captured = None
        if captured is None:
            return
        self.entries = self.entries.copy()
        if self._index is not None and self.entries:
            self._index.added(self._promotion_id, (), self.entries)

    def _ids(self, keys: Iterable[str]) -> dict[str, str]:
        return {self._entropy.uuid_of("code", self._promotion_id, key): key for key in keys}
