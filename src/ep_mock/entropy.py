"""The only source of randomness: everything that looks random is a keyed hash of a seed, so equal seeds give
equal bytes.

Nothing here keeps a generator's state. What is drawn in turn (ids) is addressed by a counter, what belongs to
something (the codes of a job, the id of a code, a signature) by the name of that thing; so drawing one never
shifts another, and a snapshot saves one number.
"""

from __future__ import annotations

import os
from hashlib import blake2b, shake_128
from typing import Self

# 32 letters and digits that cannot be confused with each other; 32 divides 256, so every byte maps evenly.
CODE_ALPHABET = "abcdefghjklmnpqrstuvwxyz23456789"
_TO_CODE = bytes(ord(CODE_ALPHABET[byte % 32]) for byte in range(256))
_VARIANT = "89ab"


def new_seed() -> str:
    """A new seed that nobody can guess, short enough to be printed and passed on."""
    return os.urandom(8).hex()


def as_uuid(digest: str) -> str:
    """32 hex digits or more, written as a version 4 UUID."""
    variant = _VARIANT[int(digest[16], 16) & 3]
    return f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-{variant}{digest[17:20]}-{digest[20:32]}"


class Entropy:
    """Randomness of one owner (a store, the server), made from a seed and the owner's name.

    Attributes:
        drawn: how many ids were drawn in turn; setting it back replays them.
    """

    __slots__ = ("_key", "_keyed", "drawn")

    def __init__(self, seed: str, owner: str = "") -> None:
        self._take_key(blake2b(f"{seed}\0{owner}".encode("utf-8", "surrogatepass"), digest_size=32).digest())
        self.drawn = 0

    def _take_key(self, key: bytes) -> None:
        self._key = key
        # The key goes in once: a copy of this costs half of a new one.
        self._keyed = blake2b(key=key, digest_size=16)

    def state(self) -> tuple[str, int]:
        """What another needs to go on as this one would. Neither the seed nor what other owners draw can be
        told from it.
        """
        return self._key.hex(), self.drawn

    @classmethod
    def from_state(cls, key: str, drawn: int) -> Self:
        """One that goes on from a `state`."""
        entropy = cls("")
        entropy._take_key(bytes.fromhex(key))
        entropy.drawn = drawn
        return entropy

    def next_uuid(self) -> str:
        """The next id in turn."""
        self.drawn += 1
        return self._uuid(b"id%d" % self.drawn)

    def uuid_of(self, *names: str) -> str:
        """The id that belongs to these names, always the same."""
        return self._uuid("\0".join(names).encode("utf-8", "surrogatepass"))

    def signature(self, *names: str) -> str:
        """40 hex digits that nobody without the seed can make for these names."""
        return self._digest(names, 20)

    def fraction(self, *names: str) -> float:
        """The number from 0 to less than 1 that belongs to these names."""
        return int(self._digest(names, 8)[:13], 16) / 2**52

    def code_bodies(self, job_id: str, block: int, count: int, length: int) -> str:
        """The bodies of a job's codes in one block, `count * length` characters in one string, lower case,
        without dashes.
        """
        stream = shake_128(self._key + f"{job_id}/{block}".encode()).digest(count * length)
        return stream.translate(_TO_CODE).decode("ascii")

    def _uuid(self, name: bytes) -> str:
        keyed = self._keyed.copy()
        keyed.update(name)
        return as_uuid(keyed.hexdigest())

    def _digest(self, names: tuple[str, ...], size: int) -> str:
        return blake2b(
            "\0".join(names).encode("utf-8", "surrogatepass"), key=self._key, digest_size=size
        ).hexdigest()
