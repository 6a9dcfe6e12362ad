"""Which store a request is for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ep_mock.entropy import Entropy
from ep_mock.settings import Settings
from ep_mock.web.auth import Authenticator
from ep_mock.web.calls import Call
from ep_mock.web.gate import DEFAULT_STORE, can_name_store

STORE_HEADER: Final = b"x-ep-mock-store"

_OF_CLIENTS: Final = Entropy("stores", "clients")


def named_store(headers: Mapping[bytes, bytes]) -> str:
    """The store that the header names, else the default one."""
    name = headers.get(STORE_HEADER)
    return DEFAULT_STORE if name is None else name.decode("latin-1")


class StoreChoice:
    """Chooses the store of a request to the API: a signed URL names it, else the header, else, where that is wanted, the client id."""

    def __init__(self, settings: Settings, authenticator: Authenticator) -> None:
        self._by_client = settings.stores == "client-id"
        self._authenticator = authenticator

    def store_for(self, call: Call | None, headers: Mapping[bytes, bytes]) -> str:
        """The name of the store; `call` is None where nothing is served at the request's path."""
        if call is not None and call.endpoint.names_store:
            return call.parameters[0]
        if self._by_client and STORE_HEADER not in headers:
            client = self._authenticator.client_behind(call, headers)
            return DEFAULT_STORE if client is None else store_of_client(client)
        return named_store(headers)


def store_of_client(client: str) -> str:
    """The store of a client id: of the same name if a store can have it, else of a name that is made from it, always the same."""
    return client if can_name_store(client) else _OF_CLIENTS.uuid_of(client)
