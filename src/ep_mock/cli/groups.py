"""Commands that have subcommands."""

from __future__ import annotations

from typing import Any

import click


class VerbGroup(click.Group):
    """A group that prints its help when no subcommand is given, or runs its default subcommand where it has
    one.
    """

    def __init__(self, *args: Any, default: str | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._default = default

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if self._default is not None:
            if not args or (args[0] not in self.commands and args[0] not in ctx.help_option_names):
                args = [self._default, *args]
        elif not args:
            click.echo(ctx.get_help())
            ctx.exit()
        return super().parse_args(ctx, args)
