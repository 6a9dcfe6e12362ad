"""Calls of the API itself, for commands that set up promotions, codes and jobs."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Concatenate, Final
from urllib.parse import urlencode

import click

from ep_mock.cli.remote.client import RefusedError, Remote, segment
from ep_mock.cli.remote.options import Arguments, Command, remote_options, text_option
from ep_mock.domain.families import FAMILIES

_PAGE: Final = 100
_FURTHEST: Final = 10_000
_UNAUTHORIZED, _NOT_FOUND = 401, 404


class Api:
    """The API of a store. Logs in if the server requires an issued token."""

    def __init__(self, remote: Remote, client_id: str, client_secret: str) -> None:
        self._remote = remote
        self._client_id = client_id
        self._client_secret = client_secret
        self._token = "ep-mock-cli"  # noqa: S105 - lenient auth takes any text

    def call(self, method: str, path: str, data: object = None) -> Any:
        """Send `data` and return the `data` of the answer.

        Raises:
            ClickException: the call is refused, or the server does not answer.
        """
        answer = self._call(method, path, None if data is None else {"data": data})
        return answer.get("data", answer) if isinstance(answer, dict) else answer

    def listed(self, path: str, limit: int) -> tuple[list[dict[str, Any]], int]:
        """The first records of a list, as far as the API's pages reach, and their total number."""
        found: list[dict[str, Any]] = []
        total = 0
        for offset in range(0, _FURTHEST + 1, _PAGE):
            size = min(_PAGE, limit - len(found))
            answer = self._call("GET", f"{path}?page[offset]={offset}&page[limit]={size}")
            found += answer["data"]
            total = answer["meta"]["results"]["total"]
            if len(found) >= min(total, limit):
                break
        return found, total

    def promotion(self, promotion_id: str) -> tuple[str, dict[str, Any]]:
        """The path of a promotion of either family (no id is in both), and the promotion itself."""
        for family in FAMILIES:
            path = f"/v2/{family.collection}/{segment(promotion_id)}"
            try:
                return path, self.call("GET", path)
            except RefusedError as error:
                if error.status != _NOT_FOUND:
                    raise
        raise click.ClickException(
            f"there is no promotion {promotion_id!r} of either family; ep-mock promotions list shows all"
        )

    def path_of(self, promotion_id: str) -> str:
        """The path of a promotion of either family."""
        return self.promotion(promotion_id)[0]

    def _call(self, method: str, path: str, body: object = None) -> Any:
        try:
            return self._remote.api(method, path, body, token=self._token)
        except RefusedError as error:
            if error.status != _UNAUTHORIZED:
                raise
        self._token = self._log_in()
        return self._remote.api(method, path, body, token=self._token)

    def _log_in(self) -> str:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._client_id,
            "client_secret": self._client_secret,
        }
        try:
            answer = self._remote.api("POST", "/oauth/access_token", urlencode(form))
        except RefusedError as error:
            raise click.ClickException(
                f"cannot log in: {error.message}; say who you are with --client-id and --client-secret"
            ) from None
        return str(answer["access_token"])


def api_options(run: Callable[Concatenate[Remote, Api, Arguments], int | None]) -> Command[Arguments]:
    """Give a command the options of `remote_options`, `--client-id` and `--client-secret`; it gets a `Remote`
    and an `Api`.
    """

    @functools.wraps(run)
    def called(remote: Remote, /, *args: Any, **kwargs: Any) -> int | None:
        api = Api(remote, str(kwargs.pop("client_id")), str(kwargs.pop("client_secret")))
        return run(remote, api, *args, **kwargs)

    command: Any = remote_options(called)
    for name, help_text in (
        ("client_secret", "Client secret to log in with (strict auth)."),
        ("client_id", "Client id to log in with (strict auth)."),
    ):
        command = text_option(f"--{name.replace('_', '-')}", name, "TEXT", "ep-mock-cli", help_text)(command)
    return command  # type: ignore[no-any-return]
