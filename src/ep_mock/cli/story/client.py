"""A small client of the API: what a program that uses the real service would do, with the standard library alone."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

_SECONDS = 10


class UnexpectedAnswerError(Exception):
    """An answer that the story has no use for."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: its status, its body, and what was asked."""

    asked: str
    status: int
    body: bytes

    @property
    def document(self) -> Any:
        """The body as JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            raise UnexpectedAnswerError(f"{self.asked} answered {self.status} with no JSON") from None

    @property
    def data(self) -> Any:
        """What is inside `data`."""
        return self.document["data"]

    @property
    def problem(self) -> dict[str, Any]:
        """The first error of an error document."""
        problem: dict[str, Any] = self.document["errors"][0]
        return problem

    def expect(self, status: int) -> Self:
        """The same reply, or UnexpectedAnswerError if it has another status."""
        if self.status != status:
            raise UnexpectedAnswerError(
                f"{self.asked} answered {self.status} instead of {status}: {self.body[:200].decode(errors='replace')}"
            )
        return self


class Client:
    """One connection with a token.

    Attributes:
        requests: how many were sent.
    """

    def __init__(self, url: str) -> None:
        place = urlsplit(url)
        self._connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=_SECONDS)
        self._token = ""
        self.requests = 0

    def log_in(self) -> Reply:
        """Get a token and use it from now on."""
        form = urlencode({"grant_type": "client_credentials", "client_id": "demo", "client_secret": "demo"})
        reply = self._send("POST", "/oauth/access_token", form.encode(), {"Content-Type": "application/x-www-form-urlencoded"}).expect(200)
        self._token = reply.document["access_token"]
        return reply

    def get(self, path: str) -> Reply:
        return self._send("GET", path, None, {"Authorization": f"Bearer {self._token}"})

    def post(self, path: str, document: object = None) -> Reply:
        body = None if document is None else json.dumps(document).encode()
        return self._send("POST", path, body, {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"})

    def download(self, url: str) -> Reply:
        """GET a signed URL; no token goes along."""
        place = urlsplit(url)
        return self._send("GET", f"{place.path}?{place.query}", None, {})

    def close(self) -> None:
        self._connection.close()

    def _send(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Reply:
        self.requests += 1
        try:
            self._connection.request(method, path, body, headers)
            answer = self._connection.getresponse()
            return Reply(f"{method} {path.partition('?')[0]}", answer.status, answer.read())
        except (OSError, http.client.HTTPException):
            self._connection.close()  # the next request gets a new one
            raise
