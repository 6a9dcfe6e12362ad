"""The clock of a store: the only module that reads the machine's time.

Times are integer nanoseconds since the epoch, UTC. A clock never moves backwards.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Literal, get_args

from ep_mock.errors import UsageError
from ep_mock.timings import SECOND

ClockMode = Literal["real", "scaled", "manual", "poll"]
CLOCK_MODES: tuple[ClockMode, ...] = get_args(ClockMode)

EARLIEST = 0
# One century short of the year 9999, so that what lies ahead of the clock (expiries, jobs) can be printed
# too.
LATEST = 250_000_000_000 * SECOND
MIN_SCALE = 1e-6
MAX_SCALE = 1e6


class Clock:
    """Virtual time, derived from the machine's monotonic clock and never from its wall clock once started.

    `real` runs at the machine's pace, `scaled` at a multiple of it; `manual` and `poll` stand still until
    they are advanced (what advances a `poll` clock is decided by the store). Changing the mode or the scale
    never makes time jump. All of them end at `LATEST`.
    """

    __slots__ = ("_anchor", "_monotonic", "_origin", "mode", "scale")

    def __init__(
        self,
        mode: ClockMode = "real",
        *,
        start: int | None = None,
        scale: float = 1.0,
        monotonic: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        """Start at `start` (nanoseconds since the epoch), or at the machine's time.

        Raises:
            UsageError: the start or the scale is out of range.
        """
        if start is not None and not EARLIEST <= start <= LATEST:
            raise UsageError("clock start: expected a time between 1970 and 9892")
        self._monotonic = monotonic
        self._anchor = time.time_ns() if start is None else start
        self._origin = monotonic()
        self.mode: ClockMode = mode
        self.scale = 1.0
        self.switch(mode, scale)

    @property
    def running(self) -> bool:
        """Whether time passes by itself."""
        return self.mode in ("real", "scaled")

    def now(self) -> int:
        """The present time, in nanoseconds since the epoch; a clock that has come to the latest time stays
        there.
        """
        if not self.running:
            return self._anchor
        elapsed = self._monotonic() - self._origin
        if self.mode == "scaled":
            elapsed = int(elapsed * self.scale)
        return min(self._anchor + elapsed, LATEST)

    def seconds_until(self, moment: int) -> float | None:
        """In how many seconds of the machine it will be `moment`: none are left when it has passed, None when
        time stands still.
        """
        return max(0, moment - self.now()) / SECOND / self.scale if self.running else None

    def switch(self, mode: ClockMode, scale: float = 1.0) -> None:
        """Go on from the present time in another mode; `scale` counts for `scaled` only.

        Raises:
            UsageError: unknown mode, or a scale that is not from a millionth to a million.
        """
        if mode not in CLOCK_MODES:
            raise UsageError(f"clock: expected one of {', '.join(CLOCK_MODES)}, got {mode!r}")
        if not MIN_SCALE <= scale <= MAX_SCALE:
            raise UsageError(f"clock scale: expected a number from {MIN_SCALE} to {MAX_SCALE}, got {scale!r}")
        self._rebase(self.now())
        self.mode = mode
        self.scale = scale if mode == "scaled" else 1.0

    def advance_to(self, moment: int) -> None:
        """Move to `moment`; a moment that has passed already changes nothing.

        Raises:
            UsageError: the moment lies beyond what dates can express.
        """
        if moment > LATEST:
            raise UsageError("clock: expected a time before the year 9892")
        self._rebase(max(moment, self.now()))

    def _rebase(self, now: int) -> None:
        self._anchor = now
        self._origin = self._monotonic()


def machine_seconds(monotonic: Callable[[], int] = time.monotonic_ns) -> float:
    """The machine's monotonic time, also where a test has put something else in the place of
    `time.monotonic`.
    """
    return monotonic() / SECOND
