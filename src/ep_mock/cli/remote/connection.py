"""Calls to the control plane of a running server. Whatever goes wrong is one line."""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping
from typing import Any, Final

import click

from ep_mock.cli.remote.refusals import refusal
from ep_mock.serving.http_client import LONGEST_SILENCE, CallError, HttpClient, reason_of
from ep_mock.serving.tls import client_context, not_trusted

_CONTROL: Final = "/__ep_mock/"
_UNAUTHORIZED: Final = 401


class RefusedError(click.ClickException):
    """The server has refused a call.

    Attributes:
        status: the HTTP status.
        answer: the document that came, as plain data.
    """

    def __init__(self, message: str, status: int, answer: Any) -> None:
        super().__init__(message)
        self.status = status
        self.answer = answer

    @property
    def title(self) -> str:
        """The title of the first problem, empty where there is none."""
        items = self.answer.get("errors") if isinstance(self.answer, dict) else None
        return str(items[0].get("title", "")) if items else ""


class Connection:
    """The way to one store of a server."""

    def __init__(self, url: str, store: str, token: str, ca: str = "") -> None:
        """`ca` is a PEM file with the certificates to trust when the server is called by https; empty means
        the system's.

        Raises:
            UsageError: this is no address of a server, or the file has no certificate.
        """
        verify = client_context(ca, said_by="--ca") if ca and url.startswith("https:") else True
        self._client = HttpClient(url, verify, argument="--url")
        self.close = self._client.close
        self._headers = {
            name: value for name, value in (("X-EP-Mock-Store", store), ("X-EP-Mock-Token", token)) if value
        }

    def address(self, path: str) -> str:
        """The address of something in the control plane."""
        return self._client.url + _CONTROL + path

    def call(self, method: str, path: str, body: object = None, *, seconds: float = 0) -> Any:
        """The answer to a control call as plain data, None where there is none. `seconds` is how long the
        server itself may wait.

        Raises:
            ClickException: nobody answers, it is not ep-mock, or the call is refused (`RefusedError`).
        """
        status, raw = self._exchange(method, _CONTROL + path, body, self._headers, seconds)
        answer = _decoded(raw)
        if status == _UNAUTHORIZED:
            raise RefusedError(
                "the server wants its control token; give it with --token or EP_MOCK_CONTROL_TOKEN",
                status,
                answer,
            )
        if status >= 400:
            raise RefusedError(refusal(answer, status), status, answer)
        # What is no JSON is a page for people.
        return raw.decode(errors="replace") if answer is None and raw else answer

    def api(self, method: str, path: str, body: object = None, *, bearer: str = "") -> Any:
        """The answer to a call of the API itself, which arranges something: no fault strikes it and the
        journal does not keep it.

        A body that is a text is sent as a form.

        Raises:
            ClickException: as for `call`.
        """
        headers = {**self._headers, "X-EP-Mock-Arrange": "1", "Authorization": f"Bearer {bearer}"}
        status, raw = self._exchange(method, path, body, headers, 0)
        answer = _decoded(raw)
        if status >= 400:
            raise RefusedError(refusal(answer, status), status, answer)
        return answer

    def _exchange(
        self, method: str, path: str, body: object, headers: Mapping[str, str], seconds: float
    ) -> tuple[int, bytes]:
        content, kind = None, {}
        if isinstance(body, str):
            content, kind = body.encode(), {"Content-Type": "application/x-www-form-urlencoded"}
        elif body is not None:
            content, kind = json.dumps(body).encode(), {"Content-Type": "application/json"}
        url = self._client.url
        try:
            reply = self._client.call(
                method, path, {**headers, **kind}, content, timeout=LONGEST_SILENCE + seconds
            )
        except ssl.SSLCertVerificationError as error:
            raise click.ClickException(not_trusted(url, error, "--ca FILE or EP_MOCK_CA")) from None
        except CallError as error:
            hint = "start it with ep-mock serve, or say where it is with --url"
            raise click.ClickException(f"no ep-mock answers at {url}: {reason_of(error)}; {hint}") from None
        if "X-EP-Mock" not in reply.headers:
            raise click.ClickException(
                f"what answers at {url} ({reply.status}) is not ep-mock; say where it is with --url"
            )
        return reply.status, reply.body


def _decoded(raw: bytes) -> Any:
    try:
        return json.loads(raw) if raw else None
    except ValueError:
        return None
