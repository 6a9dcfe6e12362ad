"""From the first line of the story to the last."""

from __future__ import annotations

import http.client
from collections.abc import Sequence
from typing import Any

from ep_mock import __version__
from ep_mock.cli.story.client import Client, UnexpectedAnswerError
from ep_mock.cli.story.scenes import SCENES, Scene
from ep_mock.cli.story.screen import Screen
from ep_mock.cli.story.stage import Stage

SETTINGS: dict[str, Any] = {
    "seed": "demo",
    "auth": "strict",
    "clock": "manual",
    "clock_start": "2025-06-02T09:00:00Z",
    "timings": "instant,pickup=0.3s,generate=0.2s,generate_per_code=2ms,export=0.5s,delete=0.2s,delete_per_code=2ms,fail=0.6s",
}
"""What the demo's server is started with: the same story each time, at a pace that can be watched."""

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
curl $U/__ep_mock/clock/advance -d '{"idle": true}'  # rather than wait
curl -g "$U/v2/promotions/$P/codes?page[limit]=3" -H "$H"

# in a Python test
from ep_mock import MockServer
with MockServer(clock="manual") as mock: ...  # the API is at mock.url
""".strip("\n")
_BETWEEN_SCENES = 0.4


def tell_story(url: str, screen: Screen, scenes: Sequence[Scene] = SCENES) -> bool:
    """Play the scenes against a server that was started with `SETTINGS`, and sum up; whether each one went as it should."""
    client = Client(url)
    try:
        screen.line(screen.look.paint(f"ep-mock {__version__}, the story of promotion jobs, over HTTP at {url}", "title"))
        screen.line("The store's clock stands still unless told; the demo moves it, frame by frame.")
        stage = Stage(client, screen)
        outcomes = [_play(number, scene, stage, screen) for number, scene in enumerate(scenes, 1)]
    finally:
        client.close()
    _sum_up(screen, scenes, outcomes)
    screen.line(f"{client.requests} requests; {stage.seconds:.2f} s went by on the store's clock.")
    screen.line("")
    screen.line(screen.look.paint("Try it yourself", "title"))
    for line in NEXT_STEPS.splitlines():
        screen.line(f"  {line}".rstrip())
    return all(seen == scene.expected for scene, seen in zip(scenes, outcomes, strict=True))


def _play(number: int, scene: Scene, stage: Stage, screen: Screen) -> str:
    """What was seen in a scene, or what went wrong in it."""
    screen.begin_scene(f"{number} {scene.title}")
    screen.tell(scene.about)
    try:
        if number == 1:
            stage.tell_call("POST", "/oauth/access_token", stage.client.log_in(), "a bearer token")
        seen = scene.play(stage)
    except UnexpectedAnswerError as error:
        seen = str(error)
    except (OSError, http.client.HTTPException, LookupError) as error:
        seen = f"{type(error).__name__}: {error}"
    ok = seen == scene.expected
    screen.verdict(ok, seen if ok else f"{seen} (expected: {scene.expected})")
    screen.wait(_BETWEEN_SCENES)
    return seen


def _sum_up(screen: Screen, scenes: Sequence[Scene], outcomes: Sequence[str]) -> None:
    look = screen.look
    good = sum(seen == scene.expected for scene, seen in zip(scenes, outcomes, strict=True))
    screen.begin_scene(f"Summary: {good} of {len(scenes)} scenes went as they should")
    screen.line(look.paint(f"  {'scene':24}  {'seen':47}  ok", "faint"))
    for number, (scene, seen) in enumerate(zip(scenes, outcomes, strict=True), 1):
        ok = seen == scene.expected
        sign = look.paint(look.sign("✓ ", "ok") if ok else look.sign("✗ ", "NO"), "good" if ok else "bad")
        screen.line(f"{number} {scene.title:24}  {look.cut(seen, 47):47}  {sign}")
