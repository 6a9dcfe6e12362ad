"""The clock of a store."""

from __future__ import annotations

from typing import Any

from ep_mock.clock import ClockMode
from ep_mock.control_messages import Advanced, ClockReading
from ep_mock.handle.arguments import argument_error, check_keywords, check_seconds
from ep_mock.handle.store_client import StoreClient
from ep_mock.handle.typed_arguments import ClockChange


class ClockHandle:
    """Reads and moves a store's time. Each move returns the transitions on the way, in order."""

    def __init__(self, client: StoreClient) -> None:
        self._client = client

    def read(self) -> ClockReading:
        """Return mode, time and scale."""
        return self._client.read(ClockReading, "GET", "/clock")

    @property
    def now(self) -> str:
        """The store's time: `2024-12-03T23:31:35.962680423Z`."""
        return self.read().now

    def set(
        self, mode: ClockMode | None = None, *, scale: float | None = None, now: str | None = None
    ) -> ClockReading:
        """Change the clock's mode or scale, or move it forward to `now`."""
        arguments: dict[str, Any] = {"mode": mode, "scale": scale, "now": now}
        change = {name: value for name, value in arguments.items() if value is not None}
        check_keywords("clock.set", change, ClockChange)
        return self._client.read(ClockReading, "PUT", "/clock", change)

    def advance(self, seconds: float) -> Advanced:
        """Move time forward by a number of seconds."""
        check_seconds("clock.advance", seconds)
        return self._advance({"seconds": seconds})

    def advance_to(self, moment: str) -> Advanced:
        """Move time forward to a moment: `2025-01-31`, `2025-01-31 10:30` or RFC 3339."""
        if not isinstance(moment, str):
            raise argument_error("clock.advance_to", "text such as '2025-01-31T10:30:00Z'", moment)
        return self._advance({"to": moment})

    def next(self) -> Advanced:
        """Move time forward to the worker's next event."""
        return self._advance({"next": True})

    def until_idle(self) -> Advanced:
        """Move time forward until the worker has nothing left to do."""
        return self._advance({"idle": True})

    def _advance(self, body: dict[str, Any]) -> Advanced:
        return self._client.read(Advanced, "POST", "/clock/advance", body)
