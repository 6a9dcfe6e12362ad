"""The environment, as far as it is not what a setting says: what others have put there, and what is misspelt.

Beside a Service named `ep-mock` Kubernetes gives every container variables such as
`EP_MOCK_PORT=tcp://10.96.0.5:8080`; the links of Docker do the like.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import click

from ep_mock.domain.display import printable
from ep_mock.settings import ENVIRONMENT_PREFIX as PREFIX
from ep_mock.settings import settings_fields

NAME: Final = "ep-mock"
_ADDRESS: Final = re.compile(r"(?:tcp|udp|sctp)://\S+")
_OF_A_SERVICE: Final = re.compile(
    r"(?:\w+_)?(?:SERVICE_HOST|SERVICE_PORT(?:_\w+)?|PORT_[0-9]+_(?:TCP|UDP|SCTP)(?:_(?:ADDR|PORT|PROTO))?)"
)
_OF_A_LINK: Final = re.compile(r"NAME|ENV_\w+")


def is_address(value: str | None) -> bool:
    """Whether this is the address of a service, `tcp://10.96.0.5:8080`, in a variable that happens to be
    called like one of ours.
    """
    return value is not None and _ADDRESS.fullmatch(value) is not None


def warnings(environment: Mapping[str, str], context: click.Context) -> list[str]:
    """What to say of variables that begin like ours and have no effect, a line each. Those that others have
    put there are passed over.
    """
    given = {
        name.removeprefix(PREFIX): value
        for name, value in environment.items()
        if name.startswith(PREFIX) and value
    }
    said: list[str] = []
    if is_address(given.get("PORT")) and any(
        parameter.name == "port" for parameter in context.command.params
    ):
        said.append(
            f"{PREFIX}PORT={printable(given['PORT'])} is ignored: Kubernetes and Docker set it beside a "
            f"service named ep-mock; "
            "to choose the port, say --port"
        )
    known = {field.name.upper() for field in settings_fields()} | {"CONFIG"}
    known.update(name.removeprefix(PREFIX) for name in _variables(context.command, context))
    others = sorted(
        name for name, value in given.items() if name not in known and not _is_injected(name, value)
    )
    if others:
        root = context.find_root()
        known.update(name.removeprefix(PREFIX) for name in _variables(root.command, root))
        said += [_unknown(name, known) for name in others if name not in known]
    return said


def say_warnings(context: click.Context, *, as_json: bool = False) -> None:
    """Say on standard error what there is to say of this process's environment."""
    for line in warnings(os.environ, context):
        if as_json:
            from ep_mock.serving.logs import json_line

            line = json_line(line, {"level": "warning"})
        else:
            line = f"{NAME}: {line}"
        click.echo(line, err=True)


def _is_injected(name: str, value: str) -> bool:
    if name.endswith("PORT") and is_address(value):
        return True
    return (_OF_A_SERVICE.fullmatch(name) or _OF_A_LINK.fullmatch(name)) is not None


def _unknown(name: str, known: Iterable[str]) -> str:
    import difflib  # when needed: few make a mistake

    near = difflib.get_close_matches(name, sorted(known), 1)
    return (
        f"{PREFIX}{printable(name)} is ignored: ep-mock reads no such "
        f"variable{f'; did you mean {PREFIX}{near[0]}?' if near else ''}"
    )


def _variables(command: click.Command, context: click.Context) -> Iterator[str]:
    """The variables that a command and its subcommands read."""
    for parameter in command.params:
        if parameter.envvar is not None:
            yield from [parameter.envvar] if isinstance(parameter.envvar, str) else parameter.envvar
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            if subcommand := command.get_command(context, name):
                yield from _variables(subcommand, context)
