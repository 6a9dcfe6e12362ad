"""The codes of one promotion.

A mapping in order of creation, keyed by the code (casefolded where the family says so). Most codes differ in
nothing from the batch they were made in, so the value is the batch itself; only where something differs it is
a `Code`.
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

# Beyond so many new codes at once, the index by id waits until somebody asks for it again.
_FEW = 1000


def key_of(family: Family, code: str) -> str:
    """What a code is stored under in a promotion of this family."""
    return code.casefold() if family.codes_fold_case else code


class CapturedCodes:
    """The codes of a promotion as they were at some moment. Whoever captures the same codes again gets the
    same object.
    """

    __slots__ = ("__weakref__", "entries")

    def __init__(self, entries: Entries) -> None:
        self.entries = entries


class CodeBook:
    """Codes in order of creation. Looking one up costs the same however many there are; a page costs its
    offset and its length.
    """

    __slots__ = (
        "_by_id",
        "_captured",
        "_code_index",
        "_entropy",
        "_family",
        "_promotion_id",
        "_sorted",
        "entries",
    )

    def __init__(self, family: Family, promotion_id: str, entropy: Entropy) -> None:
        self._family = family
        self._promotion_id = promotion_id
        self._entropy = entropy
        self._by_id: dict[str, str] | None = None
        self._sorted = SortedCodes()
        self._captured: ref[CapturedCodes] | None = None
        self._code_index: CodeIndex | None = None
        self.entries: Entries = {}

    def __len__(self) -> int:
        return len(self.entries)

    @property
    def folds_case(self) -> bool:
        """Whether codes that differ in case only are the same."""
        return self._family.codes_fold_case

    def __contains__(self, code: str) -> bool:
        return self.key(code) in self.entries

    def index_in(self, names: CodeIndex | None) -> None:
        """Tell `names` which codes are there, and from now on which come and go; whoever was told before,
        forgets them.
        """
        if self._code_index is not None:
            self._code_index.removed(self._promotion_id, self.entries, {})
        self._code_index = names
        if names is not None and self.entries:
            names.added(self._promotion_id, self.entries, self.entries)

    def key(self, code: str) -> str:
        """What a code is stored under."""
        return key_of(self._family, code)

    def code_at(self, key: str) -> Code | None:
        """The code stored under `key`."""
        entry = self.entries.get(key)
        return None if entry is None else as_code(key, entry)

    def id_of(self, key: str) -> str | None:
        """The id of the code stored under `key`, where codes have ids: a keyed hash, so nothing is stored for
        it.
        """
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
        return [as_code(key, entry) for key, entry in islice(self.entries.items(), offset, offset + limit)]

    def sorted_page(self, page: Page, *, above: str | None, descending: bool) -> tuple[list[Code], int]:
        """A page of the codes in alphabetical order, case aside, only those greater than `above`; and how
        many of those there are.
        """
        keys, total = self._sorted.window(
            self.entries, page.offset, page.limit, above=above, descending=descending
        )
        return [code for key in keys if (code := self.code_at(key)) is not None], total

    def has_from(self, key: str, batch: Batch) -> bool:
        """Whether the code under `key` is there and is one of that batch, used meanwhile or not."""
        entry = self.entries.get(key)
        return entry is batch or (isinstance(entry, Code) and entry.batch is batch)

    def extend(self, entries: Mapping[str, Batch | Code]) -> None:
        """Add codes that are not there yet."""
        self._leave_captured()
        self.entries.update(entries)
        if self._code_index is not None and entries:
            self._code_index.added(self._promotion_id, entries, self.entries)
        if self._by_id is not None and len(entries) <= _FEW:
            self._by_id.update(self._ids(entries))
        else:
            self._by_id = None
        self._sorted.added(entries.keys())

    def replace(self, key: str, code: Code) -> None:
        """Put another version of a code in its place."""
        self._leave_captured()
        self.entries[key] = code

    def remove(self, keys: Collection[str]) -> None:
        """Take away the codes stored under these keys."""
        self._leave_captured()
        for key in keys:
            del self.entries[key]
        if self._code_index is not None:
            self._code_index.removed(self._promotion_id, keys, self.entries)
        self._sorted.removed(keys)

    def clear(self) -> None:
        """Take away all codes."""
        gone, self.entries, self._captured = self.entries, {}, None
        if self._code_index is not None:
            self._code_index.removed(self._promotion_id, gone, self.entries)
        self._by_id = None
        self._sorted = SortedCodes()

    def capture(self) -> CapturedCodes:
        """The codes as they are now. This costs nothing; the next change copies them if they are still
        captured then.
        """
        captured = None if self._captured is None else self._captured()
        if captured is None:
            captured = CapturedCodes(self.entries)
            self._captured = ref(captured)
        return captured

    def _leave_captured(self) -> None:
        """Before a change: leave the mapping to those who have captured it, and go on with a copy."""
        captured = None if self._captured is None else self._captured()
        self._captured = None
        if captured is None:
            return
        self.entries = self.entries.copy()
        if self._code_index is not None and self.entries:
            self._code_index.added(self._promotion_id, (), self.entries)

    def _index(self) -> Mapping[str, str]:
        if self._by_id is None:
            self._by_id = self._ids(self.entries)
        return self._by_id

    def _ids(self, keys: Iterable[str]) -> dict[str, str]:
        return {self._entropy.uuid_of("code", self._promotion_id, key): key for key in keys}
