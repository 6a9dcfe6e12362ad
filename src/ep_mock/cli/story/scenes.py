"""The scenes: what is done, and what is to be seen then. Played in this order, for later ones use the codes that earlier ones have made."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from ep_mock.cli.story.cast import GIFT, LOYAL, MISTAKE, NEWS, SUMMER
from ep_mock.cli.story.stage import Stage


@dataclass(frozen=True)
class Scene:
    """One scene: `play` returns in short what was seen, from the answers of the API; `expected` is what that should be."""

    title: str
    about: str
    play: Callable[[Stage], str]
    expected: str


def _codes_appear(stage: Stage) -> str:
    job = stage.generate(SUMMER, 500, code_prefix="summer", max_uses_per_code=1)
    stage.watch(job)
    stage.tell(f"first codes: {', '.join(code['code'] for code in stage.codes(job)['data'])}")
    return f"{job.history}: {job.document['result']['generated']} codes"


def _second_job_is_refused(stage: Stage) -> str:
    first = stage.generate(NEWS, 200)
    refused = stage.attempt(NEWS, 100)
    stage.tell(refused.problem["detail"])
    stage.watch(first)
    second = stage.generate(NEWS, 100)
    stage.watch(second)
    return f"{refused.status} {refused.problem['title']}; asked again later: {second.status}"


def _two_promotions_queue(stage: Stage) -> str:
    first, second = stage.generate(GIFT, 200), stage.generate(LOYAL, 300)
    stage.watch(first, second, until=lambda: first.ended)
    waiting = second.status
    stage.watch(first, second)
    return f"2nd {waiting} until 1st {first.status}, then {second.status}"


def _big_job_is_cancelled(stage: Stage) -> str:
    job = stage.generate(MISTAKE, 1000)
    stage.watch(job, until=lambda: job.codes >= 400)
    stage.cancel(job)
    stage.watch(job)
    result = job.document["result"]
    stage.tell(f"result: {json.dumps(result)}")
    return f"{' > '.join(job.statuses[-2:])}, deleted {result['deleted']}/{result['generated']}, {job.codes} left"


def _job_passes_the_limit(stage: Stage) -> str:
    job = stage.generate(SUMMER, 501)
    stage.watch(job)
    return f"{job.status} ({job.document.get('error')}), still {job.codes} codes"


def _export_is_downloaded(stage: Stage) -> str:
    job = stage.export(SUMMER)
    stage.watch(job, until=lambda: job.status == "processing")
    early = stage.file(job)
    stage.tell(early.problem["detail"])
    stage.watch(job)
    file = stage.client.download(stage.file(job).expect(200).document["href"]).expect(200)
    header, *rows = file.body.decode().splitlines()
    for line in (header, *rows[:2]):
        stage.tell(line)
    return f"{early.status} while processing, then {len(rows)} codes as CSV"


SCENES = (
    Scene(
        "Codes appear one by one",
        "A job that makes codes waits for the worker, then they come with time.",
        _codes_appear,
        "pending > processing > completed: 500 codes",
    ),
    Scene(
        "A second job is refused",
        "A promotion has one unfinished job at most.",
        _second_job_is_refused,
        "400 Too many jobs; asked again later: completed",
    ),
    Scene(
        "Two promotions, one line",
        "One worker takes the jobs of all promotions, in order of arrival.",
        _two_promotions_queue,
        "2nd pending until 1st completed, then completed",
    ),
    Scene(
        "A big job is cancelled",
        "It stops at once; the codes that it made are deleted, which takes time.",
        _big_job_is_cancelled,
        "cancelling > cancelled, deleted 400/400, 0 left",
    ),
    Scene(
        "A job passes the limit",
        "With 500 of 1000 codes, 501 more are asked for: accepted, but it fails.",
        _job_passes_the_limit,
        "failed (codes limit exceeded), still 500 codes",
    ),
    Scene(
        "An export is downloaded",
        "The file is at a signed URL, once the job is completed.",
        _export_is_downloaded,
        "422 while processing, then 500 codes as CSV",
    ),
)
