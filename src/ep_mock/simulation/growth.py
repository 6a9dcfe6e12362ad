"""Codes that come and go over time: those that a generate job makes, and those that its cancellation deletes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice

import msgspec

from ep_mock.domain.codes import Batch, Code, dashed, plain
from ep_mock.entropy import Entropy
from ep_mock.simulation.codebook import CodeBook

BLOCK = 1000
FEW = 16


class Growth:
    """The codes that one generate job makes, one after the other.

    Candidates come from the entropy of (seed, job, block), so what is made does not depend on when somebody looks; a plan may give the
    first ones. A candidate that the promotion (or whoever else `taken` speaks for) has already is skipped.

    Attributes:
        given: codes that a plan gives.
        source: the name of what the codes are made for, as a rule the id of the job.
        drawn: how many candidates were looked at so far.
        made: the keys of all codes made so far, in order.
    """

    __slots__ = ("_book", "_candidates", "_entropy", "_given", "batch", "drawn", "given", "length", "made", "source")

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
        """Equal seeds and sources give equal codes. `drawn` and `made` are what another has reached that this one goes on from."""
        self._book = book
        self._entropy = entropy
        self.source = source
        self.batch = batch
        self.length = length
        self.given = tuple(given)
        self.drawn = drawn
        self.made = list(made)
        self._given = {book.key(code): code for code in self.given}
        self._candidates = self._candidates_after(drawn)

    def reach(self, count: int, taken: Callable[[Iterable[str]], bool]) -> None:
        """Make codes until there are `count`. `taken` tells whether any of some keys is in use outside this promotion."""
        while (missing := count - len(self.made)) > 0:
            # A block at a time: where one candidate is there already, each of its block is looked at by itself.
            keys = list(islice(self._candidates, min(missing, BLOCK)))
            self.drawn += len(keys)
            fresh: Mapping[str, Batch | Code] = dict.fromkeys(keys, self.batch)
            if len(fresh) < len(keys) or not self._book.entries.keys().isdisjoint(fresh) or taken(fresh):
                fresh = {key: self.batch for key in fresh if key not in self._book.entries and not taken((key,))}
            if self._given:
                fresh = {key: self._as_given(key) for key in fresh}
            self._book.extend(fresh)
            self.made.extend(fresh)

    def _as_given(self, key: str) -> Batch | Code:
        spelled = self._given.get(key)
        return self.batch if spelled is None else msgspec.structs.replace(plain(key, self.batch), code=spelled)

    def _candidates_after(self, drawn: int) -> Iterator[str]:
        """All candidates from the one after the first `drawn` on, without end."""
        yield from list(self._given)[drawn:]
        block, skipped = divmod(max(drawn - len(self._given), 0), BLOCK)
        while True:
            # Most jobs of a test are small, and should not pay for a whole block.
            for size in (FEW, BLOCK):
                yield from self._block(block, size)[skipped:]
                skipped = max(skipped, size)
            block, skipped = block + 1, 0

    def _block(self, number: int, size: int) -> list[str]:
        """The first `size` candidates of a block; they are the same however many are asked for."""
        bodies = self._entropy.code_bodies(self.source, number, size, self.length)
        prefix = self.batch.key_prefix
        if self.batch.upper_case and not self._book.folds_case:
            bodies = bodies.upper()
        return [prefix + body for body in dashed(bodies, self.length)] if prefix else dashed(bodies, self.length)


class Shrinkage:
    """The codes that a cancelled or failed job leaves to delete, newest first.

    Attributes:
        keys: those that are left, oldest first.
        done: how many are dealt with.
        deleted: how many were deleted; what somebody else removed meanwhile does not count.
    """

    __slots__ = ("_book", "batch", "deleted", "done", "keys")

    def __init__(self, book: CodeBook, batch: Batch, keys: Iterable[str], *, done: int = 0, deleted: int = 0) -> None:
        """The codes under `keys`, as far as they are of that batch."""
        self._book = book
        self.batch = batch
        self.keys = [key for key in keys if book.has_from(key, batch)]
        self.done = done
        self.deleted = deleted

    def __len__(self) -> int:
        """How many codes there were to delete."""
        return len(self.keys) + self.done

    def reach(self, count: int) -> None:
        """Delete until `count` of the codes are dealt with."""
        due = count - self.done
        if due <= 0:
            return
        doomed = [key for key in reversed(self.keys[-due:]) if self._book.has_from(key, self.batch)]
        del self.keys[-due:]
        self.done = count
        self._book.remove(doomed)
        self.deleted += len(doomed)
