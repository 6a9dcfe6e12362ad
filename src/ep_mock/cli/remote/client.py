"""A store of a running server, as the commands see it. Every failure is one line."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote

import click

from ep_mock.cli.remote.refusals import refusal
from ep_mock.cli.suggestions import near_match
from ep_mock.domain.display import printable
from ep_mock.serving.http_client import CALL_ERRORS, LONGEST_SILENCE, HttpClient, reason_of
from ep_mock.serving.tls import client_context, not_trusted

DEFAULT_STORE: Final = "default"
MOST_JOBS: Final = 10_000
_CONTROL: Final = "/__ep_mock/"
_UNAUTHORIZED: Final = 401


class RefusedError(click.ClickException):
    """The server refused a call.

    Attributes:
        status: the HTTP status.
        answer: the error document as plain data.
    """

    def __init__(self, message: str, status: int, answer: Any) -> None:
        super().__init__(message)
        self.status = status
        self.answer = answer

    @property
    def title(self) -> str:
        """The title of the first error, or an empty text."""
        items = self.answer.get("errors") if isinstance(self.answer, dict) else None
        return str(items[0].get("title", "")) if items else ""


class Remote:
    """One store of a running server.

    Attributes:
        as_json: print answers as JSON.
    """

    def __init__(self, url: str, store: str, token: str, ca: str, *, as_json: bool) -> None:
        """
        Args:
            store: empty for calls that concern no single store.
            ca: a PEM file with the certificates to trust at an https address; empty means the system's.

        Raises:
            UsageError: this is no address of a server, or the file has no certificate.
        """
        verify = client_context(ca, argument="--ca") if ca and url.startswith("https:") else True
        self._client = HttpClient(url, verify, argument="--url")
        self._store = store
        headers = {"X-EP-Mock-Store": store, "X-EP-Mock-Token": token}
        self._headers = {name: value for name, value in headers.items() if value}
        self.as_json = as_json
        self._is_known = False
        self.forget_store()

    def address(self, path: str) -> str:
        """The address of something in the control plane."""
        return self._client.url + _CONTROL + path

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        server_timeout: float = 0.0,
        creates: bool = False,
    ) -> Any:
        """Call the control plane and return the decoded answer: None without a body, text if it is no JSON.

        Args:
            server_timeout: number of seconds that the server itself may wait.
            creates: the call may create the store.

        Raises:
            ClickException: the server does not answer, is not ep-mock, has no such store, or refuses the call
                (`RefusedError`).
        """
        self._is_known = self._is_known or creates
        self._check_store()
        return self._send(method, _CONTROL + path, body, {}, server_timeout)

    def api(self, method: str, path: str, body: object = None, *, token: str = "") -> Any:
        """Call the API as test set-up: no faults, no journal entry. A body that is a text is sent as a form.

        Raises:
            ClickException: as for `call`.
        """
        self._check_store()
        headers = {"X-EP-Mock-Arrange": "1", "Authorization": f"Bearer {token}"}
        return self._send(method, path, body, headers)

    def job_id(self, job: str) -> str:
        """The id of a job that is given as its id or its number.

        Raises:
            ClickException: no job has this number.
        """
        if not (job.isascii() and job.isdecimal()):
            return job
        for each in self.call("GET", f"jobs?limit={MOST_JOBS}")["jobs"]:
            if each["number"] == int(job):
                return str(each["id"])
        raise click.ClickException(f"there is no job number {job}; ep-mock jobs lists all")

    def forget_store(self) -> None:
        """Check before the next call that the store exists."""
        # The server creates a store on first use. Only the default store exists from the start.
        self._is_known = self._store in ("", DEFAULT_STORE)

    def show(self, answer: object, render: Callable[[Any], str]) -> None:
        """Print an answer: as JSON if that is wanted, else as `render` makes it."""
        click.echo(json_text(answer, indent=2) if self.as_json else render(answer))

    def close(self) -> None:
        self._client.close()

    def _check_store(self) -> None:
        if self._is_known:
            return
        names = [store["name"] for store in self._send("GET", f"{_CONTROL}stores")["stores"]]
        if self._store not in names:
            near = near_match(self._store, names)
            hint = f"did you mean {near}?" if near else f"stores: {', '.join(names) or DEFAULT_STORE}"
            raise click.ClickException(f"there is no store {self._store!r}; {hint}")
        self._is_known = True

    def _send(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: Mapping[str, str] = {},
        server_timeout: float = 0.0,
    ) -> Any:
        headers, content = {**self._headers, **headers}, None
        if isinstance(body, str):
            headers["Content-Type"], content = "application/x-www-form-urlencoded", body.encode()
        elif body is not None:
            headers["Content-Type"], content = "application/json", json.dumps(body).encode()
        url = self._client.url
        try:
            status, answered, raw = self._client.call(
                method, path, headers, content, timeout=LONGEST_SILENCE + server_timeout
            )
        except ssl.SSLCertVerificationError as error:
            raise click.ClickException(not_trusted(url, error, "--ca FILE or EP_MOCK_CA")) from None
        except CALL_ERRORS as error:
            hint = "start it with ep-mock serve, or set its address with --url"
            raise click.ClickException(f"no ep-mock answers at {url}: {reason_of(error)}; {hint}") from None
        if "X-EP-Mock" not in answered:
            raise click.ClickException(
                f"the server at {url} ({status}) is not ep-mock; set its address with --url"
            )
        answer = _decoded(raw)
        if status == _UNAUTHORIZED and path.startswith(_CONTROL):
            hint = "the server requires its control token; set it with --token or EP_MOCK_CONTROL_TOKEN"
            raise RefusedError(hint, status, answer)
        if status >= 400:
            raise RefusedError(refusal(answer, status), status, answer)
        return answer


def json_text(answer: object, *, indent: int | None = None) -> str:
    """The answer as JSON. Characters that could control a terminal are escaped."""
    text = json.dumps(answer, indent=indent, ensure_ascii=False)
    safe = all(printable(line) == line for line in text.split("\n"))
    return text if safe else json.dumps(answer, indent=indent)


def segment(text: str) -> str:
    """The text as one segment of a path."""
    return quote(text, safe="")


def _decoded(raw: bytes) -> Any:
    try:
        return json.loads(raw) if raw else None
    except ValueError:
        return raw.decode(errors="replace")
