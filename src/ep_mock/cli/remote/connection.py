"""Calls to the control plane of a running server. Whatever goes wrong is one line."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import click

from ep_mock.cli.remote.refusals import refusal
from ep_mock.errors import UsageError
from ep_mock.serving.tls import client_context, not_trusted

_PATIENCE: Final = 30.0
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
        parts = urlsplit(url)
        try:
            port = parts.port
        except ValueError:
            port = -1
        if parts.scheme not in ("http", "https") or not parts.hostname or port == -1:
            raise UsageError(f"--url: expected an address such as http://127.0.0.1:8080, got {url!r}")
        self._tls = client_context(ca or True, said_by="--ca") if parts.scheme == "https" else None
        self._host, self._port, self._path = parts.hostname, port, parts.path.rstrip("/")
        self._url = url
        self._headers = {
            name: value for name, value in (("X-EP-Mock-Store", store), ("X-EP-Mock-Token", token)) if value
        }

    def address(self, path: str) -> str:
        """The address of something in the control plane."""
        return self._url.rstrip("/") + _CONTROL + path

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
        connection = self._connection(_PATIENCE + seconds)
        try:
            connection.request(method, self._path + path, content, {**headers, **kind})
            answer = connection.getresponse()
            raw = answer.read()
        except ssl.SSLCertVerificationError as error:
            raise click.ClickException(not_trusted(self._url, error, "--ca FILE or EP_MOCK_CA")) from None
        except (OSError, ValueError, http.client.HTTPException) as error:
            reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
            hint = "start it with ep-mock serve, or say where it is with --url"
            raise click.ClickException(f"no ep-mock answers at {self._url}: {reason}; {hint}") from None
        finally:
            connection.close()
        if answer.getheader("X-EP-Mock") is None:
            raise click.ClickException(
                f"what answers at {self._url} ({answer.status}) is not ep-mock; say where it is with --url"
            )
        return answer.status, raw

    def _connection(self, timeout: float) -> http.client.HTTPConnection:
        if self._tls is None:
            return http.client.HTTPConnection(self._host, self._port, timeout=timeout)
        return http.client.HTTPSConnection(self._host, self._port, timeout=timeout, context=self._tls)


def _decoded(raw: bytes) -> Any:
    try:
        return json.loads(raw) if raw else None
    except ValueError:
        return None
