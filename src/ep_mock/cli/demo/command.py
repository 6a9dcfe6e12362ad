"""The command, the server that it starts, and the summary at the end."""

from __future__ import annotations

import contextlib
from typing import Any

import click

from ep_mock import __version__
from ep_mock.cli.demo.client import Client, UnexpectedAnswerError
from ep_mock.cli.demo.scenes import SCENES, Scene
from ep_mock.cli.demo.screen import Screen, screen_for_stdout

SETTINGS: dict[str, Any] = {
    "seed": "demo",
    "auth": "strict",
    "clock": "manual",
    "clock_start": "2025-06-02T09:00:00Z",
    "timings": "instant,pickup=0.3s,generate=0.2s,generate_per_code=2ms,export=0.5s,"
    "delete=0.2s,delete_per_code=2ms,fail=0.6s",
}
"""The settings of the demo's server: the same output every time, at a pace that people can watch."""

NEXT_STEPS = r"""
ep-mock serve  # or with some content: --fixtures campaign

# in another terminal; any bearer token will do, unless --auth strict
U=http://127.0.0.1:8080 H='Authorization: Bearer any'
curl $U/oauth/access_token -d grant_type=client_credentials \
  -d client_id=me -d client_secret=mine
P=$(curl -s $U/v2/promotions -H "$H" -d '{"data": {"type": "promotion",
  "name": "Ten off", "description": "10 dollars off", "enabled": true,
  "automatic": false, "start": "2025-01-01", "end": "2035-01-01",
  "promotion_type": "fixed_discount",
  "schema": {"currencies": [{"currency": "USD", "amount": 1000}]}}}' |
  sed 's/.*"id":"\([^"]*\)".*/\1/')
curl $U/v2/promotions/$P/jobs -H "$H" -d '{"data": {"type": "promotion_job",
  "job_type": "code_generate", "parameters": {"number_of_codes": 500}}}'
curl $U/v2/promotions/$P/jobs -H "$H"
curl $U/__ep_mock/clock/advance -d '{"idle": true}'  # instead of waiting
curl -g "$U/v2/promotions/$P/codes?page[limit]=3" -H "$H"

# in a Python test
from ep_mock import MockServer
with MockServer(clock="manual") as mock: ...  # the API is at mock.url
""".strip("\n")


@click.command("demo", short_help="Show promotion jobs from start to end.")
@click.option(
    "--speed",
    type=click.FloatRange(min=0),
    metavar="NUMBER",
    help="Speed: 2 is twice as fast, 0 never waits. Default: 1 on a terminal, otherwise 0.",
)
def command(speed: float | None) -> int:
    """Show promotion jobs from start to end.

    Starts a server on a free port and plays six scenes against it over HTTP. Every run prints the same
    lines. The exit code is 1 if a scene goes wrong.
    """
    from ep_mock.mock_server import MockServer

    with MockServer(**SETTINGS) as mock:
        return 0 if play_all(mock.url, screen_for_stdout(speed)) else 1


def play_all(url: str, screen: Screen) -> bool:
    """Play the scenes against a server that was started with `SETTINGS`; True if all went as they should."""
    screen.heading(f"ep-mock {__version__}, scenes with promotion jobs, over HTTP at {url}")
    screen.line("The store's clock is stopped; the demo moves it, frame by frame.")
    client = Client(url, screen)
    with contextlib.closing(client):
        seen = [_play(number, scene, client) for number, scene in enumerate(SCENES, 1)]
    successes = [text == scene.expected for scene, text in zip(SCENES, seen, strict=True)]
    screen.line()
    screen.heading(f"Summary: {sum(successes)} of {len(SCENES)} scenes went as expected")
    screen.line(screen.paint(f"  {'scene':24}  {'seen':47}  ok", dim=True))
    for number, (scene, text, ok) in enumerate(zip(SCENES, seen, successes, strict=True), 1):
        screen.line(f"{number} {scene.title:24}  {screen.cut(text, 47):47}  {screen.mark(ok, 2)}")
    screen.line(f"{client.requests} requests; {client.seconds:.2f} s passed on the store's clock.")
    screen.line()
    screen.heading("Try it yourself")
    for line in NEXT_STEPS.splitlines():
        screen.line(f"  {line}".rstrip())
    return all(successes)


def _play(number: int, scene: Scene, client: Client) -> str:
    """Play a scene and return what was seen, or what went wrong."""
    screen = client.screen
    screen.line()
    screen.heading(f"{number} {scene.title}")
    screen.tell(scene.about)
    try:
        seen = scene.play(client)
    except UnexpectedAnswerError as error:
        seen = str(error)
    ok = seen == scene.expected
    screen.line(f"  {screen.mark(ok)} {seen if ok else f'{seen} (expected: {scene.expected})'}")
    return seen
