"""Codes that come and go over time: those that a generate job makes, and those that its cancellation
deletes.
"""

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
    is taken when its turn comes is skipped. So that what is made does not depend on when somebody looks, each
    code is judged at the instant at which it is made, and whatever else changes the codes or promotions of
    the store, or its settings, lets the growth first reach that moment.

    Attributes:
        given: codes that a plan gives.
        source: the name of what the codes are made for, as a rule the id of the job.
        drawn: how many candidates were looked at so far.
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
        """Equal seeds and sources give equal codes. `drawn` and `made` are what another has reached that this
        one goes on from.
        """
        self._book = book
        self.source = source
        self.batch = batch
        self.length = length
        self.given = tuple(given)
        self.drawn = drawn
        self.made = list(made)
        self._given = {book.key(code): code for code in self.given}
        self._candidates = _candidates(
            entropy, source, batch, length, tuple(self._given), drawn, folds_case=book.folds_case
        )

    def advance_to(self, count: int, made_at: Callable[[int], int], taken: Taken) -> None:
        """Make codes until there are `count`.

        Args:
            made_at: when the code with this number, counted from 1, is made.
            taken: whether any of some keys is in use outside this promotion at a moment. As long as nothing
                but time passes, a key that is free stays free.
        """
        while (missing := count - len(self.made)) > 0:
            # A block at a time: where one candidate is taken when the first code is made, each is judged by
            # itself at its own time.
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
                fresh = {key: self._as_given(key) for key in fresh}
            self._book.extend(fresh)
            self.made.extend(fresh)

    def _as_given(self, key: str) -> Batch | Code:
        spelled = self._given.get(key)
        return (
            self.batch if spelled is None else msgspec.structs.replace(as_code(key, self.batch), code=spelled)
        )

    def _untaken(
        self, keys: Sequence[str], first: int, made_at: Callable[[int], int], taken: Taken
    ) -> dict[str, Batch | Code]:
        chosen: dict[str, Batch | Code] = {}
        for key in keys:
            if key not in self._book.entries and not taken((key,), made_at(first + len(chosen))):
                chosen[key] = self.batch
        return chosen


class CodeDeletion:
    """The codes that a cancelled or failed job leaves to delete, newest first.

    Attributes:
        keys: those that are left, oldest first.
        done: how many are dealt with.
        deleted: how many were deleted; what somebody else removed meanwhile does not count.
    """

    __slots__ = ("_book", "batch", "deleted", "done", "keys")

    def __init__(
        self, book: CodeBook, batch: Batch, keys: Iterable[str], *, done: int = 0, deleted: int = 0
    ) -> None:
        """The codes under `keys`, as far as they are of that batch."""
        self._book = book
        self.batch = batch
        self.keys = [key for key in keys if book.has_from(key, batch)]
        self.done = done
        self.deleted = deleted

    def __len__(self) -> int:
        """How many codes there were to delete."""
        return len(self.keys) + self.done

    def advance_to(self, count: int) -> None:
        """Delete until `count` of the codes are dealt with."""
        due = count - self.done
        if due <= 0:
            return
        doomed = [key for key in reversed(self.keys[-due:]) if self._book.has_from(key, self.batch)]
        del self.keys[-due:]
        self.done = count
        self._book.remove(doomed)
        self.deleted += len(doomed)


# A generator that held the growth would keep it and its codes alive until the garbage collector runs.
def _candidates(
    entropy: Entropy,
    source: str,
    batch: Batch,
    length: int,
    given: Sequence[str],
    drawn: int,
    *,
    folds_case: bool,
) -> Iterator[str]:
    """All candidates from the one after the first `drawn` on, without end."""
    yield from given[drawn:]
    block, skipped = divmod(max(drawn - len(given), 0), BLOCK)
    while True:
        # Most jobs of a test are small, and should not pay for a whole block. The first candidates of a block
        # are always the same.
        for size in (FEW, BLOCK):
            bodies = entropy.code_bodies(source, block, size, length)
            if batch.upper_case and not folds_case:
                bodies = bodies.upper()
            keys = dashed(bodies, length)[skipped:]
            yield from [batch.key_prefix + body for body in keys] if batch.key_prefix else keys
            skipped = max(skipped, size)
        block, skipped = block + 1, 0
