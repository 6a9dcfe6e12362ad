"""A promotion: its fields, codes, jobs and usages."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import msgspec

from ep_mock.domain.codes import Batch
from ep_mock.domain.dates import format_millis, format_seconds
from ep_mock.domain.families import Family
from ep_mock.entropy import Entropy
from ep_mock.simulation.code_book import CapturedCodes, CodeBook
from ep_mock.simulation.job import Job
from ep_mock.simulation.usage import Usage

EXPORTS_KEPT: Final = 10
"""Number of exports of a promotion whose files are kept. Each may hold a copy of all codes."""


class CachedJobs(NamedTuple):
    """The response to the latest request for jobs. An equal `key` gives an equal response."""

    key: tuple[object, ...]
    body: bytes


class Promotion(msgspec.Struct, kw_only=True, eq=False):
    """One promotion of a store.

    Attributes:
        fields: the part of the request that the family keeps, see `Family.promotion_fields`.
        start, end: nanoseconds. The promotion has expired when `end` has passed.
        book: its codes when they were last updated. Operations use `Store.codes_of`, which updates them.
        entropy: the source of the ids of its versions.
        codes_limit: its own limit, None for the store's.
        jobs: in order of arrival.
        exports: the codes that its latest export jobs found when they were picked up, by job id.
        cached_jobs: the response to the latest request for its jobs.
        usages: the checkouts in which its codes were used, oldest first.
        previous_versions: the versions before this one as JSON, oldest first, if the family keeps them.
    """

    id: str
    family: Family
    store_id: str
    fields: dict[str, Any]
    start: int
    end: int
    created_at: int
    author: str
    updated_at: int
    updated_by: str
    book: CodeBook
    entropy: Entropy
    codes_limit: int | None = None
    jobs: list[Job] = []
    exports: dict[str, CapturedCodes] = {}
    cached_jobs: CachedJobs | None = None
    usages: list[Usage] = []
    previous_versions: list[bytes] = []
    _listed: bytes | None = None

    @property
    def automatic(self) -> bool:
        """Whether it applies without a code."""
        return bool(self.fields["automatic"])

    @property
    def unfinished_job(self) -> Job | None:
        """The newest job, unless it has ended."""
        return self.jobs[-1] if self.jobs and not self.jobs[-1].ended else None

    def expired(self, now: int) -> bool:
        """Whether its end has passed."""
        return self.end <= now

    def capture_export(self, job_id: str, captured: CapturedCodes | None = None) -> None:
        """Keep codes for the file of an export job; the oldest file may be dropped.

        Args:
            captured: the codes; the default is those of now.
        """
        self.exports[job_id] = self.book.capture() if captured is None else captured
        while len(self.exports) > EXPORTS_KEPT:
            del self.exports[next(iter(self.exports))]

    def change(self, fields: dict[str, Any], start: int, end: int, *, at: int, author: str) -> None:
        """Replace the fields; keep the previous version under a new id if the family has a history."""
        if self.family.keeps_history:
            version = self.entropy.uuid_of("version", self.id, str(len(self.previous_versions)))
            self.previous_versions.append(
                msgspec.json.encode({**self.document(), "id": version, "current": False})
            )
        self.fields = fields
        self.start = start
        self.end = end
        self.updated_at = at
        self.updated_by = author
        self._listed = None

    def update_automatic_code(self, now: int) -> None:
        """Give an automatic promotion its one code if the family has that, and remove it from any other."""
        if not self.family.automatic_code:
            return
        code = f"auto_{self.id}"
        if self.automatic and code not in self.book:
            self.book.extend({code: Batch(created_at=now, created_by=self.author)})
        elif not self.automatic and code in self.book:
            self.book.remove((code,))

    def document(self) -> dict[str, Any]:
        """The promotion as the API prints it: keys in the published order, none without a value."""
        document: dict[str, Any] = {"type": self.family.promotion_type, "id": self.id}
        document[self.family.ancestor_key] = self.store_id if self.family.belongs_to_store else self.id
        for key in self.family.promotion_fields:
            if key in self.fields:
                document[key] = self.fields[key]
            if key == "enabled" and self.family.shows_current:
                document["current"] = True
        document["start"] = format_seconds(self.start)
        document["end"] = format_seconds(self.end)
        document["created_by"] = self.author
        document["updated_by"] = self.updated_by
        document["meta"] = {
            "timestamps": {
                "created_at": format_millis(self.created_at),
                "updated_at": format_millis(self.updated_at),
            }
        }
        return document

    def listed(self) -> bytes:
        """The promotion as the API prints it, encoded once per change."""
        if self._listed is None:
            self._listed = msgspec.json.encode(self.document())
        return self._listed
