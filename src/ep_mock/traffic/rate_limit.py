"""The limit of a store's requests in one second of its clock."""

from __future__ import annotations

from math import ceil

from ep_mock.clock import ClockMode
from ep_mock.errors import UsageError
from ep_mock.timings import SECOND


class RateLimit:
    """Counts requests in the present second. At most so many pass in any whole second of the clock, from its
    full second on.
    """

    __slots__ = ("_passed", "_second")

    def __init__(self) -> None:
        self._second = -1
        self._passed = 0

    def retry_after(self, limit: int, now: int, scale: float) -> int | None:
        """None when one more request passes; else after how many seconds of the client's own the next one
        will, rounded up.

        Args:
            limit: most requests in a second.
            now: the time of the store, in nanoseconds.
            scale: seconds of the store in one second of the client.
        """
        second = now // SECOND
        if second != self._second:
            self._second, self._passed = second, 0
        if self._passed < limit:
            self._passed += 1
            return None
        return max(1, ceil(((second + 1) * SECOND - now) / SECOND / scale))


def check_rate_limit(limit: int, mode: ClockMode) -> None:
    """
    Raises:
        UsageError: there is a limit, but no time passes by itself.
    """
    if limit and mode in ("manual", "poll"):
        raise UsageError(
            f"rate_limit: needs a clock that runs, and this one is {mode}: nobody would ever be let in "
            f"again; "
            "use a real or scaled clock, a fault with the error rate_limited, or 0 for no limit"
        )
