"""Warnings about environment variables that begin with `EP_MOCK_` and have no effect.

Kubernetes gives every container variables such as `EP_MOCK_PORT=tcp://10.96.0.5:8080` for a Service named
`ep-mock`. The links of Docker do the same.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import Final

import click

from ep_mock.cli.suggestions import near_match
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
    """Whether this is the address of a service, such as `tcp://10.96.0.5:8080`."""
    return value is not None and _ADDRESS.fullmatch(value) is not None


def warnings(environment: Mapping[str, str], context: click.Context) -> list[str]:
    """A line for each variable with our prefix that has no effect. Variables of Kubernetes and Docker are
    ignored, except a port.
    """
    present = {
        name.removeprefix(PREFIX): value
        for name, value in environment.items()
        if name.startswith(PREFIX) and value
    }
    lines: list[str] = []
    has_port = any(parameter.name == "port" for parameter in context.command.params)
    if has_port and is_address(present.get("PORT")):
        lines.append(
            f"{PREFIX}PORT={printable(present['PORT'])} is ignored: Kubernetes and Docker set it beside a "
            "service named ep-mock; to choose the port, say --port"
        )
    known = {*(field.name.upper() for field in settings_fields()), "CONFIG"}
    known |= _variables(context.command, context)
    unknown = sorted(
        name for name, value in present.items() if name not in known and not _is_injected(name, value)
    )
    if unknown:  # only now look at all commands: that imports their modules
        root = context.find_root()
        known |= _variables(root.command, root)
    for name in unknown:
        if name not in known:
            near = near_match(name, known)
            hint = f"; did you mean {PREFIX}{near}?" if near else ""
            lines.append(f"{PREFIX}{printable(name)} is ignored: ep-mock reads no such variable{hint}")
    return lines


def say_warnings(context: click.Context, *, as_json: bool = False) -> None:
    """Write the warnings about this process's environment to standard error."""
    for line in warnings(os.environ, context):
        if as_json:
            from ep_mock.serving.logs import json_line

            click.echo(json_line(line, {"level": "warning"}), err=True)
        else:
            click.echo(f"{NAME}: {line}", err=True)


def _is_injected(name: str, value: str) -> bool:
    if name.endswith("PORT") and is_address(value):
        return True
    return (_OF_A_SERVICE.fullmatch(name) or _OF_A_LINK.fullmatch(name)) is not None


def _variables(command: click.Command, context: click.Context) -> set[str]:
    """The variables that a command and its subcommands read, without the prefix."""
    return {name.removeprefix(PREFIX) for name in _full_names(command, context)}


def _full_names(command: click.Command, context: click.Context) -> Iterator[str]:
    for parameter in command.params:
        if parameter.envvar is not None:
            yield from [parameter.envvar] if isinstance(parameter.envvar, str) else parameter.envvar
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            if subcommand := command.get_command(context, name):
                yield from _full_names(subcommand, context)
