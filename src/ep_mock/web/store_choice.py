"""Which store a request to the API is for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ep_mock.entropy import Entropy
from ep_mock.settings import Settings
from ep_mock.web.auth import Authenticator
from ep_mock.web.request import Request
from ep_mock.web.stores import DEFAULT_STORE, STORE_HEADER, can_name_store, named_store

_OF_CLIENTS: Final = Entropy("stores", "clients")


class StoreChoice:
    """Chooses the store of a request to the API: a signed URL names it, else the header, else, where that is
    wanted, the client id.
    """

    def __init__(self, settings: Settings, authenticator: Authenticator) -> None:
        self._by_client = settings.stores == "client-id"
        self._authenticator = authenticator

    def store_for(self, request: Request | None, headers: Mapping[bytes, bytes]) -> str:
        """The name of the store; `request` is None where nothing is served at the request's path."""
        if request is not None and request.endpoint.names_store:
            return request.parameters[0]
        if self._by_client and STORE_HEADER not in headers:
            client = self._authenticator.client_behind(request, headers)
            return DEFAULT_STORE if client is None else store_of_client(client)
        return named_store(headers)


def store_of_client(client: str) -> str:
    """The store of a client id: of the same name if a store can have it, else of a name that is made from it,
    always the same.
    """
    return client if can_name_store(client) else _OF_CLIENTS.uuid_of(client)
