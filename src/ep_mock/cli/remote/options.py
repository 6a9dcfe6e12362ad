"""The options of every command that steers a running server, and how such a command is made."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Concatenate, ParamSpec

import click

from ep_mock.cli.environment import say_warnings
from ep_mock.cli.remote.connection import Connection
from ep_mock.settings import ENVIRONMENT_PREFIX

DEFAULT_URL = "http://127.0.0.1:8080"

Given = ParamSpec("Given")


@dataclass(frozen=True)
class Remote:
    """A store of a running server, and how to show what it answers."""

    connection: Connection
    as_json: bool

    def call(self, method: str, path: str, body: object = None, *, seconds: float = 0) -> Any:
        """See `Connection.call`."""
        return self.connection.call(method, path, body, seconds=seconds)

    def show(self, answer: object, render: Callable[[Any], str]) -> None:
        """Print an answer: as JSON where that is wanted, else for people."""
        click.echo(json.dumps(answer, indent=2, ensure_ascii=False) if self.as_json else render(answer))


def remote_options(run: Callable[Concatenate[Remote, Given], int | None]) -> Callable[Given, int | None]:
    """Give a command `--url`, `--store`, `--token`, `--ca` and `--json`; it gets a `Remote` as its first argument."""

    @functools.wraps(run)
    def called(*args: Given.args, **kwargs: Given.kwargs) -> int | None:
        say_warnings(click.get_current_context())
        url, store, token, ca, as_json = (kwargs.pop(name) for name in ("url", "store", "token", "ca", "as_json"))
        return run(Remote(Connection(str(url), str(store), str(token), str(ca)), bool(as_json)), *args, **kwargs)

    options = (
        _option("--url", "url", "URL", DEFAULT_URL, "Where the server is."),
        _option("--store", "store", "NAME", "default", "Which of its stores."),
        _option("--token", "control_token", "TEXT", "", "The server's control token, if it has one."),
        _option("--ca", "ca", "FILE", "", "Certificates (a PEM file) to trust at an https address, instead of the system's."),
        click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON."),
    )
    command: Callable[Given, int | None] = called
    for option in reversed(options):
        command = option(command)
    return command


def _option(flag: str, name: str, metavar: str, default: str, help_text: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    return click.option(
        flag,
        metavar=metavar,
        envvar=ENVIRONMENT_PREFIX + name.upper(),
        default=default,
        show_default=bool(default),
        show_envvar=True,
        help=help_text,
    )
