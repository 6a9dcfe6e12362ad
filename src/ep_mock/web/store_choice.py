"""Which store a request to the API uses."""

from __future__ import annotations

from typing import Final

from ep_mock.entropy import Entropy
from ep_mock.web.auth import Authenticator
from ep_mock.web.request import Request
from ep_mock.web.stores import DEFAULT_STORE, STORE_HEADER, can_name_store, named_store

_OF_CLIENTS: Final = Entropy("stores", "clients")


def choose_store(request: Request, authenticator: Authenticator) -> str:
    """The name of the request's store.

    A signed URL names it, else the header, else, with the setting `stores` at `client-id`, the client id.
    """
    if request.route.names_store:
        return request.parameters[0]
    if request.stores.settings.stores == "client-id" and STORE_HEADER not in request.headers:
        client = authenticator.client_of(request)
        return DEFAULT_STORE if client is None else store_of_client(client)
    return named_store(request.headers)


def store_of_client(client: str) -> str:
    """The store of a client id: the client id itself, or a name derived from it where a store can't have
    that name.
    """
    return client if can_name_store(client) else _OF_CLIENTS.uuid_of(client)
