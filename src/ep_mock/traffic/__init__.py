"""What happens to requests independent of their operation: rate limit, faults and the journal."""

from __future__ import annotations

from ep_mock.entropy import Entropy
from ep_mock.settings import Settings
from ep_mock.traffic.faults import FaultList
from ep_mock.traffic.journal import Journal
from ep_mock.traffic.rate_limit import RateLimit


class RequestControls:
    """The request controls of one store. They belong to a test, so they are not part of snapshots."""

    __slots__ = ("faults", "journal", "rate_limit")

    def __init__(self, name: str, settings: Settings, seed: str) -> None:
        self.faults = FaultList(Entropy(seed, f"faults of {name}"))
        self.journal = Journal(settings.journal_entries, settings.journal_bytes)
        self.rate_limit = RateLimit()
