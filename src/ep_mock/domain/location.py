"""Places and times in fixtures and snapshots: the location that an error names, and the instant that a
moment means.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from ep_mock.domain.dates import format_nanos, parse_date
from ep_mock.domain.families import Family
from ep_mock.errors import ApiError, UsageError
from ep_mock.timings import LONGEST, SECOND

Moment = str | int | float
"""A date, or seconds from the time at which the fixture is loaded: -3600 is an hour ago."""

Check = Callable[[Family, str, Mapping[str, Any]], Mapping[str, Any]]
"""Validates the data of a request (family, operation id, data) against the contract and returns it; raises
ApiError.
"""

_FARTHEST: Final = LONGEST // SECOND
_SHOWN: Final = 60


class Location(NamedTuple):
    """The location of a value: the name of its document, and the path in it, such as
    `promotions[2].jobs[0].status`.
    """

    source: str
    path: str = ""

    def child(self, *steps: str | int) -> Location:
        """The location of a value inside this one."""
        path = self.path
        for step in steps:
            path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else step
        return Location(self.source, path)

    def error(self, problem: str) -> UsageError:
        """The error that the value here has a problem."""
        where = f"{self.source}: {self.path}" if self.path else self.source
        return UsageError(f"{where}: {problem}")

    def expect(self, fulfilled: bool, expected: str, got: object) -> None:
        """Refuse the value here unless a condition is fulfilled.

        Raises:
            UsageError: it is not.
        """
        if not fulfilled:
            raise self.unexpected(expected, got)

    def unexpected(self, expected: str, got: object) -> UsageError:
        """The error that another value was expected here."""
        return self.error(f"expected {expected}, got {shown(got)}")

    def type_error(self, error: msgspec.ValidationError) -> UsageError:
        """The error that the value here, or a part of it, has the wrong type."""
        problem, _, path = str(error).partition(" - at `$")
        problem = problem.replace("`", "").replace(" | null", "")
        problem = problem.replace("Object missing required field ", "missing: ")
        problem = problem[:1].lower() + problem[1:]
        return Location(self.source, (self.path + path.removesuffix("`")).lstrip(".")).error(problem)

    def api_error(self, error: ApiError, inside: Sequence[str | int] = ()) -> UsageError:
        """The error that the API would refuse the value here; names the first problem.

        Args:
            inside: the path of the value in the data of the refused request.
        """
        item = error.errors[0]
        source = item.get("source", "").split(".")
        first, *steps = [int(step) if step.isdecimal() else step for step in source]
        # A missing property is named without its path.
        location = self.child(*steps[len(inside) :]) if first == "data" else self
        return location.error(item.get("detail") or item["title"])

    def past_instant(self, moment: Moment, now: int) -> int:
        """The nanoseconds of a moment that must have passed at `now`.

        Raises:
            UsageError: it has not.
        """
        instant = self.instant(moment, now)
        if instant > now:
            raise self.error(
                "expected a time that has passed, such as -3600 for an hour ago; "
                f"it is {format_nanos(now)}, got {shown(moment)}"
            )
        return instant

    def instant(self, moment: Moment, now: int) -> int:
        """The nanoseconds of a moment."""
        if not isinstance(moment, str):
            if not -_FARTHEST <= moment <= _FARTHEST:
                raise self.error(
                    f"expected at most {_FARTHEST} seconds before or after the fixture is loaded, "
                    f"got {shown(moment)}"
                )
            return now + round(moment * SECOND)
        try:
            return parse_date(moment)
        except ValueError as error:
            raise self.error(str(error)) from None


def shown(value: object) -> str:
    """A value as an error shows it: as JSON, cut when it is long."""
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
