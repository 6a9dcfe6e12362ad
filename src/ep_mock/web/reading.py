"""Reading the body of a request, up to a limit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.requests import ClientDisconnect
from starlette.types import Receive

from ep_mock.domain import problems

BODILESS: Final = frozenset({"GET", "HEAD"})
"""The methods whose requests have no body that means anything."""


async def read_body(headers: Mapping[bytes, bytes], receive: Receive, limit: int) -> bytes:
    """The whole body, as it is.

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
