"""A small client of promotion jobs: it makes codes, waits for them and fetches them, even when the network or
the service fails now and then.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx

BASE_URL = "https://useast.api.elasticpath.com"
ENDED = ("completed", "failed", "cancelled")
TRIES = 5


class JobFailed(Exception):
    """The service could not do the job."""


class PromotionJobs:
    """Jobs of one promotion.

    Args:
        client: with the address and the credentials of the service.
        path: where the promotion is: `/v2/promotions/{id}` or `/v2/rule-promotions/{id}`.
        poll_seconds: how long to wait between two polls.
        sleep: waits; a test passes something faster.
    """

    def __init__(
        self,
        client: httpx.Client,
        path: str,
        *,
        poll_seconds: float = 2.0,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._client = client
        self._path = path
        self._poll_seconds = poll_seconds
        self._sleep = sleep

    def generate(self, count: int, name: str) -> dict[str, Any]:
        """Make codes, and return the job when it has ended. The name identifies the job, so it must be new.

        Raises:
            JobFailed: it failed or was cancelled.
        """
        return self.wait(self.start(name, "code_generate", {"number_of_codes": count}))

    def export(self, name: str) -> str:
        """All codes as CSV."""
        job = self.wait(self.start(name, "code_export"))
        href = self._call("GET", f"{self._path}/jobs/{job['id']}/file")["href"]
        return self._client.get(href).raise_for_status().text

    def start(self, name: str, job_type: str, parameters: dict[str, Any] | None = None) -> dict[str, Any]:
        """Create a job. If the response is lost, look for the job before creating another one."""
        document: dict[str, Any] = {"type": "promotion_job", "job_type": job_type, "name": name}
        if parameters is not None:
            document["parameters"] = parameters
        for left in reversed(range(TRIES)):
            try:
                created: dict[str, Any] = self._call("POST", f"{self._path}/jobs", {"data": document})["data"]
                return created
            except httpx.TransportError:
                if job := next((job for job in self._jobs() if job.get("name") == name), None):
                    return job
                if not left:
                    raise
        raise AssertionError("unreachable")

    def wait(self, job: dict[str, Any], *, polls: int = 1000) -> dict[str, Any]:
        """Poll until a job is completed.

        Raises:
            JobFailed: it has ended with another status.
            TimeoutError: it has not ended after this number of polls.
        """
        for _ in range(polls):
            job = next(each for each in self._jobs() if each["id"] == job["id"])
            if job["status"] == "completed":
                return job
            if job["status"] in ENDED:
                raise JobFailed(f"job {job['id']} is {job['status']}: {job.get('error', 'no reason given')}")
            self._sleep(self._poll_seconds)
        raise TimeoutError(f"job {job['id']} is still {job['status']}")

    def cancel(self, job: dict[str, Any]) -> dict[str, Any]:
        """Cancel a job, wait until its codes are deleted, and return it."""
        self._call("POST", f"{self._path}/jobs/{job['id']}/cancel")
        while True:
            job = next(each for each in self._jobs() if each["id"] == job["id"])
            if job["status"] in ENDED:
                return job
            self._sleep(self._poll_seconds)

    def _jobs(self) -> Iterator[dict[str, Any]]:
        """The jobs of the promotion, newest first."""
        offset = 0
        while page := self._call("GET", f"{self._path}/jobs?page[offset]={offset}&page[limit]=25")["data"]:
            yield from page
            offset += len(page)

    def _call(self, method: str, path: str, body: object = None) -> Any:
        """The JSON of a response. Retry after a 429 or 503 as the service says, and a lost GET at once."""
        for left in reversed(range(TRIES)):
            try:
                answer = self._client.request(method, path, json=body)
            except httpx.TransportError:
                if method != "GET" or not left:
                    raise
                continue
            if answer.status_code in (429, 503) and left:
                self._sleep(float(answer.headers.get("Retry-After", self._poll_seconds)))
                continue
            answer.raise_for_status()
            return answer.json()
        raise AssertionError("unreachable")
