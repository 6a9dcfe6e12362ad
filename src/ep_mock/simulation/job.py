"""A promotion job: its parameters, status and history."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from ep_mock.domain.dates import format_millis, format_nanos
from ep_mock.domain.families import Family
from ep_mock.domain.lifecycle import FINAL, Action, JobType, Status, Transition, next_status
from ep_mock.domain.plans import NO_PLAN, Plan


class Job(msgspec.Struct, kw_only=True, eq=False):
    """One asynchronous job. Only `move` changes its status.

    Attributes:
        number: its position in the store's order of arrival, from 1.
        parameters: those of a generate job, with keys in the published order; None for an export.
        result_key: the key under which the API prints the result.
        plan: what is going to happen to it.
        plan_id: the id of that plan, None if the request brought it.
        result: `{generated[, deleted]}`, once the job has ended.
        history: each status with its time and cause, starting with the creation.
    """

    id: str
    number: int
    family: Family
    promotion_id: str
    job_type: JobType
    name: str | None
    parameters: Mapping[str, Any] | None
    created_at: int
    result_key: str
    plan: Plan = NO_PLAN
    plan_id: str | None = None
    status: Status = "pending"
    updated_at: int = 0
    error: str | None = None
    result: dict[str, int] | None = None
    history: list[Transition] = []
    _listed: bytes | None = None

    def __post_init__(self) -> None:
        if not self.history:
            self.updated_at = self.created_at
            self.history.append(Transition(self.created_at, "pending", "created"))

    @property
    def ended(self) -> bool:
        """Whether the status will never change again."""
        return self.status in FINAL

    def move(
        self,
        action: Action,
        at: int,
        cause: str,
        *,
        error: str | None = None,
        result: dict[str, int] | None = None,
    ) -> None:
        """Take one step of the life cycle at the time `at`.

        Raises:
            IllegalTransitionError: the life cycle has no such step.
        """
        self.status = next_status(self.status, action, self.history)
        self.updated_at = at
        self.error = error
        self.result = result
        self._listed = None
        self.history.append(Transition(at, self.status, cause))

    def document(self, *, nanoseconds: bool = False) -> dict[str, Any]:
        """The job as the API prints it: keys in the published order, none without a value."""
        stamp = format_nanos if nanoseconds else format_millis
        document: dict[str, Any] = {
            "type": "promotion_job",
            "id": self.id,
            self.family.owner_key: self.promotion_id,
            "job_type": self.job_type,
        }
        if self.name is not None:
            document["name"] = self.name
        if self.parameters is not None:
            document["parameters"] = self.parameters
        document["status"] = self.status
        if self.error is not None:
            document["error"] = self.error
        created_at = stamp(self.created_at)
        updated_at = created_at if self.updated_at == self.created_at else stamp(self.updated_at)
        document["meta"] = {"timestamps": {"created_at": created_at, "updated_at": updated_at}}
        if self.result is not None:
            document[self.result_key] = self.result
        return document

    def listed(self) -> bytes:
        """The job as lists print it, encoded once per change."""
        if self._listed is None:
            self._listed = msgspec.json.encode(self.document())
        return self._listed
