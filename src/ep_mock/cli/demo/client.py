"""A client of the API, as a program that uses the real service has one."""

from __future__ import annotations

import json
from typing import Any, NamedTuple
from urllib.parse import urlencode

from ep_mock.serving.http_client import LONGEST_SILENCE, CallError, HttpClient, reason_of


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
    """Calls the API; `requests` counts the calls."""

    def __init__(self, url: str) -> None:
        self._http = HttpClient(url)
        self._headers: dict[str, str] = {}
        self.requests = 0

    def log_in(self) -> Reply:
        """Get a token for later calls."""
        form = {"grant_type": "client_credentials", "client_id": "demo", "client_secret": "demo"}
        reply = self.call("POST", "/oauth/access_token", urlencode(form), expect=200)
        self._headers["Authorization"] = f"Bearer {reply.body['access_token']}"
        return reply

    def call(self, method: str, target: str, document: object = None, *, expect: int | None = None) -> Reply:
        """Make one call. A document that is a text is sent as a form, any other as JSON.

        Raises:
            UnexpectedAnswerError: no answer comes, or its status is not the one to `expect`.
        """
        self.requests += 1
        kind, body = "application/json", None if document is None else json.dumps(document)
        if isinstance(document, str):
            kind, body = "application/x-www-form-urlencoded", document
        headers = {**self._headers, "Content-Type": kind}
        content = None if body is None else body.encode()
        try:
            status, _, raw = self._http.call(method, target, headers, content, timeout=LONGEST_SILENCE)
        except CallError as error:
            raise UnexpectedAnswerError(f"ep-mock does not answer: {reason_of(error)}") from None
        text = raw.decode()
        if expect not in (None, status):
            asked = f"{method} {target.partition('?')[0]}"
            raise UnexpectedAnswerError(f"{asked} answered {status} instead of {expect}: {text[:200]}")
        return Reply(status, json.loads(text) if text.startswith("{") else text)

    def close(self) -> None:
        self._http.close()
