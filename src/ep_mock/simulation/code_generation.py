"""Codes that come and go over time: made by a generate job, deleted when the job is cancelled."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice

import msgspec

from ep_mock.domain.codes import Batch, Code, as_code, dashed
from ep_mock.entropy import Entropy
from ep_mock.simulation.code_book import CodeBook

BLOCK = 1000
FEW = 16

Taken = Callable[[Mapping[str, object] | tuple[str, ...], int], bool]


class CodeGeneration:
    """The codes that one generate job makes, one after the other.

    Candidates come from the entropy of (seed, job, block); a plan may give the first ones. A candidate that
    is taken when its turn comes is skipped. The result must not depend on when a client looks. So each code
    is judged at the instant at which it is made, and the generation first advances to the present before
    other codes, promotions or settings of the store change.

    Attributes:
        given: codes that a plan gives.
        source: what the entropy of the codes is named after, usually the id of the job.
        drawn: number of candidates looked at so far.
        made: the keys of all codes made so far, in order.
    """

    __slots__ = ("_book", "_candidates", "_given", "batch", "drawn", "given", "length", "made", "source")

    def __init__(
        self,
        book: CodeBook,
        entropy: Entropy,
        source: str,
        batch: Batch,
        length: int,
        *,
        given: Sequence[str] = (),
        drawn: int = 0,
        made: Iterable[str] = (),
    ) -> None:
        """Equal seeds and sources give equal codes. `drawn` and `made` resume an earlier generation."""
        self._book = book
        self.source = source
        self.batch = batch
        self.length = length
        self.given = tuple(given)
        self.drawn = drawn
        self.made = list(made)
        self._given = {book.key(code): code for code in self.given}
        upper_case = batch.upper_case and not book.family.codes_fold_case
        self._candidates = _candidates(
            entropy, source, batch.key_prefix, length, tuple(self._given), drawn, upper_case=upper_case
        )

    def advance_to(self, count: int, made_at: Callable[[int], int], taken: Taken) -> None:
        """Make codes until there are `count`.

        Args:
            made_at: when the code with this number, counted from 1, is made.
            taken: whether one of the keys is in use outside this promotion at a moment. While only time
                passes, a free key stays free.
        """
        while (missing := count - len(self.made)) > 0:
            # A whole block passes at once, unless one of its candidates is taken when the first code is made;
            # then each is judged at its own time.
            keys = list(islice(self._candidates, min(missing, BLOCK)))
            self.drawn += len(keys)
            fresh: Mapping[str, Batch | Code] = dict.fromkeys(keys, self.batch)
            first = len(self.made) + 1
            if (
                len(fresh) < len(keys)
                or not self._book.entries.keys().isdisjoint(fresh)
                or taken(fresh, made_at(first))
            ):
                fresh = self._untaken(keys, first, made_at, taken)
            if self._given:
                fresh = {key: self._spelled_as_given(key) for key in fresh}
            self._book.extend(fresh)
            self.made.extend(fresh)

    def _spelled_as_given(self, key: str) -> Batch | Code:
        code = self._given.get(key)
        return self.batch if code is None else msgspec.structs.replace(as_code(key, self.batch), code=code)

    def _untaken(
        self, keys: Sequence[str], first: int, made_at: Callable[[int], int], taken: Taken
    ) -> dict[str, Batch | Code]:
        chosen: dict[str, Batch | Code] = {}
        for key in keys:
            if key not in self._book.entries and not taken((key,), made_at(first + len(chosen))):
                chosen[key] = self.batch
        return chosen


class CodeDeletion:
    """The codes that a cancelled or failed job deletes, newest first.

    Attributes:
        keys: the remaining codes, oldest first.
        done: number of codes dealt with.
        deleted: number of codes deleted; codes that were removed by other means do not count.
    """

    __slots__ = ("_book", "batch", "deleted", "done", "keys")

    def __init__(
        self, book: CodeBook, batch: Batch, keys: Iterable[str], *, done: int = 0, deleted: int = 0
    ) -> None:
        """Delete those of the codes under `keys` that belong to that batch."""
        self._book = book
        self.batch = batch
        self.keys = [key for key in keys if book.has_from(batch, key)]
        self.done = done
        self.deleted = deleted

    def __len__(self) -> int:
        """Number of codes to delete, including those done."""
        return len(self.keys) + self.done

    def advance_to(self, count: int) -> None:
        """Delete until `count` of the codes are dealt with."""
        due = count - self.done
        if due <= 0:
            return
        doomed = [key for key in reversed(self.keys[-due:]) if self._book.has_from(self.batch, key)]
        del self.keys[-due:]
        self.done = count
        self._book.remove(doomed)
        self.deleted += len(doomed)


# Not a method: its generator would keep the code generation alive until the garbage collector runs.
def _candidates(
    entropy: Entropy,
    source: str,
    key_prefix: str,
    length: int,
    given: Sequence[str],
    drawn: int,
    *,
    upper_case: bool,
) -> Iterator[str]:
    """All candidates after the first `drawn`, without end."""
    yield from given[drawn:]
    block, skipped = divmod(max(drawn - len(given), 0), BLOCK)
    while True:
        # Most jobs in tests are small and should not pay for a whole block, so its first candidates come
        # alone. The block begins with the same candidates.
        for size in (FEW, BLOCK):
            bodies = entropy.code_bodies(source, block, size, length)
            keys = dashed(bodies.upper() if upper_case else bodies, length)[skipped:]
            yield from [key_prefix + body for body in keys] if key_prefix else keys
            skipped = max(skipped, size)
        block, skipped = block + 1, 0
