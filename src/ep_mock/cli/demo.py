"""`ep-mock demo`: what ep-mock does, shown against a server of its own."""

from __future__ import annotations

import functools
import os
import shutil
import sys

import click


@click.command("demo", short_help="Show what the mock does: promotion jobs from start to end.")
@click.option(
    "--speed",
    type=click.FloatRange(min=0),
    metavar="NUMBER",
    help="How many seconds of the story to show in one; 0 waits for nothing. Default: 1 on a terminal, else 0.",
)
def command(speed: float | None) -> int:
    """Show what the mock does: promotion jobs from start to end.

    Starts a server on a free port and plays six scenes against it over HTTP. Each run shows the same. The exit code is 1 if a scene did
    not go as it should.
    """
    from ep_mock.cli.story.look import WIDTH, Look
    from ep_mock.cli.story.play import SETTINGS, tell_story
    from ep_mock.cli.story.screen import LiveScreen, Screen
    from ep_mock.mock_server import MockServer

    live = sys.stdout.isatty() and os.environ.get("TERM") != "dumb" and shutil.get_terminal_size((WIDTH, 24)).columns >= WIDTH
    signs = live and _shows("█░→…✓✗", sys.stdout.encoding)
    look = Look(signs=signs, colours=live and not os.environ.get("NO_COLOR"))
    speed = (1.0 if live else 0.0) if speed is None else speed
    write = functools.partial(click.echo, nl=False, color=live)
    screen = (LiveScreen if live else Screen)(write, look, speed=speed)
    with MockServer(**SETTINGS) as mock:
        return 0 if tell_story(mock.url, screen) else 1


def _shows(text: str, encoding: str | None) -> bool:
    try:
        text.encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
