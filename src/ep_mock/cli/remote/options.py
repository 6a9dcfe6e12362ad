"""The options of every command that steers a running server, and how such a command is made."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from typing import Any, Concatenate, Final, ParamSpec
from urllib.parse import quote

import click

from ep_mock.cli import output
from ep_mock.cli.environment import say_warnings
from ep_mock.cli.remote.connection import Connection
from ep_mock.cli.remote.refusals import near_match
from ep_mock.domain.display import printable
from ep_mock.settings import ENVIRONMENT_PREFIX

DEFAULT_URL: Final = "http://127.0.0.1:8080"
DEFAULT_STORE: Final = "default"

Given = ParamSpec("Given")


class Remote:
    """A store of a running server, and how to show what it answers."""

    def __init__(self, connection: Connection, store: str, *, as_json: bool) -> None:
        self.connection = connection
        self.as_json = as_json
        self._store = store
        # The server makes a store when it is first used; the default one is always there.
        self._known = store in ("", DEFAULT_STORE)

    def call(
        self, method: str, path: str, body: object = None, *, seconds: float = 0, creates: bool = False
    ) -> Any:
        """See `Connection.call`. Only with `creates` does a store come into being that is not there yet.

        Raises:
            ClickException: as there; or there is no such store.
        """
        self._known = self._known or creates
        self.check_store()
        return self.connection.call(method, path, body, seconds=seconds)

    def check_store(self) -> None:
        """
        Raises:
            ClickException: there is no such store.
        """
        if self._known:
            return
        names = [store["name"] for store in self.connection.call("GET", "stores")["stores"]]
        if self._store not in names:
            near = near_match(self._store, names)
            hint = f"did you mean {near}?" if near else f"stores: {', '.join(names) or DEFAULT_STORE}"
            raise click.ClickException(f"there is no store {self._store!r}; {hint}")
        self._known = True

    def forget_store(self) -> None:
        """Look anew whether the store exists before the next call."""
        self._known = self._store in ("", DEFAULT_STORE)

    def show(self, answer: object, render: Callable[[Any], str]) -> None:
        """Print an answer: as JSON where that is wanted, else for people."""
        click.echo(json_text(answer, indent=2) if self.as_json else render(answer))


def json_text(answer: object, *, indent: int | None = None) -> str:
    """The answer as JSON, in which characters that could steer a terminal are escaped."""
    text = json.dumps(answer, indent=indent, ensure_ascii=False)
    safe = all(printable(line) == line for line in text.split("\n"))
    return text if safe else json.dumps(answer, indent=indent)


def segment(text: str) -> str:
    """A text as one segment of a path."""
    return quote(text, safe="")


def remote_options(run: Callable[Concatenate[Remote, Given], int | None]) -> Callable[Given, int | None]:
    """Give a command `--url`, `--store`, `--token`, `--ca`, `--json` and `--color`; it gets a `Remote` as its
    first argument.
    """
    return _with_options(run, [*_PLACE, _STORE, *_LOOK])


def server_options(run: Callable[Concatenate[Remote, Given], int | None]) -> Callable[Given, int | None]:
    """The same without `--store`, for what is about no single store."""
    return _with_options(run, [*_PLACE, *_LOOK])


def _with_options(
    run: Callable[Concatenate[Remote, Given], int | None], options: list[Any]
) -> Callable[Given, int | None]:
    @functools.wraps(run)
    def called(*args: Given.args, **kwargs: Given.kwargs) -> int | None:
        context = click.get_current_context()
        say_warnings(context)
        url, token, ca, as_json = (kwargs.pop(name) for name in ("url", "token", "ca", "as_json"))
        store = str(kwargs.pop("store", ""))
        output.use_color(str(kwargs.pop("color")))
        connection = Connection(str(url), store, str(token), str(ca))
        context.call_on_close(connection.close)
        return run(Remote(connection, store, as_json=bool(as_json)), *args, **kwargs)

    command: Callable[Given, int | None] = called
    for option in reversed(options):
        command = option(command)
    return command


def _option(
    flag: str, name: str, metavar: str, default: str, help_text: str
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    return click.option(
        flag,
        metavar=metavar,
        envvar=ENVIRONMENT_PREFIX + name.upper(),
        default=default,
        show_default=bool(default),
        show_envvar=True,
        help=help_text,
    )


_STORE: Final = _option("--store", "store", "NAME", DEFAULT_STORE, "Which of its stores.")
_PLACE: Final = (
    _option("--url", "url", "URL", DEFAULT_URL, "Where the server is."),
    _option("--token", "control_token", "TEXT", "", "The server's control token, if it has one."),
    _option(
        "--ca",
        "ca",
        "FILE",
        "",
        "Certificates (a PEM file) to trust at an https address, instead of the system's.",
    ),
)
_LOOK: Final = (
    click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON."),
    click.option(
        "--color",
        type=click.Choice(output.COLORS),
        default="auto",
        show_default=True,
        help="When to print colours; auto: on a terminal.",
    ),
)
