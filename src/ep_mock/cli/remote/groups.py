"""Commands that have subcommands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from ep_mock.cli.remote.client import Remote, segment
from ep_mock.cli.remote.options import remote_options


class VerbGroup(click.Group):
    """A group that runs its default subcommand if it has one; otherwise it prints its help."""

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


def add_list_and_delete(
    group: click.Group, noun: str, render: Callable[[list[dict[str, Any]]], str], *, list_help: str
) -> None:
    """Add `list`, `delete` and `clear` to the commands for plans or faults."""

    @group.command("list", help=list_help)
    @remote_options
    def list_all(remote: Remote) -> None:
        remote.show(remote.call("GET", f"{noun}s"), lambda answer: render(answer[f"{noun}s"]))

    @group.command("delete", help=f"Delete {noun}s by their ids.")
    @click.argument("ids", nargs=-1, required=True, metavar="ID...")
    @remote_options
    def delete(remote: Remote, ids: tuple[str, ...]) -> None:
        for each in ids:
            remote.call("DELETE", f"{noun}s/{segment(each)}")

    @group.command("clear", help=f"Delete all {noun}s, or one.")
    @click.argument("one", required=False, metavar="[ID]")
    @remote_options
    def clear(remote: Remote, one: str | None) -> None:
        remote.call("DELETE", f"{noun}s" if one is None else f"{noun}s/{segment(one)}")
