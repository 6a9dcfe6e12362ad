"""Transports for httpx and httpx2 that send requests for the vendor's hosts to an application in process.

client = httpx.Client(transport=httpx_transport(create_app(clock="poll")))
client.get("https://useast.api.elasticpath.com/v2/promotions", headers={"Authorization": "Bearer any"})
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from ep_mock.domain.patterns import fits
from ep_mock.serving.event_loops import LoopThread
from ep_mock.serving.in_process import AppReply, Headers, call_app, checked_app

if TYPE_CHECKING:
    import httpx
    import httpx2
    from starlette.types import ASGIApp

VENDOR_HOSTS: Final = ("useast.api.elasticpath.com", "euwest.api.elasticpath.com")
"""The hosts of the real service in its published documents."""

_STORE: Final = b"x-ep-mock-store"


def httpx_transport(
    app: ASGIApp,
    *,
    hosts: Collection[str] = VENDOR_HOSTS,
    others: httpx.BaseTransport | httpx.AsyncBaseTransport | None = None,
    store: str | None = None,
) -> httpx.MockTransport:
    """A transport for `httpx.Client` and `httpx.AsyncClient`.

    Args:
        app: the application, from `ep_mock.create_app`, `MockServer.app` or the fixture `ep_mock_app`.
        hosts: the hosts that lead to the application, with any scheme and port. `*` matches any text, as in
            `*.example.com`.
        others: the transport for all other hosts. Without it, requests to them raise `ConnectError`.
        store: the store of requests without the header X-EP-Mock-Store.
    """
    import httpx

    transport: httpx.MockTransport = _transport_class(httpx)(app, hosts, others, store)
    return transport


def httpx2_transport(
    app: ASGIApp,
    *,
    hosts: Collection[str] = VENDOR_HOSTS,
    others: httpx2.BaseTransport | httpx2.AsyncBaseTransport | None = None,
    store: str | None = None,
) -> httpx2.MockTransport:
    """A transport for `httpx2.Client` and `httpx2.AsyncClient`; see `httpx_transport`."""
    import httpx2

    transport: httpx2.MockTransport = _transport_class(httpx2)(app, hosts, others, store)
    return transport


@cache
def _transport_class(library: Any) -> Any:
    """Make the class for one library. They differ only in their classes of requests, responses and errors."""

    # `MockTransport` is the class that both sync and async clients accept.
    class VendorTransport(library.MockTransport):  # type: ignore[misc]
        def __init__(self, app: ASGIApp, hosts: Collection[str], others: Any, store: str | None) -> None:
            self._app = checked_app(app)
            self._hosts = [host.lower() for host in hosts]
            self._others = others
            self._store = store
            self._loop = LoopThread()

        def handle_request(self, request: Any) -> Any:
            if not self._leads_here(request):
                return self._for_others(request).handle_request(request)
            request.read()
            try:
                reply = self._loop.run(self._call(request))
            except ConnectionError as error:
                raise _broken(library, error, request) from error
            return _response(library, reply, request)

        async def handle_async_request(self, request: Any) -> Any:
            if not self._leads_here(request):
                return await self._for_others(request).handle_async_request(request)
            await request.aread()
            try:
                reply = await self._call(request)
            except ConnectionError as error:
                raise _broken(library, error, request) from error
            return _response(library, reply, request)

        def close(self) -> None:
            self._loop.close()
            if self._others is not None:
                self._others.close()

        async def aclose(self) -> None:
            if self._others is not None:
                await self._others.aclose()

        def _leads_here(self, request: Any) -> bool:
            return any(fits(pattern, request.url.host.lower()) for pattern in self._hosts)

        def _for_others(self, request: Any) -> Any:
            if self._others is None:
                known = ", ".join(self._hosts)
                raise library.ConnectError(
                    f"{request.url.host} does not lead to ep-mock, only {known}; add it to hosts=, or pass "
                    "a transport for it as others=",
                    request=request,
                )
            return self._others

        async def _call(self, request: Any) -> AppReply:
            headers: Headers = list(request.headers.raw)
            if self._store is not None and _STORE not in (name.lower() for name, _ in headers):
                headers.append((_STORE, self._store.encode()))
            url = request.url
            return await call_app(
                self._app,
                request.method,
                url.raw_path,
                headers,
                request.content,
                scheme=url.scheme,
                server=(url.host, url.port),
            )

    return VendorTransport


def _response(library: Any, reply: AppReply, request: Any) -> Any:
    if not reply.whole:
        raise library.RemoteProtocolError(
            "peer closed connection without sending complete message body", request=request
        )
    return library.Response(reply.status, headers=reply.headers, content=reply.body, request=request)


def _broken(library: Any, error: ConnectionError, request: Any) -> Exception:
    """Make the error that a socket would cause: a read error after a reset, else a protocol error."""
    kind = library.ReadError if isinstance(error, ConnectionResetError) else library.RemoteProtocolError
    broken: Exception = kind(str(error), request=request)
    return broken
