"""Places and times in fixtures and snapshots: what an error names, and what a moment means."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from ep_mock.domain.dates import MINIMUM, format_nanos, parse_date
from ep_mock.domain.families import Family
from ep_mock.errors import ApiError, UsageError
from ep_mock.timings import LONGEST, SECOND

Moment = str | int | float
"""A date, or seconds from the time at which the fixture is loaded: -3600 is an hour ago."""

Check = Callable[[Family, str, Mapping[str, Any]], Mapping[str, Any]]
"""Checks what would be the data of a request (family, operation id, data) against the contract and gives it
back; raises ApiError.
"""

_FARTHEST: Final = LONGEST // SECOND
_SHOWN: Final = 60


class Location(NamedTuple):
    """Where a value stands: the name of its fixture, and the path in it, such as
    `promotions[2].jobs[0].status`.
    """

    source: str
    path: str = ""

    def at(self, *steps: str | int) -> Location:
        """A place further inside."""
        path = self.path
        for step in steps:
            path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else step
        return Location(self.source, path)

    def wrong(self, problem: str) -> UsageError:
        """The error that this place has a problem."""
        return UsageError(
            f"{self.source}: {self.path}: {problem}" if self.path else f"{self.source}: {problem}"
        )

    def expect(self, fulfilled: bool, expected: str, got: object) -> None:
        """Refuse what stands here unless something is fulfilled.

        Raises:
            UsageError: it is not.
        """
        if not fulfilled:
            raise self.wrong(f"expected {expected}, got {shown(got)}")

    def misfit(self, error: msgspec.ValidationError) -> UsageError:
        """The error that what stands here has a part of the wrong type."""
        problem, _, path = str(error).partition(" - at `$")
        problem = (
            problem.replace("`", "")
            .replace(" | null", "")
            .replace("Object missing required field ", "missing: ")
        )
        problem = problem[:1].lower() + problem[1:]
        return Location(self.source, (self.path + path.removesuffix("`")).lstrip(".")).wrong(problem)

    def refused(self, error: ApiError, inside: Sequence[str | int] = ()) -> UsageError:
        """The error that what is described here would be refused in a request, where it stands at `inside`.
        It names the first problem.
        """
        item = error.errors[0]
        first, *steps = [
            int(step) if step.isdecimal() else step for step in item.get("source", "").split(".")
        ]
        # A missing property is named without its path.
        place = self.at(*steps[len(inside) :]) if first == "data" else self
        return place.wrong(item.get("detail") or item["title"])

    def past(self, moment: Moment, now: int) -> int:
        """The nanoseconds of a moment that stands here and must have passed at `now`."""
        instant = self.instant(moment, now)
        if instant > now:
            raise self.wrong(
                f"expected a time that has passed, such as -3600 for an hour ago; it is "
                f"{format_nanos(now)}, got {shown(moment)}"
            )
        return instant

    def past_nanos(self, moment: int, now: int, *, since: int = MINIMUM) -> None:
        """Refuse nanoseconds that stand here unless they are between `since` and `now`."""
        self.expect(
            since <= moment <= now, f"nanoseconds of a time that has passed, from {since} to {now}", moment
        )

    def instant(self, moment: Moment, now: int) -> int:
        """The nanoseconds of a moment that stands here."""
        if not isinstance(moment, str):
            if not -_FARTHEST <= moment <= _FARTHEST:
                raise self.wrong(
                    f"expected at most {_FARTHEST} seconds before or after the fixture is loaded, got "
                    f"{shown(moment)}"
                )
            return now + round(moment * SECOND)
        try:
            return parse_date(moment)
        except ValueError as error:
            raise self.wrong(str(error)) from None


def shown(value: object) -> str:
    """A value as an error shows it: as JSON, cut when it is long."""
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
