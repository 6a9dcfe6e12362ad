"""The form of the rules of a snapshot: the field, the condition, and the expected value in words."""

from __future__ import annotations

from typing import Final, NamedTuple

import msgspec

from ep_mock.domain.dates import MINIMUM
from ep_mock.domain.location import Location

ROOT: Final = Location("snapshot")


class Fields(NamedTuple):
    """The fields of one record of a snapshot, and the location of the record."""

    location: Location
    record: msgspec.Struct

    def at(self, name: str, *steps: str | int) -> Location:
        """The location of a field, or of a value inside it."""
        keys = dict(zip(self.record.__struct_fields__, self.record.__struct_encode_fields__, strict=True))
        return self.location.child(keys[name], *steps)

    def expect(self, name: str, fulfilled: bool, expected: str) -> None:
        """Refuse the value of a field unless a condition is fulfilled.

        Raises:
            UsageError: it is not. The message names the location, the expected value and the actual one.
        """
        if not fulfilled:
            raise self.at(name).unexpected(expected, getattr(self.record, name))

    def expect_past(self, name: str, now: int, *, since: int = MINIMUM) -> None:
        """Refuse a time that is not between `since` and `now`; all three are nanoseconds."""
        fulfilled = since <= getattr(self.record, name) <= now
        self.expect(name, fulfilled, f"nanoseconds of a time that has passed, from {since} to {now}")
