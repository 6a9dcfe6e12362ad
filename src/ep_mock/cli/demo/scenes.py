"""The scenes: what happens in each, and what should be seen. Later scenes use the codes of earlier ones."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import urlsplit

from ep_mock.cli.demo.client import Client
from ep_mock.domain.families import RULE, STANDARD


class Scene(NamedTuple):
    """A scene. `play` returns in short what was seen, `expected` is what should be seen."""

    title: str
    about: str
    expected: str
    play: Callable[[Client], str]


SCENES: list[Scene] = []


def _scene(title: str, about: str, *, expected: str) -> Callable[[Callable[[Client], str]], None]:
    return lambda play: SCENES.append(Scene(title, about, expected, play))


@_scene(
    "Codes appear one by one",
    "The job waits for the worker, then its codes appear over time.",
    expected="pending > processing > completed: 500 codes",
)
def _codes_appear(client: Client) -> str:
    client.log_in()
    job = client.start(client.summer_sale, 500, code_prefix="summer", max_uses_per_code=1)
    client.watch(job)
    codes = client.call("GET", f"{job.promotion.path}/codes?page[limit]=3")["data"]
    client.screen.tell(f"first codes: {', '.join(code['code'] for code in codes)}")
    return f"{' > '.join(job.statuses)}: {job.document['result']['generated']} codes"


@_scene(
    "A second job is refused",
    "A promotion has one unfinished job at most.",
    expected="400 Too many jobs; asked again later: completed",
)
def _second_job_is_refused(client: Client) -> str:
    newsletter = client.promotion(STANDARD, "Newsletter")
    first = client.start(newsletter, 200)
    refused = client.try_to_start(newsletter, 100)
    client.screen.tell(refused.problem["detail"])
    client.watch(first)
    second = client.start(newsletter, 100)
    client.watch(second)
    return f"{refused.status} {refused.problem['title']}; asked again later: {second.status}"


@_scene(
    "Two promotions, one line",
    "One worker takes the jobs of all promotions, in order of arrival.",
    expected="2nd pending until 1st completed, then completed",
)
def _two_promotions_queue(client: Client) -> str:
    first = client.start(client.promotion(STANDARD, "Gift cards"), 200)
    second = client.start(client.promotion(RULE, "Loyalty"), 300)
    client.watch(first, second, until=lambda: first.ended)
    waiting = second.status
    client.watch(first, second)
    return f"2nd {waiting} until 1st {first.status}, then {second.status}"


@_scene(
    "A big job is cancelled",
    "It stops at once; the codes that it made are deleted, which takes time.",
    expected="cancelling > cancelled, deleted 400/400, 0 left",
)
def _big_job_is_cancelled(client: Client) -> str:
    job = client.start(client.promotion(STANDARD, "Oh, 90% off"), 1000)
    client.watch(job, until=lambda: job.codes >= 400)
    job.update(client.ask("POST", f"{job.path}/cancel").body["data"], job.codes, client.seconds)
    client.watch(job)
    result = job.document["result"]
    client.screen.tell(f"result: {json.dumps(result)}")
    deleted = f"deleted {result['deleted']}/{result['generated']}"
    return f"{' > '.join(job.statuses[-2:])}, {deleted}, {job.codes} left"


@_scene(
    "A job passes the limit",
    "The promotion has 500 of 1000 codes. A job for 501 is accepted, but fails.",
    expected="failed (codes limit exceeded), still 500 codes",
)
def _job_passes_the_limit(client: Client) -> str:
    job = client.start(client.summer_sale, 501)
    client.watch(job)
    return f"{job.status} ({job.document.get('error')}), still {job.codes} codes"


@_scene(
    "An export is downloaded",
    "When the job is completed, the file is at a signed URL.",
    expected="422 while processing, then 500 codes as CSV",
)
def _export_is_downloaded(client: Client) -> str:
    job = client.start(client.summer_sale)
    client.watch(job, until=lambda: job.status == "processing")
    early = client.ask("GET", f"{job.path}/file")
    client.screen.tell(early.problem["detail"])
    client.watch(job)
    signed_url = urlsplit(client.ask("GET", f"{job.path}/file", outcome="a signed URL").body["href"])
    file = client.call("GET", f"{signed_url.path}?{signed_url.query}")
    header, *rows = file.splitlines()
    for line in (header, *rows[:2]):
        client.screen.tell(line)
    return f"{early.status} while processing, then {len(rows)} codes as CSV"
