"""Calls to one store of a server, with errors that explain themselves."""

from __future__ import annotations

from typing import Any, Final, TypeVar
from urllib.parse import urlencode

import msgspec

from ep_mock.handle.connection import Connection, Reply
from ep_mock.handle.errors import RefusedError

CONTROL: Final = "/__ep_mock"

_ANY_TOKEN: Final = "ep-mock-handle"  # noqa: S105 - any text is a token for lenient auth
_UNAUTHORIZED: Final = 401

_Record = TypeVar("_Record")


class StoreClient:
    """Makes calls for one store: to the control plane, and to the API to arrange things, which leaves no
    trace in the journal.

    Attributes:
        store: the name of the store.
        client_id, client_secret: what it logs in with.
    """

    def __init__(
        self, connection: Connection, store: str, client_id: str, client_secret: str, control_token: str
    ) -> None:
        self._connection = connection
        self._control_token = control_token
        self._issued: str | None = None
        self.store = store
        self.client_id = client_id
        self.client_secret = client_secret

    @property
    def token(self) -> str:
        """A token that the server has issued; the same one until it is forgotten."""
        if self._issued is None:
            form = {
                "grant_type": "client_credentials",
                "client_id": self.client_id,
                "client_secret": self.client_secret,
            }
            headers = {**self._arranging(), "Content-Type": "application/x-www-form-urlencoded"}
            answer = self._checked("POST", "/oauth/access_token", headers, urlencode(form).encode(), 0.0)
            issued: str = msgspec.json.decode(answer)["access_token"]
            self._issued = issued
        return self._issued

    def forget_token(self) -> None:
        """Log in anew when a token is needed."""
        self._issued = None

    def control(self, method: str, path: str, body: object = None, *, patience: float = 0.0) -> bytes:
        """A call to the control plane; answers its body.

        Raises:
            RefusedError: the server refused it.
        """
        headers = self._steering()
        return self._checked(method, CONTROL + path, headers, _encoded(headers, body), patience)

    def read(
        self, kind: type[_Record], method: str, path: str, body: object = None, *, patience: float = 0.0
    ) -> _Record:
        """The same, with the answer as a record."""
        return msgspec.json.decode(self.control(method, path, body, patience=patience), type=kind)

    def decoded(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """The same, with the answer as plain data."""
        answer: dict[str, Any] = msgspec.json.decode(self.control(method, path, body))
        return answer

    def api(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """A call to the API; answers the JSON, `{}` where there is none.

        Raises:
            RefusedError: the API refused it.
        """
        headers = {**self._arranging(), "Authorization": f"Bearer {self._issued or _ANY_TOKEN}"}
        raw = _encoded(headers, body)
        try:
            answer = self._checked(method, path, headers, raw, 0.0)
        except RefusedError as error:
            if error.status != _UNAUTHORIZED:
                raise
            # Strict auth, or the token has expired: the store's time moves fast.
            self.forget_token()
            headers["Authorization"] = f"Bearer {self.token}"
            answer = self._checked(method, path, headers, raw, 0.0)
        decoded: dict[str, Any] = msgspec.json.decode(answer) if answer else {}
        return decoded

    def fetch(self, target: str) -> bytes:
        """What lies at a path that needs no token, such as an exported file."""
        return self._checked("GET", target, self._arranging(), None, 0.0)

    def _arranging(self) -> dict[str, str]:
        return {**self._steering(), "X-EP-Mock-Arrange": "1"}

    def _steering(self) -> dict[str, str]:
        headers = {"X-EP-Mock-Store": self.store}
        if self._control_token:
            headers["X-EP-Mock-Token"] = self._control_token
        return headers

    def _checked(
        self, method: str, target: str, headers: dict[str, str], body: bytes | None, patience: float
    ) -> bytes:
        reply = self._connection.call(method, target, headers, body, patience)
        if reply.status >= 400:
            raise RefusedError(f"{method} {target.partition('?')[0]}", reply.status, _items(reply))
        return reply.body


def _encoded(headers: dict[str, str], body: object) -> bytes | None:
    if body is None:
        return None
    headers["Content-Type"] = "application/json"
    return msgspec.json.encode(body)


def _items(reply: Reply) -> list[dict[str, Any]]:
    try:
        items: list[dict[str, Any]] = msgspec.json.decode(reply.body)["errors"]
    except (msgspec.DecodeError, KeyError, TypeError):
        return [{"title": reply.body[:200].decode(errors="replace")}]
    return items
