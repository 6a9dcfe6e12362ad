"""Calls to the control plane of a running server. Whatever goes wrong is one line."""

from __future__ import annotations

import http.client
import json
import ssl
from typing import Any, Final
from urllib.parse import urlsplit

import click

from ep_mock.errors import UsageError
from ep_mock.tls import client_context, not_trusted

_PATIENCE: Final = 30.0
_CONTROL: Final = "/__ep_mock/"


class Connection:
    """The way to one store of a server."""

    def __init__(self, url: str, store: str, token: str, ca: str = "") -> None:
        """`ca` is a PEM file with the certificates to trust when the server is called by https; empty means the system's.

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
        self._headers = {name: value for name, value in (("X-EP-Mock-Store", store), ("X-EP-Mock-Token", token)) if value}

    def call(self, method: str, path: str, body: object = None, *, seconds: float = 0) -> Any:
        """The answer to a control call as plain data, None where there is none. `seconds` is how long the server itself may wait.

        Raises:
            ClickException: nobody answers, it is not ep-mock, or the call is refused.
        """
        status, raw = self._exchange(method, path, body, seconds)
        answer = _decoded(raw)
        if status >= 400:
            raise click.ClickException(_refusal(answer, status))
        return answer

    def _exchange(self, method: str, path: str, body: object, seconds: float) -> tuple[int, bytes]:
        content = None if body is None else json.dumps(body).encode()
        connection = self._connection(_PATIENCE + seconds)
        try:
            connection.request(method, self._path + _CONTROL + path, content, self._headers)
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
            raise click.ClickException(f"what answers at {self._url} ({answer.status}) is not ep-mock; say where it is with --url")
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


def _refusal(answer: Any, status: int) -> str:
    """The problems of an error document in one line."""
    items = answer.get("errors", []) if isinstance(answer, dict) else []
    said = [": ".join(str(item[name]) for name in ("title", "source", "detail") if item.get(name)) for item in items]
    return "; ".join(said) or f"refused with {status}"
