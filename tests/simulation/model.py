"""A second, simpler account of what a store does over time, for the state machine to compare with.

It shares no code with the simulation: it knows the `fast` pace as plain numbers and computes every moment by
itself. A code is a token `(job, k)`, the k-th code that a job makes; which text a token has is learned when
it is first seen, and may not change after that.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

MS: Final = 1_000_000
PICK_UP: Final = 100 * MS
MAKE, MAKE_ONE = 150 * MS, 1 * MS
EXPORT, EXPORT_ONE = 150 * MS, MS // 10
DELETE, DELETE_ONE = 150 * MS, MS // 2
FAIL: Final = 150 * MS

Token = tuple[int, int]


@dataclass
class ModelJob:
    """A job: `count` codes to make, None for an export. `log` has the moment of each status."""

    number: int
    owner: ModelPromotion
    count: int | None
    log: list[tuple[int, str]]
    error: str | None = None
    result: dict[str, int] | None = None

    @property
    def status(self) -> str:
        return self.log[-1][1]

    @property
    def over(self) -> bool:
        return self.status in ("completed", "failed", "cancelled")


@dataclass
class ModelPromotion:
    """A promotion: the codes it has, oldest first, and its jobs."""

    number: int
    codes: list[Token] = field(default_factory=list)
    jobs: list[ModelJob] = field(default_factory=list)
    removed_by_hand: int = 0
    end: int = 1 << 62

    @property
    def active(self) -> ModelJob | None:
        return next((job for job in self.jobs if not job.over), None)


@dataclass
class Work:
    """A task: `kind` is make, export, fail or delete; `doomed` are the codes to delete, oldest first."""

    job: ModelJob
    kind: str
    begin: int
    end: int
    done: int = 0
    doomed: list[Token] = field(default_factory=list)
    generated: int = 0
    deleted: int = 0


class Model:
    """A store with a limit of codes per promotion, at a time that only `run_to` moves."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.now = 0
        self.free_since = 0
        self.waiting: list[ModelJob] = []
        self.work: Work | None = None
        self.promotions: list[ModelPromotion] = []
        self.log: list[tuple[int, int, str]] = []
        self.job_count = 0

    def next_event(self) -> int | None:
        """The moment of the next change of a status."""
        if self.work is not None:
            return self.work.end
        if self.waiting:
            return max(self.waiting[0].log[0][0], self.free_since) + PICK_UP
        return None

    def run_to(self, moment: int) -> None:
        """Let time pass until `moment`."""
        while (event := self.next_event()) is not None and event <= moment:
            self.now = event
            self._progress()
            if self.work is None:
                self._begin(self.waiting.pop(0))
            else:
                self._finish(self.work)
        self.now = moment
        self._progress()

    def create(self, promotion: ModelPromotion, count: int | None) -> ModelJob | None:
        """A new job; None where it is refused."""
        if promotion.active is not None or (count or 0) > self.limit:
            return None
        job = ModelJob(self.job_count, promotion, count, [])
        self.job_count += 1
        self._becomes(job, "pending")
        promotion.jobs.append(job)
        self.waiting.append(job)
        return job

    def cancel(self, job: ModelJob) -> bool:
        """Whether the job could be cancelled."""
        if job.status == "pending":
            self.waiting.remove(job)
            self._becomes(job, "cancelled")
            return True
        if job.status != "processing" or self.work is None:
            return False
        made = self.work.done if self.work.kind == "make" else 0
        doomed = [token for token in job.owner.codes if token[0] == job.number]
        self._becomes(job, "cancelling")
        self.work = Work(
            job,
            "delete",
            self.now,
            self.now + DELETE + len(doomed) * DELETE_ONE,
            doomed=doomed,
            generated=made,
        )
        return True

    def delete_code(self, promotion: ModelPromotion, index: int) -> None:
        """Somebody deletes a code."""
        del promotion.codes[index]
        promotion.removed_by_hand += 1

    def add_code(self, promotion: ModelPromotion, number: int) -> None:
        """Somebody adds a code, which is a token of no job."""
        promotion.codes.append((-1, number))
        promotion.removed_by_hand -= 1

    def change_end(self, promotion: ModelPromotion, end: int) -> None:
        """Somebody moves the end; a promotion that runs again begins without codes."""
        if promotion.end <= self.now < end:
            promotion.removed_by_hand += len(promotion.codes)
            promotion.codes.clear()
        promotion.end = end

    def delete_promotion(self, promotion: ModelPromotion) -> None:
        """Somebody deletes a promotion."""
        job = promotion.active
        if job is not None:
            if self.work is not None and self.work.job is job:
                self.work = None
                self.free_since = self.now
            else:
                self.waiting.remove(job)
            self._becomes(job, "cancelled")
        self.promotions.remove(promotion)

    def _begin(self, job: ModelJob) -> None:
        self._becomes(job, "processing")
        room = self.limit - len(job.owner.codes)
        if job.count is None:
            self.work = Work(job, "export", self.now, self.now + EXPORT + len(job.owner.codes) * EXPORT_ONE)
        elif job.count > room:
            self.work = Work(job, "fail", self.now, self.now + FAIL)
        else:
            self.work = Work(job, "make", self.now, self.now + MAKE + job.count * MAKE_ONE)

    def _finish(self, work: Work) -> None:
        job = work.job
        if work.kind == "fail":
            job.error = "codes limit exceeded"
        elif work.kind == "make":
            job.result = {"generated": work.done}
        elif work.kind == "delete" and job.count is not None:
            job.result = {"generated": work.generated, "deleted": work.deleted}
        self._becomes(job, {"fail": "failed", "delete": "cancelled"}.get(work.kind, "completed"))
        self.work = None
        self.free_since = self.now

    def _progress(self) -> None:
        """Make and delete the codes that have come and gone by now."""
        work = self.work
        if work is None:
            return
        codes = work.job.owner.codes
        if work.kind == "make" and work.job.count is not None:
            while work.done < work.job.count and work.begin + MAKE + (work.done + 1) * MAKE_ONE <= self.now:
                codes.append((work.job.number, work.done))
                work.done += 1
        if work.kind == "delete":
            while (
                work.done < len(work.doomed)
                and work.begin + DELETE + (work.done + 1) * DELETE_ONE <= self.now
            ):
                work.done += 1
                token = work.doomed[-work.done]
                if token in codes:
                    codes.remove(token)
                    work.deleted += 1

    def _becomes(self, job: ModelJob, status: str) -> None:
        job.log.append((self.now, status))
        self.log.append((self.now, job.number, status))
