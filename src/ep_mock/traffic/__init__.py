"""What happens to the requests to a store, whatever they are about: the limit of their rate, faults, and the
journal.
"""

from __future__ import annotations

from ep_mock.entropy import Entropy
from ep_mock.settings import Settings
from ep_mock.traffic.faults import FaultList
from ep_mock.traffic.journal import Journal
from ep_mock.traffic.rate_limit import RateLimit


class RequestControls:
    """The requests of one store. None of it is part of a snapshot: a fault or an entry belongs to a test, not
    to what the store holds.
    """

    __slots__ = ("faults", "journal", "rate_limit")

    def __init__(self, name: str, settings: Settings, seed: str) -> None:
        self.faults = FaultList(Entropy(seed, f"faults of {name}"))
        self.journal = Journal(settings.journal_entries, settings.journal_bytes)
        self.rate_limit = RateLimit()
