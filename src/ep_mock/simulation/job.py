"""A promotion job: its parameters, status and history."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from ep_mock.domain.dates import format_millis, format_nanos
from ep_mock.domain.families import Family
from ep_mock.domain.lifecycle import FINAL, Action, JobType, Status, Transition, next_status
from ep_mock.domain.plans import NO_PLAN, Plan


class Job:
    """One asynchronous job. Only `move` changes its status.

    Attributes:
        number: its position in the store's order of arrival, from 1.
        parameters: those of a generate job, with keys in the published order; None for an export.
        result: `{generated[, deleted]}`, once the job has ended.
        plan: what is going to happen to it.
        plan_id: the id of that plan, None if the request brought it.
        history: each status with its time and cause, starting with the creation.
    """

    __slots__ = (
        "_listed",
        "created_at",
        "error",
        "family",
        "history",
        "id",
        "job_type",
        "name",
        "number",
        "parameters",
        "plan",
        "plan_id",
        "promotion_id",
        "result",
        "result_key",
        "status",
        "updated_at",
    )

    def __init__(
        self,
        *,
        id: str,  # noqa: A002 - the API's own word
        number: int,
        family: Family,
        promotion_id: str,
        job_type: JobType,
        name: str | None,
        parameters: Mapping[str, Any] | None,
        created_at: int,
        result_key: str,
        plan: Plan = NO_PLAN,
        plan_id: str | None = None,
    ) -> None:
        self.id = id
        self.number = number
        self.family = family
        self.promotion_id = promotion_id
        self.job_type = job_type
        self.name = name
        self.parameters = parameters
        self.created_at = created_at
        self.updated_at = created_at
        self.status: Status = "pending"
        self.error: str | None = None
        self.result: dict[str, int] | None = None
        self.result_key = result_key
        self.plan = plan
        self.plan_id = plan_id
        self.history = [Transition(created_at, "pending", "created")]
        self._listed: bytes | None = None

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
