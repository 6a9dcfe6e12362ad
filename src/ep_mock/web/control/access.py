"""Access to the control plane. By default it needs no token, so web pages must not reach it.

A web page can make a browser send requests anywhere. Three headers reveal such a request: `Origin` and
`Sec-Fetch-Site`, which the browser adds, and `Host`, which has the name in the browser's address bar even if
that name was made to point at this machine (DNS rebinding).

A request to the API counts as a control call too if it brings a plan or is marked as test set-up.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from enum import Enum, auto
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final
from urllib.parse import urlsplit

from starlette.types import Scope

from ep_mock.domain import problems
from ep_mock.errors import ApiError
from ep_mock.setting_values import origin_of
from ep_mock.settings import Settings
from ep_mock.web.request import TOKEN_HEADER

CONTROL: Final = b"/__ep_mock"
HEALTH: Final = CONTROL + b"/health"
"""The only path that needs no token."""


class TokenPlace(Enum):
    """Where a call may have the token of the control plane."""

    NOWHERE = auto()
    """The call needs no token."""
    HEADER = auto()
    """In X-EP-Mock-Token only, as a bearer token is for the API."""
    ANY = auto()
    """In X-EP-Mock-Token, or as a bearer token."""


def is_control(raw_path: bytes) -> bool:
    """Whether a path belongs to the control plane."""
    return raw_path.startswith(CONTROL) and raw_path[len(CONTROL) :][:1] in (b"", b"/")


class ControlAccess:
    """Allows or refuses control calls, before their routes are looked up."""

    def __init__(self, settings: Settings) -> None:
        self._open = settings.control
        self._token = settings.control_token.encode()
        names = [settings.host, urlsplit(settings.public_url).hostname or "", *settings.allowed_hosts]
        self._names = {name.lower().removeprefix("*").removesuffix(".") for name in names if name}
        self._any_name = "*" in settings.allowed_hosts
        self._hosts_are_named = bool(settings.allowed_hosts)
        self._origins = frozenset(settings.allowed_origins)
        self._public_origin = origin_of(settings.public_url)

    def check(self, scope: Scope, headers: Mapping[bytes, bytes], token: TokenPlace) -> None:
        """Check that a control call is allowed.

        Raises:
            ApiError: 404, the control plane is off; 403, the call comes from a web page of another origin or
                site, or names an unknown host on loopback or where the settings name hosts; 401, the token is
                missing or wrong.
        """
        if not self._open:
            raise problems.not_found("the control plane is off; start ep-mock with --control")
        host = headers.get(b"host", b"").decode("latin-1")
        self._check_page(headers, host)
        loopback = _is_loopback(scope.get("server"))
        if (loopback or self._hosts_are_named) and not self._knows(host):
            where = " on loopback" if loopback else ""
            raise _forbidden(
                f"the control plane refuses calls{where} for the host {host[:100]!r}; "
                f"if the host is yours, allow it with --allowed-hosts"
            )
        if self._token and token is not TokenPlace.NOWHERE and not self._has_token(headers, token):
            detail = "the control plane needs its token in the header X-EP-Mock-Token"
            raise ApiError(401, [{"status": 401, "title": "Unauthorized", "detail": detail}])

    def may_read(self, headers: Mapping[bytes, bytes]) -> bool:
        """Whether the request comes from a web page of an origin that the settings allow."""
        origin = headers.get(b"origin")
        return (
            origin is not None
            and self._open
            and ("*" in self._origins or origin.decode("latin-1").lower() in self._origins)
        )

    def _check_page(self, headers: Mapping[bytes, bytes], host: str) -> None:
        if b"origin" in headers:
            origin = headers[b"origin"].decode("latin-1")
            if self.may_read(headers) or (self._public_origin and origin.lower() == self._public_origin):
                return
            # The mock's own pages may call. Their host is checked too: a rebound name is its own origin.
            same = origin.partition("://")[2].lower() == host.lower()
            if not (same and host and self._knows(host)):
                raise _forbidden(
                    "the control plane refuses calls from web pages of another origin, here "
                    f"{origin[:100]!r}; if the origin is yours, allow it with --allowed-origins"
                )
        # A browser sends no Origin with links, images and forms that use GET.
        if headers.get(b"sec-fetch-site") == b"cross-site":
            raise _forbidden(
                "the control plane refuses calls from web pages of another site; open its address directly"
            )

    def _knows(self, host: str) -> bool:
        """Whether a `Host` cannot come from DNS rebinding: an address, a loopback name, a name from the
        settings, or none, as every browser sends one.
        """
        name = _name_of(host)
        if not name or self._any_name or _address(name) is not None:
            return True
        parents = [name[index:] for index, letter in enumerate(name) if letter == "."]
        return (
            name == "localhost"
            or ".localhost" in parents
            or name in self._names
            or not self._names.isdisjoint(parents)
        )

    def _has_token(self, headers: Mapping[bytes, bytes], place: TokenPlace) -> bool:
        sent = headers.get(TOKEN_HEADER)
        if sent is None and place is TokenPlace.ANY:
            scheme, _, bearer = headers.get(b"authorization", b"").partition(b" ")
            sent = bearer.strip() if scheme.lower() == b"bearer" else None
        return hmac.compare_digest(sent or b"", self._token)


def _forbidden(detail: str) -> ApiError:
    return ApiError(403, [{"status": 403, "title": "Forbidden", "detail": detail}])


def _is_loopback(server: tuple[str, int | None] | None) -> bool:
    """Whether a connection uses loopback. A call in process has no connection, whatever its host."""
    address = _address(server[0]) if server else None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return address is not None and (mapped or address).is_loopback


def _name_of(host: str) -> str:
    """The host without port and brackets."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].lower().removesuffix(".")


def _address(name: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(name)
    except ValueError:
        return None
