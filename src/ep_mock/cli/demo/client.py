"""A client of the API, as a program that uses the real service has one. It shows its calls and its jobs."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cached_property
from typing import Any, NamedTuple
from urllib.parse import urlencode

from ep_mock.cli.demo.screen import JobRow, Promotion, Screen
from ep_mock.domain.families import RULE, Family
from ep_mock.domain.ordinary_promotions import ordinary_promotion
from ep_mock.serving.http_client import CALL_ERRORS, LONGEST_SILENCE, HttpClient, reason_of

FRAME_SECONDS = 0.05
_MOST_FRAMES = 400


class UnexpectedAnswerError(Exception):
    """A scene cannot go on with this answer."""


class Reply(NamedTuple):
    """The status of an answer and its body, decoded if it is JSON."""

    status: int
    body: Any

    @property
    def problem(self) -> dict[str, Any]:
        """The first error of an error document."""
        problem: dict[str, Any] = self.body["errors"][0]
        return problem


class Client:
    """Calls the API and moves time; `requests` and `seconds` count both."""

    def __init__(self, url: str, screen: Screen) -> None:
        self.screen = screen
        self.requests = 0
        self._frames = 0
        self._http = HttpClient(url)
        self._headers: dict[str, str] = {}

    @property
    def seconds(self) -> float:
        return self._frames * FRAME_SECONDS

    @cached_property
    def summer_sale(self) -> Promotion:
        """The promotion that several scenes use."""
        return self.promotion(RULE, "Summer sale")

    def log_in(self) -> None:
        """Get a token for later calls."""
        form = {"grant_type": "client_credentials", "client_id": "demo", "client_secret": "demo"}
        token = self.call("POST", "/oauth/access_token", urlencode(form))["access_token"]
        self.screen.call("POST", "/oauth/access_token", 200, "a bearer token")
        self._headers["Authorization"] = f"Bearer {token}"

    def promotion(self, family: Family, name: str) -> Promotion:
        """Create a promotion."""
        path = f"/v2/{family.collection}"
        created = self.call("POST", path, {"data": ordinary_promotion(family, name, {})})
        return Promotion(family.name, name, f"{path}/{created['data']['id']}")

    def start(self, promotion: Promotion, number_of_codes: int = 0, **parameters: Any) -> JobRow:
        """Start a job that makes codes; without their number, one that exports the codes."""
        codes = self._number_of_codes(promotion)
        reply = self.try_to_start(promotion, number_of_codes, **parameters)
        if reply.status != 201:
            raise UnexpectedAnswerError(f"{promotion.name}: {reply.problem['detail']}")
        work = f"generate {number_of_codes}" if number_of_codes else "export"
        return JobRow(promotion, work, codes + number_of_codes, reply.body["data"], codes, self.seconds)

    def try_to_start(self, promotion: Promotion, number_of_codes: int = 0, **parameters: Any) -> Reply:
        """Start a job, which may be refused."""
        job: dict[str, Any] = {"type": "promotion_job", "job_type": "code_export"}
        if number_of_codes:
            parameters["number_of_codes"] = number_of_codes
            job.update(job_type="code_generate", parameters=parameters)
        return self.ask("POST", f"{promotion.path}/jobs", {"data": job})

    def watch(self, *rows: JobRow, until: Callable[[], bool] | None = None) -> None:
        """Move time frame by frame and show the jobs, until `until` is true or else all have ended."""
        for _ in range(_MOST_FRAMES):
            self.screen.show(rows)
            if until() if until else all(row.ended for row in rows):
                return
            self._frames += 1
            self.call("POST", "/__ep_mock/clock/advance", {"seconds": FRAME_SECONDS})
            for row in rows:
                jobs = self.call("GET", f"{row.promotion.path}/jobs")["data"]
                [job] = [job for job in jobs if job["id"] == row.document["id"]]
                row.update(job, self._number_of_codes(row.promotion), self.seconds)
            self.screen.wait(FRAME_SECONDS)
        name, status = rows[0].promotion.name, rows[0].status
        raise UnexpectedAnswerError(f"{name}: still {status} after {_MOST_FRAMES} frames")

    def ask(self, method: str, path: str, document: object = None, outcome: str = "") -> Reply:
        """Make a call, which may be refused, and show it with its answer."""
        reply = self._send(method, path, document)
        if reply.status >= 400:
            outcome = reply.problem["title"]
        self.screen.call(method, path, reply.status, outcome or reply.body["data"]["status"])
        return reply

    def call(self, method: str, target: str, document: object = None) -> Any:
        """Make a call and return the body of the answer.

        Raises:
            UnexpectedAnswerError: no answer comes, or it is a refusal.
        """
        reply = self._send(method, target, document)
        if reply.status >= 400:
            asked = f"{method} {target.partition('?')[0]}"
            raise UnexpectedAnswerError(f"{asked} answered {reply.status}: {str(reply.body)[:200]}")
        return reply.body

    def close(self) -> None:
        self._http.close()

    def _number_of_codes(self, promotion: Promotion) -> int:
        return int(self.call("GET", f"{promotion.path}/codes?page[limit]=1")["meta"]["results"]["total"])

    def _send(self, method: str, target: str, document: object) -> Reply:
        """A document that is a text is sent as a form, any other as JSON."""
        self.requests += 1
        is_form = isinstance(document, str)
        kind = "application/x-www-form-urlencoded" if is_form else "application/json"
        text = document if isinstance(document, str) else json.dumps(document) if document else ""
        headers = {**self._headers, "Content-Type": kind}
        try:
            answer = self._http.call(method, target, headers, text.encode() or None, timeout=LONGEST_SILENCE)
        except CALL_ERRORS as error:
            raise UnexpectedAnswerError(f"ep-mock does not answer: {reason_of(error)}") from None
        text = answer.body.decode()
        return Reply(answer.status, json.loads(text) if text.startswith("{") else text)
