"""Responses, and how they are sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec
from starlette.types import Send

from ep_mock import __version__
from ep_mock.domain.paging import Page, links, meta
from ep_mock.errors import ApiError
from ep_mock.operations.listing import Listing

JSON: Final = ((b"content-type", b"application/json"),)
"""The headers of a response with JSON."""
_VERSION: Final = (b"x-ep-mock", __version__.encode())

Header = tuple[bytes, bytes]


class Response:
    """One response. `body` is the whole body, or an iterator of its pieces for a large one."""

    __slots__ = ("body", "headers", "status")

    def __init__(
        self, status: int, body: bytes | Iterator[bytes] = b"", headers: tuple[Header, ...] = ()
    ) -> None:
        self.status = status
        self.body = body
        self.headers = [*headers, _VERSION]

    def without_body(self) -> None:
        """Make this the response to a HEAD request: it keeps the headers of the GET."""
        if isinstance(self.body, bytes) and self.status != 204:
            self.headers.append((b"content-length", b"%d" % len(self.body)))
        self.body = iter(())

    async def send(self, send: Send) -> None:
        """Send the response."""
        body = self.body
        if isinstance(body, bytes):
            if self.status != 204:
                self.headers.append((b"content-length", b"%d" % len(body)))
            await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
            await send({"type": "http.response.body", "body": body})
            return
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        for piece in body:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


def json_response(status: int, document: Mapping[str, Any] | msgspec.Struct) -> Response:
    """A response with this document as JSON."""
    return Response(status, msgspec.json.encode(document), JSON)


def data_response(status: int, encoded: bytes) -> Response:
    """A response with one encoded record inside `data`."""
    return Response(status, b'{"data":' + encoded + b"}", JSON)


def records_response(
    status: int, items: Sequence[bytes], beside: Mapping[str, Any] | None = None
) -> Response:
    """A response with encoded records inside `data`, and other properties beside it."""
    tail = b"," + msgspec.json.encode(beside)[1:] if beside else b"}"
    # A page has kilobytes: each `+` would copy it once more.
    return Response(status, b"".join((b'{"data":[', b",".join(items), b"]", tail)), JSON)


def list_response(listing: Listing, page: Page, url: str, extra: tuple[tuple[str, str], ...]) -> Response:
    """A response with a page of records inside `data`, with the published `links` and `meta`."""
    return records_response(
        200,
        listing.items,
        {"links": links(url, page, listing.total, extra), "meta": meta(page, listing.total)},
    )


def error_response(error: ApiError) -> Response:
    """The response to a refused request: its errors as JSON."""
    response = json_response(error.status, {"errors": error.errors})
    response.headers += [
        (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in error.headers.items()
    ]
    return response
