"""A client of the API as a program that uses the real service would have, and a job as it sees it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from ep_mock.serving.http_client import LONGEST_SILENCE, CallError, HttpClient, reason_of


class UnexpectedAnswerError(Exception):
    """An answer that a scene has no use for."""


class Reply(NamedTuple):
    """The status of an answer and its body, decoded where it is JSON."""

    status: int
    body: Any

    @property
    def problem(self) -> dict[str, Any]:
        """The first error of an error document."""
        problem: dict[str, Any] = self.body["errors"][0]
        return problem


class Client:
    """Calls the API; `requests` counts the calls."""

    def __init__(self, url: str) -> None:
        self._http = HttpClient(url)
        self._headers = {"Content-Type": "application/json"}
        self.requests = 0

    def log_in(self) -> Reply:
        """Get a token; later calls use it."""
        form = urlencode({"grant_type": "client_credentials", "client_id": "demo", "client_secret": "demo"})
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        reply = self._send("POST", "/oauth/access_token", headers, form.encode(), expect=200)
        self._headers["Authorization"] = f"Bearer {reply.body['access_token']}"
        return reply

    def call(self, method: str, path: str, document: object = None, *, expect: int | None = None) -> Reply:
        """One call with the token.

        Raises:
            UnexpectedAnswerError: the status is not the one to `expect`.
        """
        body = None if document is None else json.dumps(document).encode()
        return self._send(method, path, self._headers, body, expect=expect)

    def download(self, url: str) -> str:
        """The file at a signed URL; no token is sent."""
        parts = urlsplit(url)
        return str(self._send("GET", f"{parts.path}?{parts.query}", {}, None, expect=200).body)

    def close(self) -> None:
        self._http.close()

    def _send(
        self, method: str, path: str, headers: dict[str, str], body: bytes | None, *, expect: int | None
    ) -> Reply:
        self.requests += 1
        try:
            status, _, raw = self._http.call(method, path, headers, body, timeout=LONGEST_SILENCE)
        except CallError as error:
            raise UnexpectedAnswerError(f"ep-mock does not answer: {reason_of(error)}") from None
        text = raw.decode()
        if expect not in (None, status):
            asked = f"{method} {path.partition('?')[0]}"
            raise UnexpectedAnswerError(f"{asked} answered {status} instead of {expect}: {text[:200]}")
        return Reply(status, json.loads(text) if text.startswith("{") else text)


@dataclass(frozen=True)
class Promotion:
    """A promotion that was created: its family, its name, and where the API has it."""

    family: str
    name: str
    path: str


@dataclass
class JobRow:
    """A job as the API last showed it: one row of the table.

    Attributes:
        goal: number of codes that the promotion has when all goes well.
        codes: number of codes that it had at `at`, in seconds since the demo began.
        statuses: each status that the job was seen in, in order.
    """

    promotion: Promotion
    work: str
    goal: int
    document: dict[str, Any]
    codes: int
    at: float
    statuses: tuple[str, ...] = ("pending",)

    @property
    def path(self) -> str:
        return f"{self.promotion.path}/jobs/{self.document['id']}"

    @property
    def status(self) -> str:
        return self.statuses[-1]

    @property
    def ended(self) -> bool:
        return self.status in ("completed", "failed", "cancelled")

    def see(self, document: dict[str, Any], codes: int, at: float) -> None:
        """Take over what the API shows now; the time of the end is kept."""
        self.at = self.at if self.ended else at
        self.document, self.codes = document, codes
        if document["status"] != self.status:
            self.statuses += (document["status"],)
