"""One request, and the route that it takes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope

from ep_mock.contract.documents import Operation
from ep_mock.contract.validation import validate_body, validate_data
from ep_mock.domain import problems
from ep_mock.domain.families import Family
from ep_mock.domain.paging import Page, read_page
from ep_mock.errors import ApiError
from ep_mock.simulation.promotion import Promotion
from ep_mock.simulation.store import Store
from ep_mock.web.response import Response
from ep_mock.web.stores import StoreRegistry

TOKEN_HEADER: Final = b"x-ep-mock-token"
PLAN_HEADER: Final = b"x-ep-mock-plan"
"""The plan of the job that the request creates."""
ARRANGE_HEADER: Final = b"x-ep-mock-arrange"
"""Marks a request as test set-up: no faults, no rate limit, no journal entry."""

Handler = Callable[["Request"], Response]

_HOST: Final = r"[A-Za-z0-9._\-]+(:[0-9]+)?|\[[0-9A-Fa-f:.]+\](:[0-9]+)?"


@dataclass(slots=True, eq=False)
class Route:
    """What answers the requests to one path and method, and what has to happen before.

    Attributes:
        operation: its description in the OpenAPI documents; None for signed files.
        name: the id of its operation; None for `UNMATCHED`.
        query_parameters: the names that its description allows in a query.
        family: the family of promotions in its path, if any.
        authorized: whether a request needs a bearer token.
        names_store: whether the first path parameter is the name of the store.
        uses_store: whether it is about one store. If not, `Request.store` is not set, and no store is
            created.
        replaces_store: whether it replaces the store, which is then not settled before: it may be unable to.
    """

    handler: Handler
    operation: Operation | None = None
    name: str | None = None
    query_parameters: Sequence[str] = ()
    family: Family | None = None
    authorized: bool = False
    names_store: bool = False
    uses_store: bool = True
    replaces_store: bool = False

    def __post_init__(self) -> None:
        if self.operation is not None:
            self.name = self.operation.operation_id
            self.query_parameters = self.operation.query_parameters


def _not_found(_: Request) -> Response:
    raise problems.not_found("ep-mock serves nothing there")


UNMATCHED: Final = Route(_not_found)
"""The route of a request until another one is found."""


class Request:
    """One request, from the socket to its handler.

    Attributes:
        path: the raw path, not decoded.
        parameters: the decoded values of the path parameters.
        refusal: why the request will be refused, whatever the store contains.
        stores: all stores of the server.
        began: the number of replacements of stores when the request began.
        store: settled, and its lock is held while the handler runs. Not set before.
        arranges: whether the request is test set-up: no faults, no rate limit, no journal entry.
    """

    __slots__ = (
        "_query",
        "arranges",
        "began",
        "body",
        "headers",
        "method",
        "parameters",
        "path",
        "receive",
        "refusal",
        "route",
        "scope",
        "store",
        "stores",
    )

    def __init__(self, scope: Scope, receive: Receive, stores: StoreRegistry) -> None:
        self.scope = scope
        self.receive = receive
        self.stores = stores
        self.began = stores.replacements
        self.method: str = scope["method"]
        self.path: bytes = scope.get("raw_path") or b""
        self.headers: Mapping[bytes, bytes] = dict(scope["headers"])
        self.route = UNMATCHED
        self.parameters: tuple[str, ...] = ()
        self.body = b""
        self.refusal: ApiError | None = None
        self.arranges = False
        self.store: Store
        self._query: dict[str, str] | None = None

    @property
    def decoded_path(self) -> str:
        """The path as text, percent signs decoded."""
        return unquote(self.path.decode("latin-1"))

    @property
    def query(self) -> Mapping[str, str]:
        """The decoded query; of a repeated name, the first value."""
        if self._query is None:
            text = self.scope["query_string"].decode(errors="replace")
            self._query = dict(reversed(parse_qsl(text, keep_blank_values=True))) if text else {}
        return self._query

    @property
    def page(self) -> Page:
        """The requested page of a list.

        Raises:
            ApiError: 400, the page is not valid.
        """
        query = self.query
        return read_page(query.get("page[offset]"), query.get("page[limit]"))

    @property
    def family(self) -> Family:
        """The family in the path."""
        family = self.route.family
        if family is None:
            raise LookupError("there is no family in this path")
        return family

    @property
    def promotion(self) -> Promotion:
        """The promotion in the path.

        Raises:
            ApiError: 404, there is none.
        """
        return self.store.promotion(self.family, self.parameters[0])

    @property
    def url(self) -> str:
        """The URL of the request without its query, as the client sees it."""
        return self.base_url + self.path.decode("latin-1")

    @property
    def address(self) -> tuple[object, ...]:
        """Everything that `url` and `query` depend on."""
        scope = self.scope
        return (
            scope["scheme"],
            self.headers.get(b"host"),
            scope.get("server"),
            self.path,
            scope["query_string"],
        )

    @property
    def base_url(self) -> str:
        """The beginning of links: the public URL, otherwise the scheme and host that the client used."""
        if public_url := self.stores.settings.public_url:
            return public_url
        host = _host(self.headers.get(b"host", b""))
        if host is None:
            server = self.scope.get("server") or ("localhost", None)
            host = server[0] if server[1] is None else f"{server[0]}:{server[1]}"
        return f"{self.scope['scheme']}://{host}"

    def validated_body(self) -> dict[str, Any]:
        """The decoded body, or its `data` if it has one, after validation against the OpenAPI document.

        Raises:
            ApiError: 400, with all problems.
        """
        return validate_body(self._operation, self.body)

    def validate(self, data: dict[str, Any]) -> None:
        """Validate a record, as it would be after this request, like a body.

        Raises:
            ApiError: 400, with all problems.
        """
        validate_data(self._operation, data)

    @property
    def _operation(self) -> Operation:
        operation = self.route.operation
        if operation is None:
            raise LookupError("this path is not in an OpenAPI document")
        return operation


@lru_cache(maxsize=32)
def _host(sent: bytes) -> str | None:
    """The host in a `Host` header; None if it is not valid."""
    host = sent.decode("latin-1")
    return host if re.fullmatch(_HOST, host) else None


BODILESS: Final = frozenset({"GET", "HEAD"})
"""Methods whose bodies are ignored."""


async def read_body(headers: Mapping[bytes, bytes], receive: Receive, limit: int) -> bytes:
    """The whole body.

    Raises:
        ApiError: 413, it has more than `limit` bytes; 415, it is compressed.
        ClientDisconnect: the client has gone.
    """
    body = await _read(headers, receive, limit)
    coding = headers.get(b"content-encoding")
    if coding is not None and body and coding.strip().lower() not in (b"", b"identity"):
        raise problems.compressed_body(coding.decode("latin-1"))
    return body


async def _read(headers: Mapping[bytes, bytes], receive: Receive, limit: int) -> bytes:
    announced = headers.get(b"content-length", b"0")
    if announced.isdigit() and int(announced[:20]) > limit:
        raise problems.body_too_large(limit)
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body", False):
        first: bytes = message.get("body", b"")
        if len(first) > limit:
            raise problems.body_too_large(limit)
        return first
    pieces = bytearray()
    while True:
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        pieces += message.get("body", b"")
        if len(pieces) > limit:
            raise problems.body_too_large(limit)
        if not message.get("more_body", False):
            return bytes(pieces)
        message = await receive()
