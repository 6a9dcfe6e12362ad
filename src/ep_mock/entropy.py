"""The only source of randomness: random values are keyed hashes of a seed; equal seeds give equal bytes.

There is no generator with a state. A value drawn in turn (an id) is addressed by a counter; a value of a
thing (the codes of a job, the id of a code, a signature) by the name of the thing. So drawing one value never
changes another, and a snapshot saves one number.
"""

from __future__ import annotations

import os
from hashlib import blake2b, shake_128
from typing import Self

# 32 letters and digits that look different; 32 divides 256, so bytes map evenly.
CODE_ALPHABET = "abcdefghjklmnpqrstuvwxyz23456789"
_TO_CODE = bytes(ord(CODE_ALPHABET[byte % 32]) for byte in range(256))
_VARIANT = "89ab"


def new_seed() -> str:
    """A new seed that cannot be guessed, short enough to be printed."""
    return os.urandom(8).hex()


def as_uuid(digest: str) -> str:
    """A version 4 UUID of 32 or more hex digits."""
    variant = _VARIANT[int(digest[16], 16) & 3]
    return f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-{variant}{digest[17:20]}-{digest[20:32]}"


class Entropy:
    """The randomness of one owner (a store, the server), from a seed and the owner's name.

    Attributes:
        drawn: number of ids drawn in turn; a lower number replays them.
    """

    __slots__ = ("_key", "_keyed", "drawn")

    def __init__(self, seed: str, owner: str = "") -> None:
        self._take_key(blake2b(f"{seed}\0{owner}".encode("utf-8", "surrogatepass"), digest_size=32).digest())
        self.drawn = 0

    def _take_key(self, key: bytes) -> None:
        self._key = key
        # A copy of this takes half the time of a new hash with the key.
        self._keyed = blake2b(key=key, digest_size=16)

    def state(self) -> tuple[str, int]:
        """The arguments of `from_state`. They do not reveal the seed or the values of other owners."""
        return self._key.hex(), self.drawn

    @classmethod
    def from_state(cls, key: str, drawn: int) -> Self:
        """Continue from a `state`."""
        entropy = cls("")
        entropy._take_key(bytes.fromhex(key))
        entropy.drawn = drawn
        return entropy

    def next_uuid(self) -> str:
        """The next id in turn."""
        self.drawn += 1
        return self._uuid(b"id%d" % self.drawn)

    def uuid_of(self, *names: str) -> str:
        """The id for these names, always the same."""
        return self._uuid("\0".join(names).encode("utf-8", "surrogatepass"))

    def signature(self, *names: str) -> str:
        """40 hex digits for these names that cannot be made without the seed."""
        return self._digest(names, 20)

    def fraction(self, *names: str) -> float:
        """The number for these names, from 0 to less than 1."""
        return int(self._digest(names, 8)[:13], 16) / 2**52

    def code_bodies(self, job_id: str, block: int, count: int, length: int) -> str:
        """The bodies of the codes in a block of a job: `count * length` characters, lower case, no dashes."""
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
