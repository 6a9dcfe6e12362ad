"""Access tokens: self-describing and signed, so that none is kept. Issuing one changes nothing, and a reset leaves all valid."""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hmac import compare_digest
from typing import NamedTuple

import msgspec

from ep_mock.entropy import Entropy
from ep_mock.timings import SECOND

GRANTS = ("client_credentials", "implicit")


class Token(NamedTuple):
    """What a token says: who got it by which grant, for which store, until when (epoch seconds)."""

    grant: str
    client: str
    store: str
    expires: int


class TokenMint:
    """Issues and reads tokens."""

    def __init__(self, entropy: Entropy) -> None:
        self._entropy = entropy

    def issue(self, token: Token) -> str:
        """The text of a token; the same for the same facts."""
        body = urlsafe_b64encode(msgspec.json.encode(token)).rstrip(b"=").decode()
        return f"{body}.{self._entropy.signature('token', body)}"

    def read(self, text: str) -> Token | None:
        """The facts of a token that this mint has issued; None for any other text. Whether it has expired is not looked at."""
        body, _, signature = text.partition(".")
        if not compare_digest(signature.encode(), self._entropy.signature("token", body).encode()):
            return None
        try:
            return msgspec.json.decode(urlsafe_b64decode(body + "=" * (-len(body) % 4)), type=Token)
        except (binascii.Error, msgspec.DecodeError):
            return None


def expired(token: Token, now: int) -> bool:
    """Whether the token's time has passed, `now` in nanoseconds."""
    return token.expires * SECOND <= now
