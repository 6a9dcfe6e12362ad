"""A job as the demo sees it: what the API has answered so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ep_mock.cli.story.cast import Role

ENDED = ("completed", "failed", "cancelled")


@dataclass
class JobView:
    """One row of the table.

    Attributes:
        role, path: its promotion, and where the API has it.
        work: what the job is to do, in short: `generate 500`.
        goal: how many codes the promotion has when all goes well.
        document: the job as it was last seen.
        codes: how many codes the promotion had then.
        at: when that was, in seconds since the story began; the end is kept once the job has ended.
        statuses: each status it was seen in, in order.
    """

    role: Role
    path: str
    work: str
    goal: int
    document: dict[str, Any]
    codes: int
    at: float
    statuses: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.statuses.append(self.status)

    @property
    def id(self) -> str:
        return str(self.document["id"])

    @property
    def status(self) -> str:
        return str(self.document["status"])

    @property
    def ended(self) -> bool:
        return self.status in ENDED

    @property
    def history(self) -> str:
        """The statuses so far: `pending > processing > completed`."""
        return " > ".join(self.statuses)

    def see(self, document: dict[str, Any], codes: int, at: float) -> None:
        """Take in what the API says now."""
        if not self.ended:
            self.at = at
        self.document, self.codes = document, codes
        if self.status != self.statuses[-1]:
            self.statuses.append(self.status)
