"""The limit of requests per second of a store's clock."""

from __future__ import annotations

from math import ceil

from ep_mock.clock import ClockMode
from ep_mock.errors import UsageError
from ep_mock.timings import SECOND


class RateLimit:
    """A fixed window: at most `limit` requests per second of the store's clock."""

    __slots__ = ("_passed", "_second")

    def __init__(self) -> None:
        self._second = -1
        self._passed = 0

    def retry_after(self, limit: int, now: int, scale: float) -> int | None:
        """Count a request: None if it passes, else the client's seconds until the next one can, rounded up.

        Args:
            limit: maximum number of requests per second.
            now: the time of the store, in nanoseconds.
            scale: seconds of the store per second of the client.
        """
        second = now // SECOND
        if second != self._second:
            self._second, self._passed = second, 0
        if self._passed < limit:
            self._passed += 1
            return None
        return max(1, ceil(((second + 1) * SECOND - now) / SECOND / scale))


def check_rate_limit(limit: int, mode: ClockMode) -> None:
    """Check that the clock fits the limit.

    Raises:
        UsageError: there is a limit, but the clock does not run by itself.
    """
    if limit and mode in ("manual", "poll"):
        raise UsageError(
            f"rate_limit: needs a clock that runs, and this one is {mode}; "
            "use a real or scaled clock, a fault with the error rate_limited, or 0 for no limit"
        )
