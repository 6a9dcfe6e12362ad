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
# A century before the year 9999, so that later times (expiries, ends of jobs) can be printed too.
LATEST = 250_000_000_000 * SECOND
MIN_SCALE = 1e-6
MAX_SCALE = 1e6


class Clock:
    """Virtual time, derived from the machine's monotonic clock, and only at the start from its wall clock.

    `real` runs at the machine's pace, `scaled` at a multiple of it. `manual` and `poll` move only when they
    are advanced (the store advances a `poll` clock). Changing the mode or the scale never makes time jump. No
    clock passes `LATEST`.
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
        """Start at `start` (nanoseconds since the epoch), by default at the machine's time.

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
        """The current time, in nanoseconds since the epoch; at most `LATEST`."""
        if not self.running:
            return self._anchor
        elapsed = self._monotonic() - self._origin
        if self.mode == "scaled":
            elapsed = int(elapsed * self.scale)
        return min(self._anchor + elapsed, LATEST)

    def seconds_until(self, moment: int) -> float | None:
        """The machine's seconds until `moment`, 0 after it; None if the clock does not run by itself."""
        return max(0, moment - self.now()) / SECOND / self.scale if self.running else None

    def switch(self, mode: ClockMode, scale: float = 1.0) -> None:
        """Continue from the current time in another mode; `scale` is for `scaled` only.

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
        """Move to `moment`; one in the past changes nothing.

        Raises:
            UsageError: the moment is after `LATEST`.
        """
        if moment > LATEST:
            raise UsageError("clock: expected a time before the year 9892")
        self._rebase(max(moment, self.now()))

    def _rebase(self, now: int) -> None:
        self._anchor = now
        self._origin = self._monotonic()


def machine_seconds(monotonic: Callable[[], int] = time.monotonic_ns) -> float:
    """The machine's monotonic time, even if a test has replaced `time.monotonic`."""
    return monotonic() / SECOND
