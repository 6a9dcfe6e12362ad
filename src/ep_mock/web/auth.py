"""Authentication of requests to the API: bearer tokens, and the endpoint that issues them."""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hmac import compare_digest
from typing import NamedTuple
from urllib.parse import parse_qsl

import msgspec

from ep_mock.domain import problems
from ep_mock.entropy import Entropy
from ep_mock.settings import Settings
from ep_mock.timings import SECOND
from ep_mock.web.request import Request
from ep_mock.web.response import Response, json_response

GRANTS = ("client_credentials", "implicit")


class Token(NamedTuple):
    """The content of a token. `expires` is in seconds since the epoch."""

    grant: str
    client: str
    store: str
    expires: int


class TokenMint:
    """Issues and reads tokens."""

    def __init__(self, entropy: Entropy) -> None:
        self._entropy = entropy

    def issue(self, token: Token) -> str:
        """The text of a token; equal tokens have equal texts."""
        body = urlsafe_b64encode(msgspec.json.encode(token)).rstrip(b"=").decode()
        return f"{body}.{self._entropy.signature('token', body)}"

    def read(self, text: str) -> Token | None:
        """The token with this text, expired or not; None if this mint did not issue it."""
        body, _, signature = text.partition(".")
        if not compare_digest(signature.encode(), self._entropy.signature("token", body).encode()):
            return None
        try:
            return msgspec.json.decode(urlsafe_b64decode(body + "=" * (-len(body) % 4)), type=Token)
        except (binascii.Error, msgspec.DecodeError):
            return None


class Authenticator:
    """Checks bearer tokens as strictly as the setting `auth` demands, and issues new ones."""

    def __init__(self, settings: Settings, mint: TokenMint) -> None:
        self._mode = settings.auth
        self._client_id = settings.client_id
        self._client_secret = settings.client_secret
        self._seconds = settings.token_seconds
        self._mint = mint

    def check(self, request: Request) -> None:
        """Let a request to the API pass, or refuse it.

        Raises:
            ApiError: 401 without a valid token, 403 (strict only) when its grant gives no access.
        """
        token = self.read_token(request, request.store.state.name)
        if token is None:
            return
        if token.expires * SECOND <= request.store.now:
            raise problems.unauthorized()
        if token.grant == "implicit":
            raise problems.forbidden()

    def read_token(self, request: Request, store: str) -> Token | None:
        """The token for the store of this name, which need not exist; None unless auth is strict.

        Raises:
            ApiError: 401 without a token, or (strict only) with one that is not for this store.
        """
        if self._mode == "off":
            return None
        text = _bearer_token(request)
        if not text:
            raise problems.unauthorized()
        if self._mode == "lenient":
            return None
        token = self._mint.read(text)
        if token is None or token.store != store:
            raise problems.unauthorized()
        return token

    def create_access_token(self, request: Request) -> Response:
        """POST /oauth/access_token, form-encoded. The response has no `data`."""
        form = _form(request)
        grant, client = form.get("grant_type", ""), form.get("client_id", "")
        if grant not in GRANTS:
            detail = f"grant_type must be one of {', '.join(GRANTS)}, form-encoded"
            raise problems.bad_request(detail, "grant_type")
        if not client:
            raise problems.bad_request("client_id is required", "client_id")
        if grant == "client_credentials" and not form.get("client_secret"):
            raise problems.bad_request("client_secret is required", "client_secret")
        if self._mode == "strict" and not self._knows(grant, client, form.get("client_secret", "")):
            raise problems.unauthorized()
        expires = request.store.now // SECOND + self._seconds
        text = self._mint.issue(Token(grant, client, request.store.state.name, expires))
        return json_response(
            200,
            {
                "access_token": text,
                "token_type": "Bearer",
                "expires_in": self._seconds,
                "expires": expires,
                "identifier": grant,
            },
        )

    def client_of(self, request: Request) -> str | None:
        """The client id that logs in, or that got the request's token (which may have expired); None if there
        is neither.
        """
        if request.route.name == "create_access_token":
            return _form(request).get("client_id") or None
        token = self._mint.read(_bearer_token(request))
        return None if token is None else token.client or None

    def _knows(self, grant: str, client: str, secret: str) -> bool:
        if self._client_id and client != self._client_id:
            return False
        if grant == "implicit" or not self._client_secret:
            return True
        return compare_digest(secret.encode(), self._client_secret.encode())


def _bearer_token(request: Request) -> str:
    """The token in the header; empty without one."""
    scheme, _, text = request.headers.get(b"authorization", b"").decode("latin-1").partition(" ")
    return text.strip() if scheme.lower() == "bearer" else ""


def _form(request: Request) -> dict[str, str]:
    return dict(reversed(parse_qsl(request.body.decode(errors="replace"), keep_blank_values=True)))
