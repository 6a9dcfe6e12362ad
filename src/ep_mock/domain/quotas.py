"""How many codes a promotion may have.

Published: a limit for each promotion, which the vendor raises on request, and that a promotion with more than 1000 codes lasts at most 365
days. What becomes of a request that breaks the second rule is not published; here a promotion that lasts longer has a lower limit, if the
settings give one.
"""

from __future__ import annotations

from typing import Final

import msgspec

LONGEST_DAYS: Final = 365
_LONGEST: Final = LONGEST_DAYS * 86_400 * 1_000_000_000


class CodesQuota(msgspec.Struct, frozen=True, gc=False):
    """Most codes that a promotion may have, and whether that is less because of how long it lasts."""

    limit: int
    lasts_long: bool

    @property
    def sentence(self) -> str:
        """The published sentence with the limit in it, and with the reason where there is one."""
        reason = f" that lasts more than {LONGEST_DAYS} days" if self.lasts_long else ""
        return f"Only {self.limit} promotion codes are allowed per promotion{reason}"


def codes_quota(limit: int, long_limit: int, *, start: int, end: int) -> CodesQuota:
    """The quota of a promotion from `start` to `end` (nanoseconds): `limit`, or `long_limit` if it lasts long and that is less.

    A `long_limit` of 0 is none.
    """
    if end - start > _LONGEST and 0 < long_limit < limit:
        return CodesQuota(long_limit, lasts_long=True)
    return CodesQuota(limit, lasts_long=False)
