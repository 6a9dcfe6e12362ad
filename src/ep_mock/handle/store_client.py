"""Calls to one store of a server."""

from __future__ import annotations

from typing import Any, Final, TypeVar
from urllib.parse import urlencode

import msgspec

from ep_mock.handle.connection import Connection, Reply
from ep_mock.handle.errors import RefusedError

CONTROL: Final = "/__ep_mock"

_ANY_TOKEN: Final = "ep-mock-handle"  # noqa: S105 - lenient auth accepts any text as a token
_UNAUTHORIZED: Final = 401

_Body = TypeVar("_Body")


class StoreClient:
    """Calls the control plane for one store, and the API as test set-up, which leaves no journal entries.

    Attributes:
        store: the name of the store.
        client_id, client_secret: the credentials for the API.
        control_token: the token for the control plane, or an empty text.
    """

    def __init__(
        self, connection: Connection, store: str, client_id: str, client_secret: str, control_token: str
    ) -> None:
        self._connection = connection
        self._issued_token: str | None = None
        self.store = store
        self.client_id = client_id
        self.client_secret = client_secret
        self.control_token = control_token

    @property
    def token(self) -> str:
        """A token issued by the server. It stays the same until `forget_token`."""
        if self._issued_token is None:
            form = {
                "grant_type": "client_credentials",
                "client_id": self.client_id,
                "client_secret": self.client_secret,
            }
            headers = {**self._api_headers(), "Content-Type": "application/x-www-form-urlencoded"}
            body = self._call("POST", "/oauth/access_token", headers, urlencode(form).encode())
            issued: str = msgspec.json.decode(body)["access_token"]
            self._issued_token = issued
        return self._issued_token

    def forget_token(self) -> None:
        """Log in again when a token is needed."""
        self._issued_token = None

    def control(self, method: str, path: str, body: object = None, *, server_timeout: float = 0.0) -> bytes:
        """Call the control plane and return the body of the response.

        Args:
            server_timeout: number of seconds that the server may wait before it responds.

        Raises:
            RefusedError: the server refused the call.
        """
        headers = self._control_headers()
        return self._call(method, CONTROL + path, headers, _to_json(headers, body), server_timeout)

    def read(
        self, kind: type[_Body], method: str, path: str, body: object = None, *, server_timeout: float = 0.0
    ) -> _Body:
        """Call the control plane and decode the response as `kind`."""
        return msgspec.json.decode(self.control(method, path, body, server_timeout=server_timeout), type=kind)

    def decoded(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """Call the control plane and decode the response as plain data."""
        return self.read(dict[str, Any], method, path, body)

    def api(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """Call the API and decode the response; a response without a body is `{}`.

        Raises:
            RefusedError: the API refused the call.
        """
        headers = {**self._api_headers(), "Authorization": f"Bearer {self._issued_token or _ANY_TOKEN}"}
        encoded = _to_json(headers, body)
        try:
            response = self._call(method, path, headers, encoded)
        except RefusedError as error:
            if error.status != _UNAUTHORIZED:
                raise
            # Auth is strict, or the token has expired because the store's time moved.
            self.forget_token()
            headers["Authorization"] = f"Bearer {self.token}"
            response = self._call(method, path, headers, encoded)
        decoded: dict[str, Any] = msgspec.json.decode(response) if response else {}
        return decoded

    def fetch(self, target: str) -> bytes:
        """Return the body at a path that needs no token, such as an exported file."""
        return self._call("GET", target, self._api_headers())

    def _api_headers(self) -> dict[str, str]:
        return {**self._control_headers(), "X-EP-Mock-Arrange": "1"}

    def _control_headers(self) -> dict[str, str]:
        token = {"X-EP-Mock-Token": self.control_token} if self.control_token else {}
        return {"X-EP-Mock-Store": self.store, **token}

    def _call(
        self,
        method: str,
        target: str,
        headers: dict[str, str],
        body: bytes | None = None,
        server_timeout: float = 0.0,
    ) -> bytes:
        reply = self._connection.call(method, target, headers, body, server_timeout)
        if reply.status >= 400:
            raise RefusedError(f"{method} {target.partition('?')[0]}", reply.status, _errors_in(reply))
        return reply.body


def _to_json(headers: dict[str, str], body: object) -> bytes | None:
    """Encode a body, and add its content type to the headers."""
    if body is None:
        return None
    headers["Content-Type"] = "application/json"
    return msgspec.json.encode(body)


def _errors_in(reply: Reply) -> list[dict[str, Any]]:
    try:
        errors: list[dict[str, Any]] = msgspec.json.decode(reply.body)["errors"]
    except (msgspec.DecodeError, KeyError, TypeError):
        return [{"title": reply.body[:200].decode(errors="replace")}]
    return errors
