"""The methods of a handle that prepare failures: plans for coming jobs, faults for coming requests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Unpack
from urllib.parse import quote

from ep_mock.control_messages import FaultReading, PlanReading
from ep_mock.handle.arguments import argument_error, check_keywords, check_whole_number, check_word
from ep_mock.handle.store_client import StoreClient
from ep_mock.handle.typed_arguments import FaultOptions, PlannedJobs, PlanOptions


class PlansAndFaults:
    """Sets, lists and deletes the plans and faults of a store."""

    def __init__(self, client: StoreClient) -> None:
        self._client = client

    def plan(self, **plan: Unpack[PlanOptions]) -> str:
        """Decide what happens to the next matching jobs, and return the plan's id.

        Args:
            family, promotion_id, job_type, name: The jobs to affect (default: any). `*` in `name` matches
                any text.
            times: Number of jobs to affect (default 1).
            timings: Their own pace, in the format of the setting: `fast,delete=20s`.
            fail: Fail the job with this error.
            stuck: The status in which the job stays until it is cancelled or its promotion is deleted.
            after_codes: Number of codes to generate before the job fails or is stuck in `processing`.
            lose_race: A cancellation comes too late: the job completes, though its codes are deleted.
            job_id: The id of the job, a UUID.
            codes: The first codes of the job.
        """
        return self._create_plan("plan", plan)

    def fail_next_job(
        self, error: str = "job failed", *, after_codes: int | None = None, **jobs: Unpack[PlannedJobs]
    ) -> str:
        """Make the next matching job fail, optionally after a number of codes. Return the plan's id."""
        plan: dict[str, Any] = {"fail": error, **jobs}
        if after_codes is not None:
            plan["after_codes"] = after_codes
        return self._create_plan("fail_next_job", plan)

    def stall_next_job(
        self,
        status: Literal["pending", "processing", "cancelling"] = "processing",
        **jobs: Unpack[PlannedJobs],
    ) -> str:
        """Make the next matching job stay in a status. Return the plan's id."""
        check_word("stall_next_job", status, ("pending", "processing", "cancelling"))
        return self._create_plan("stall_next_job", {"stuck": status, **jobs})

    def plans(self) -> list[dict[str, Any]]:
        """List the plans that still affect jobs."""
        plans: list[dict[str, Any]] = self._client.decoded("GET", "/plans")["plans"]
        return plans

    def delete_plan(self, plan_id: str | None = None) -> None:
        """Delete one plan, or all."""
        self._client.control("DELETE", f"/plans{_subpath('delete_plan', plan_id)}")

    def fault(self, **fault: Unpack[FaultOptions]) -> str:
        """Decide what happens to the next matching requests, and return the fault's id.

            mock.fault(error="rate_limited", retry_after=2)
            mock.fault(connection="reset", when="after", match={"operation": "create_job"})

        Args:
            match: The requests to affect (default: all).
            times: Number of requests to affect (default 1, 0 = unlimited).
            skip: Skip the first N matching requests.
            probability: Probability of affecting each request. The seed decides, so runs repeat.
            when: `before` or `after` the request takes effect.
            delay: Delay the response by real seconds: a number, or limits for a random one.
            error: Respond with this error, such as `internal`.
            retry_after: Seconds in the Retry-After header of `rate_limited` and `unavailable`.
            answer: Respond with this status, headers, and JSON body or text.
            connection: Break the connection: `reset`, `empty`, `truncated` or `garbage`.
        """
        check_keywords("fault", fault, FaultOptions)
        return self._client.read(FaultReading, "POST", "/faults", fault).id

    def faults(self) -> list[dict[str, Any]]:
        """List the faults, each with the number of requests it has affected."""
        faults: list[dict[str, Any]] = self._client.decoded("GET", "/faults")["faults"]
        return faults

    def delete_fault(self, fault_id: str | None = None) -> None:
        """Delete one fault, or all."""
        self._client.control("DELETE", f"/faults{_subpath('delete_fault', fault_id)}")

    def rate_limit(self, requests_per_second: int) -> None:
        """Respond with 429 to requests above this rate (0 = unlimited). Needs a real or scaled clock."""
        check_whole_number("rate_limit", requests_per_second)
        self._client.control("PATCH", "/settings", {"rate_limit": requests_per_second})

    def _create_plan(self, verb: str, plan: Mapping[str, Any]) -> str:
        check_keywords(verb, plan, PlanOptions)
        return self._client.read(PlanReading, "POST", "/plans", plan).id


def _subpath(verb: str, identity: object) -> str:
    if identity is None:
        return ""
    if not isinstance(identity, str):
        hint = "write its ['id']" if isinstance(identity, Mapping) else ""
        raise argument_error(verb, "an id that plan() or fault() returned", identity, hint)
    return f"/{quote(identity, safe='')}"
