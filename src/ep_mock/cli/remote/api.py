"""Calls of the API itself, for commands that arrange promotions, codes and jobs."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Concatenate, Final, ParamSpec
from urllib.parse import urlencode

import click

from ep_mock.cli.remote.connection import RefusedError
from ep_mock.cli.remote.options import Remote, remote_options, segment
from ep_mock.domain.families import FAMILIES, Family

Given = ParamSpec("Given")

_PAGE: Final = 100
_FURTHEST: Final = 10_000
_UNAUTHORIZED, _NOT_FOUND = 401, 404
FAMILY = click.option(
    "--family", type=click.Choice([family.name for family in FAMILIES]), help="Only this family."
)


class Api:
    """The API of a store. It logs in where the server wants an issued token."""

    def __init__(self, remote: Remote, client_id: str, client_secret: str) -> None:
        self._remote = remote
        self._client_id = client_id
        self._client_secret = client_secret
        self._bearer = "ep-mock-cli"  # any text is a token for lenient auth

    def call(self, method: str, path: str, data: object = None) -> Any:
        """What is in `data` of an answer, where there is one; `data` is what to send there.

        Raises:
            ClickException: the call is refused, or the server does not answer.
        """
        answer = self._call(method, path, None if data is None else {"data": data})
        return answer.get("data", answer) if isinstance(answer, dict) else answer

    def listed(self, path: str, limit: int) -> tuple[list[dict[str, Any]], int]:
        """The first records of a list, as far as the API's pages reach, and the number of all."""
        found: list[dict[str, Any]] = []
        total = 0
        for offset in range(0, _FURTHEST + 1, _PAGE):
            size = min(_PAGE, limit - len(found))
            answer = self._call("GET", f"{path}?page[offset]={offset}&page[limit]={size}", None)
            found += answer["data"]
            total = answer["meta"]["results"]["total"]
            if len(found) >= min(total, limit):
                break
        return found, total

    def promotion(self, promotion_id: str) -> tuple[Family, str, dict[str, Any]]:
        """A promotion of either family (no id is in both): its family, its path and what it is."""
        for family in FAMILIES:
            path = f"/v2/{family.collection}/{segment(promotion_id)}"
            try:
                return family, path, self.call("GET", path)
            except RefusedError as error:
                if error.status != _NOT_FOUND:
                    raise
        raise click.ClickException(
            f"there is no promotion {promotion_id!r} of either family; ep-mock promotions list shows all"
        )

    def _call(self, method: str, path: str, body: object) -> Any:
        self._remote.check_store()
        try:
            return self._remote.connection.api(method, path, body, bearer=self._bearer)
        except RefusedError as error:
            if error.status != _UNAUTHORIZED:
                raise
        self._bearer = self._log_in()
        return self._remote.connection.api(method, path, body, bearer=self._bearer)

    def _log_in(self) -> str:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._client_id,
            "client_secret": self._client_secret,
        }
        try:
            token: str = self._remote.connection.api("POST", "/oauth/access_token", urlencode(form))[
                "access_token"
            ]
        except RefusedError as error:
            raise click.ClickException(
                f"cannot log in: {error.message}; say who you are with --client-id and --client-secret"
            ) from None
        return token


def api_options(run: Callable[Concatenate[Remote, Api, Given], int | None]) -> Callable[Given, int | None]:
    """Give a command the options of `remote_options`, and `--client-id` and `--client-secret`; it gets a
    `Remote` and an `Api`.
    """

    @functools.wraps(run)
    def called(remote: Remote, /, *args: Any, **kwargs: Any) -> int | None:
        api = Api(remote, str(kwargs.pop("client_id")), str(kwargs.pop("client_secret")))
        return run(remote, api, *args, **kwargs)

    command: Any = remote_options(called)
    for flag, variable, default, about in reversed(_CLIENT):
        command = click.option(
            flag, metavar="TEXT", envvar=variable, default=default, show_envvar=True, help=about
        )(command)
    return command  # type: ignore[no-any-return]


_CLIENT: Final = (
    ("--client-id", "EP_MOCK_CLIENT_ID", "ep-mock-cli", "With strict auth: who logs in."),
    (
        "--client-secret",
        "EP_MOCK_CLIENT_SECRET",
        "ep-mock-cli",
        "With strict auth: the secret that belongs to it.",
    ),
)
