"""Who may call the control plane. It needs no token by default, so a web page that somebody visits must not reach it.

A page can make a browser send requests anywhere. Two things tell them: `Origin`, which a browser adds, and `Host`, which is the name in the
browser's address bar even where that name was made to point at this machine (DNS rebinding).
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

from starlette.types import Scope

from ep_mock.domain import problems
from ep_mock.errors import ApiError
from ep_mock.settings import Settings

CONTROL = b"/__ep_mock"
TOKEN_HEADER = b"x-ep-mock-token"

_HEALTH = CONTROL + b"/health"


def is_control(raw_path: bytes) -> bool:
    """Whether a path is the control plane's."""
    return raw_path.startswith(CONTROL) and raw_path[len(CONTROL) :][:1] in (b"", b"/")


class ControlGuard:
    """Lets control calls pass, or refuses them."""

    def __init__(self, settings: Settings) -> None:
        self._open = settings.control
        self._token = settings.control_token.encode()
        names = [settings.host, urlsplit(settings.public_url).hostname or "", *settings.allowed_hosts]
        self._names = {name.lower().removeprefix("*").removesuffix(".") for name in names if name}
        self._any_name = "*" in settings.allowed_hosts

    def check(self, scope: Scope, headers: Mapping[bytes, bytes]) -> None:
        """
        Raises:
            ApiError: 404 the control plane is off; 403 another origin calls, or, on loopback, a host that is not known; 401 the token
                is missing or wrong (health needs none).
        """
        if not self._open:
            raise problems.not_found("the control plane is off; start ep-mock with --control")
        host = headers.get(b"host", b"").decode("latin-1")
        origin = headers.get(b"origin")
        if origin is not None:
            self._check_origin(origin.decode("latin-1"), host)
        if _is_loopback(scope.get("server")) and not self._knows(host):
            raise _refused(
                f"on loopback the control plane takes no calls for the host {host[:100]!r}; if it is yours, name it with --allowed-host"
            )
        if self._token and scope["raw_path"] != _HEALTH and not self._has_token(headers):
            raise ApiError(
                401, [{"status": 401, "title": "Unauthorized", "detail": "the control plane needs its token in the header X-EP-Mock-Token"}]
            )

    def _check_origin(self, origin: str, host: str) -> None:
        # The mock's own pages may call. Their host is checked as well: a name that was rebound is its own origin.
        same = origin.partition("://")[2].lower() == host.lower()
        if not (same and host and self._knows(host)):
            raise _refused(f"the control plane takes no calls from web pages of another origin, and this one is from {origin[:100]!r}")

    def _knows(self, host: str) -> bool:
        """Whether a `Host` leads here by itself: an address, a name of loopback, or one from the settings. Without one no browser calls."""
        name = _name_of(host)
        if not name or self._any_name or _address(name) is not None:
            return True
        parents = [name[index:] for index, letter in enumerate(name) if letter == "."]
        return name == "localhost" or ".localhost" in parents or name in self._names or not self._names.isdisjoint(parents)

    def _has_token(self, headers: Mapping[bytes, bytes]) -> bool:
        scheme, _, bearer = headers.get(b"authorization", b"").partition(b" ")
        given = headers.get(TOKEN_HEADER, bearer.strip() if scheme.lower() == b"bearer" else b"")
        return hmac.compare_digest(given, self._token)


def _refused(detail: str) -> ApiError:
    return ApiError(403, [{"status": 403, "title": "Forbidden", "detail": detail}])


def _is_loopback(server: tuple[str, int | None] | None) -> bool:
    """Whether a connection came in over loopback. In process there is none, whatever the host is called."""
    address = _address(server[0]) if server else None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return address is not None and (mapped or address).is_loopback


def _name_of(host: str) -> str:
    """The host without its port and its brackets."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].lower().removesuffix(".")


def _address(name: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(name)
    except ValueError:
        return None
