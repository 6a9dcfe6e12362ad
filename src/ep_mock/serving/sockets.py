"""Listening sockets, bound before anything runs: an unavailable port is one clear error at the start."""

from __future__ import annotations

import contextlib
import errno
import socket
import sys
from collections.abc import Sequence
from typing import Any

import msgspec

from ep_mock.errors import UsageError

BACKLOG = 2048
"""Number of connections that the kernel queues until they are accepted."""

_WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - names of wildcards, not a choice of one
_ABSENT = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}
_FREE_PORT_TRIES = 32

_Address = tuple[socket.AddressFamily, tuple[Any, ...]]


class BoundSockets(msgspec.Struct, frozen=True, eq=False):
    """One listening socket for each address of the host name, all on the same port."""

    sockets: list[socket.socket]
    host: str
    port: int
    scheme: str = "http"

    @property
    def url(self) -> str:
        """The address as it was bound, such as `http://0.0.0.0:8080` or `https://[::1]:8080`."""
        return _url(self.scheme, self.host, self.port)

    @property
    def client_url(self) -> str:
        """The address for a client on this machine: `url`, with the loopback address for a wildcard."""
        return _url(self.scheme, _WILDCARDS.get(self.host, self.host), self.port)

    def close(self) -> None:
        for sock in self.sockets:
            sock.close()


def listen(host: str, port: int, *, scheme: str = "http") -> BoundSockets:
    """Bind and listen. From now on connections wait until the server accepts them.

    A name with several addresses (`localhost` is often both `::1` and `127.0.0.1`) listens on each one that
    this machine has. `::` also accepts IPv4 if the system can.

    Args:
        port: 0 picks a free port.
        scheme: the scheme of URLs.

    Raises:
        UsageError: the host or the port cannot be used; the message says why and what to do.
    """
    if not 0 <= port <= 65535:
        raise UsageError(
            f"port {port} is not between 0 and 65535; choose another with --port, or 0 for any free one"
        )
    addresses = _resolve(host)
    # A port that is free on the first address may be taken on the next one.
    for _ in range(_FREE_PORT_TRIES if port == 0 else 1):
        try:
            sockets = _listen_on_each(addresses, port)
        except OSError as error:
            failure = error
            if error.errno != errno.EADDRINUSE:
                break
        else:
            return BoundSockets(sockets, host, sockets[0].getsockname()[1], scheme)
    raise UsageError(_explain(failure, host, port)) from failure


def _resolve(host: str) -> list[_Address]:
    if not host:
        raise UsageError("the host is empty; choose 127.0.0.1, or 0.0.0.0 for all, with --host")
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, ValueError) as error:  # ValueError: a null byte, or a label that IDNA refuses
        reason = error.strerror if isinstance(error, OSError) else error
        raise UsageError(
            f"host {host!r} cannot be resolved ({reason}); choose another with --host"
        ) from error
    internet = (socket.AF_INET, socket.AF_INET6)
    return list(dict.fromkeys((family, address) for family, _, _, _, address in found if family in internet))


def _listen_on_each(addresses: Sequence[_Address], port: int) -> list[socket.socket]:
    """Listen on each address that this machine has.

    Raises:
        OSError: it has none of them, or one cannot be used.
    """
    with contextlib.ExitStack() as opened:
        sockets: list[socket.socket] = []
        absent: OSError | None = None
        for family, address in addresses:
            try:
                sock = opened.enter_context(_listen_on(family, address, port))
            except OSError as error:
                if error.errno not in _ABSENT:
                    raise
                absent = error
            else:
                sockets.append(sock)
                port = sock.getsockname()[1]
        if absent and not sockets:
            raise absent
        opened.pop_all()
        return sockets


def _listen_on(family: socket.AddressFamily, address: tuple[Any, ...], port: int) -> socket.socket:
    # asyncio sends small pieces at once only if the socket says that it is TCP; otherwise a response takes
    # 40 ms.
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if sys.platform == "win32":
            # On Windows SO_REUSEADDR would let two servers share a port.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            # Makes the port free again as soon as its server has stopped, even with old connections around.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            only_ipv6 = address[0] != "::" or not socket.has_dualstack_ipv6()
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, only_ipv6)
        sock.bind((address[0], port, *address[2:]))
        # With SO_REUSEADDR two sockets can bind the same port; only listening claims it.
        sock.listen(BACKLOG)
    except BaseException:
        sock.close()
        raise
    return sock


def _explain(error: OSError, host: str, port: int) -> str:
    other_port = "choose another with --port, or 0 for any free one"
    match error.errno:
        case errno.EADDRINUSE:
            return f"port {port} on {host} is already in use; {other_port}"
        case errno.EACCES if sys.platform == "win32":
            return f"port {port} on {host} is already in use or reserved by the system; {other_port}"
        case errno.EACCES:
            return f"port {port} on {host} is reserved for privileged users; {other_port}"
        case errno.EADDRNOTAVAIL | errno.EAFNOSUPPORT:
            hint = "choose 127.0.0.1, or 0.0.0.0 for all, with --host"
            return f"host {host} is not an address of this machine; {hint}"
        case _:
            return f"cannot listen on port {port} of {host}: {error.strerror or error}"


def _url(scheme: str, host: str, port: int) -> str:
    # An IPv6 address has brackets in a URL, and its zone follows an escaped percent sign (RFC 6874).
    return f"{scheme}://[{host.replace('%', '%25')}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"
