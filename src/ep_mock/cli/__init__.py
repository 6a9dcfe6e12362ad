"""The command `ep-mock`. The module of a subcommand is imported only when it is called."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, Never

import click

from ep_mock import __version__
from ep_mock.cli.output import output_errors
from ep_mock.domain.display import printable
from ep_mock.errors import EpMockError

NAME = "ep-mock"
USAGE = 2
INTERRUPTED = 130

_COMMANDS = (
    *("serve", "demo", "healthcheck", "openapi"),
    *("clock", "advance", "worker", "jobs", "wait", "plan", "fault", "requests"),
    *("promotions", "codes", "usages", "fixtures", "settings", "snapshot", "reset", "stores", "docs"),
)
_BESIDE = ("serve", "demo", "healthcheck", "openapi", "docs")
"""Commands whose modules are in this package; the others are in `ep_mock.cli.verbs`."""


class CommandLine(click.Group):
    """Every error is one line on standard error that begins with `ep-mock: `. The exit code is 2 for bad
    usage, otherwise 1.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        package = "ep_mock.cli" if cmd_name in _BESIDE else "ep_mock.cli.verbs"
        command: click.Command = import_module(f"{package}.{cmd_name}").command
        return command

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        if not standalone_mode:
            return super().main(args, prog_name or NAME, complete_var, standalone_mode=False, **extra)
        try:
            with output_errors():
                code = super().main(args, NAME, complete_var, standalone_mode=False, **extra)
        except click.exceptions.Exit as end:
            code = end.exit_code
        except click.Abort:
            _end_with("interrupted", INTERRUPTED)
        except click.ClickException as error:
            _end_with(error.format_message(), error.exit_code)
        except EpMockError as error:
            _end_with(str(error), USAGE)
        sys.exit(code)


def _end_with(message: str, code: int) -> Never:
    with contextlib.suppress(OSError):  # standard error is closed
        click.echo(f"{NAME}: {printable(' '.join(message.split()))}", err=True)
    sys.exit(code)


@click.group(
    NAME,
    cls=CommandLine,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Start with `ep-mock demo`, then `ep-mock serve`. Each command has its own --help.",
)
@click.version_option(__version__, message=f"{NAME} %(version)s")
@click.pass_context
def main(context: click.Context) -> None:
    """A local test double of the Elastic Path promotions API, with promotion jobs that take time."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())
