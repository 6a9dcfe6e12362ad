"""Responses of faults, and connections that faults break.

To break a connection, the server's transport is needed. ep-mock's own server passes it in the scope, under
`TRANSPORT`. Without it (an application called in process, another server) the application raises instead:
`ConnectionResetError` for a reset, otherwise `ConnectionAbortedError`. A truncated response is begun first.
"""

from __future__ import annotations

import socket
import struct
import sys
from typing import Final

import msgspec
from starlette.types import Send

from ep_mock.traffic.faults import AppliedFaults, Connection, Fault, StubAnswer, documented_error
from ep_mock.web.request import Request
from ep_mock.web.response import Response, error_response, json_response

TRANSPORT: Final = "ep_mock.transport"
"""The key of the connection's `asyncio.Transport` in the `extensions` of a scope."""

_NO_LINGER: Final = struct.pack("HH" if sys.platform == "win32" else "ii", 1, 0)


def faulty_response(fault: Fault, applied: AppliedFaults, own: Response | None, request: Request) -> Response:
    """The response of a fault. `own` is the request's own response; None when its handler did not run."""
    whole = _configured_response(fault, applied) or own or json_response(200, {"data": []})
    whole.headers.append((b"x-ep-mock-fault", applied.ids[-1].encode()))
    if fault.connection is None:
        return whole
    begun = whole if fault.connection == "truncated" else None
    return BrokenResponse(fault.connection, begun, applied, request)


class BrokenResponse(Response):
    """No response, or half of one, and the end of the connection."""

    __slots__ = ("_applied", "_connection", "_request")

    def __init__(
        self, connection: Connection, whole: Response | None, applied: AppliedFaults, request: Request
    ) -> None:
        """`whole` is the response to break off; None to send nothing of it."""
        super().__init__(whole.status if whole else 0, whole.body if whole else b"")
        if whole:
            self.headers = whole.headers
        self._connection = connection
        self._applied = applied
        self._request = request

    async def send(self, send: Send) -> None:
        """Send half of the response, if any, and break the connection."""
        if self.status:
            await self._send_half(send)
        transport = self._request.scope.get("extensions", {}).get(TRANSPORT)
        if transport is None:
            broken = ConnectionResetError if self._connection == "reset" else ConnectionAbortedError
            raise broken(f"{self._connection} connection, by {self._applied.ids[-1]}")
        if self._connection == "garbage":
            transport.write(self._applied.garbage)
        if self._connection == "reset":
            # Without this option the system would close the connection in good order.
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
            transport.abort()
        else:
            transport.close()
        # The server reports an application that ends without a response as crashed, unless the connection is
        # closed by then.
        while (await self._request.receive())["type"] != "http.disconnect":
            pass

    async def _send_half(self, send: Send) -> None:
        """Announce the whole body and send its first half; of a body in pieces, half of the first piece.

        A response without a body is not sent at all.
        """
        if isinstance(self.body, bytes):
            piece = self.body
            self.headers.append((b"content-length", b"%d" % len(piece)))
        else:
            piece = next(self.body, b"")
        if piece:
            await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
            await send({"type": "http.response.body", "body": piece[: len(piece) // 2], "more_body": True})


def _configured_response(fault: Fault, applied: AppliedFaults) -> Response | None:
    if fault.error is not None:
        error = documented_error(fault.error, retry_after=fault.retry_after, request_id=applied.request_id)
        return error_response(error)
    return None if fault.answer is None else _stub(fault.answer)


def _stub(stub: StubAnswer) -> Response:
    headers = {name.lower(): value for name, value in stub.headers.items()}
    body = (stub.text or "").encode()
    if stub.body is not msgspec.UNSET:
        body = msgspec.json.encode(stub.body)
        headers.setdefault("content-type", "application/json")
    encoded = tuple((name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items())
    return Response(stub.status, body, encoded)
