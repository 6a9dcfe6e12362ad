"""The scenes: what happens in each, and what should be seen. Later scenes use the codes of earlier ones."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cached_property
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from ep_mock.cli.demo.client import Client, Reply, UnexpectedAnswerError
from ep_mock.cli.demo.screen import JobRow, Promotion, Screen
from ep_mock.domain.families import RULE, STANDARD, Family
from ep_mock.domain.ordinary_promotions import ordinary_promotion

FRAME_SECONDS = 0.05
_MOST_FRAMES = 400


class Stage:
    """What scenes are made of: calls of the API, time that passes, and a screen that shows both."""

    def __init__(self, client: Client, screen: Screen) -> None:
        self.client = client
        self.screen = screen
        self._frames = 0

    @property
    def seconds(self) -> float:
        """How far the demo has moved the store's clock."""
        return self._frames * FRAME_SECONDS

    @cached_property
    def summer_sale(self) -> Promotion:
        """The promotion that several scenes use."""
        return self.promotion(RULE, "Summer sale")

    def promotion(self, family: Family, name: str) -> Promotion:
        """Create a promotion."""
        path = f"/v2/{family.collection}"
        body = {"data": ordinary_promotion(family, name, {})}
        created = self.client.call("POST", path, body, expect=201).body["data"]
        return Promotion(family.name, name, f"{path}/{created['id']}")

    def ask(self, method: str, path: str, document: object = None, outcome: str = "") -> Reply:
        """Make a call, which may be refused, and show it with its answer."""
        reply = self.client.call(method, path, document)
        if reply.status >= 400:
            outcome = reply.problem["title"]
        self.screen.call(method, path, reply.status, outcome or reply.body["data"]["status"])
        return reply

    def start(self, promotion: Promotion, number_of_codes: int = 0, **parameters: Any) -> JobRow:
        """Start a job that makes codes; without their number, one that exports the codes."""
        codes = self._number_of_codes(promotion)
        reply = self.ask("POST", f"{promotion.path}/jobs", _job(number_of_codes, **parameters))
        if reply.status != 201:
            raise UnexpectedAnswerError(f"{promotion.name}: {reply.problem['detail']}")
        work = f"generate {number_of_codes}" if number_of_codes else "export"
        return JobRow(promotion, work, codes + number_of_codes, reply.body["data"], codes, self.seconds)

    def watch(self, *rows: JobRow, until: Callable[[], bool] | None = None) -> None:
        """Move time frame by frame and show the jobs, until `until` is true or else all have ended."""
        for _ in range(_MOST_FRAMES):
            self.screen.show(rows)
            if until() if until else all(row.ended for row in rows):
                return
            self._frames += 1
            self.client.call("POST", "/__ep_mock/clock/advance", {"seconds": FRAME_SECONDS}, expect=200)
            for row in rows:
                jobs = self.client.call("GET", f"{row.promotion.path}/jobs", expect=200).body["data"]
                [job] = [job for job in jobs if job["id"] == row.document["id"]]
                row.update(job, self._number_of_codes(row.promotion), self.seconds)
            self.screen.wait(FRAME_SECONDS)
        raise UnexpectedAnswerError(
            f"{rows[0].promotion.name}: still {rows[0].status} after {_MOST_FRAMES} frames"
        )

    def _number_of_codes(self, promotion: Promotion) -> int:
        page = self.client.call("GET", f"{promotion.path}/codes?page[limit]=1", expect=200).body
        return int(page["meta"]["results"]["total"])


def _job(number_of_codes: int, **parameters: Any) -> dict[str, Any]:
    fields: dict[str, Any] = {"job_type": "code_export"}
    if number_of_codes:
        parameters["number_of_codes"] = number_of_codes
        fields = {"job_type": "code_generate", "parameters": parameters}
    return {"data": {"type": "promotion_job", **fields}}


class Scene(NamedTuple):
    """A scene. `play` returns in short what was seen, `expected` is what should be seen."""

    title: str
    about: str
    expected: str
    play: Callable[[Stage], str]


SCENES: list[Scene] = []


def _scene(title: str, about: str, *, expected: str) -> Callable[[Callable[[Stage], str]], None]:
    return lambda play: SCENES.append(Scene(title, about, expected, play))


@_scene(
    "Codes appear one by one",
    "A job that makes codes waits for the worker, then they come with time.",
    expected="pending > processing > completed: 500 codes",
)
def _codes_appear(stage: Stage) -> str:
    stage.screen.call("POST", "/oauth/access_token", stage.client.log_in().status, "a bearer token")
    job = stage.start(stage.summer_sale, 500, code_prefix="summer", max_uses_per_code=1)
    stage.watch(job)
    codes = stage.client.call("GET", f"{job.promotion.path}/codes?page[limit]=3", expect=200).body["data"]
    stage.screen.tell(f"first codes: {', '.join(code['code'] for code in codes)}")
    return f"{' > '.join(job.statuses)}: {job.document['result']['generated']} codes"


@_scene(
    "A second job is refused",
    "A promotion has one unfinished job at most.",
    expected="400 Too many jobs; asked again later: completed",
)
def _second_job_is_refused(stage: Stage) -> str:
    newsletter = stage.promotion(STANDARD, "Newsletter")
    first = stage.start(newsletter, 200)
    refused = stage.ask("POST", f"{newsletter.path}/jobs", _job(100))
    stage.screen.tell(refused.problem["detail"])
    stage.watch(first)
    second = stage.start(newsletter, 100)
    stage.watch(second)
    return f"{refused.status} {refused.problem['title']}; asked again later: {second.status}"


@_scene(
    "Two promotions, one line",
    "One worker takes the jobs of all promotions, in order of arrival.",
    expected="2nd pending until 1st completed, then completed",
)
def _two_promotions_queue(stage: Stage) -> str:
    first = stage.start(stage.promotion(STANDARD, "Gift cards"), 200)
    second = stage.start(stage.promotion(RULE, "Loyalty"), 300)
    stage.watch(first, second, until=lambda: first.ended)
    waiting = second.status
    stage.watch(first, second)
    return f"2nd {waiting} until 1st {first.status}, then {second.status}"


@_scene(
    "A big job is cancelled",
    "It stops at once; the codes that it made are deleted, which takes time.",
    expected="cancelling > cancelled, deleted 400/400, 0 left",
)
def _big_job_is_cancelled(stage: Stage) -> str:
    job = stage.start(stage.promotion(STANDARD, "Oh, 90% off"), 1000)
    stage.watch(job, until=lambda: job.codes >= 400)
    job.update(stage.ask("POST", f"{job.path}/cancel").body["data"], job.codes, stage.seconds)
    stage.watch(job)
    result = job.document["result"]
    stage.screen.tell(f"result: {json.dumps(result)}")
    deleted = f"deleted {result['deleted']}/{result['generated']}"
    return f"{' > '.join(job.statuses[-2:])}, {deleted}, {job.codes} left"


@_scene(
    "A job passes the limit",
    "With 500 of 1000 codes, 501 more are asked for: accepted, but it fails.",
    expected="failed (codes limit exceeded), still 500 codes",
)
def _job_passes_the_limit(stage: Stage) -> str:
    job = stage.start(stage.summer_sale, 501)
    stage.watch(job)
    return f"{job.status} ({job.document.get('error')}), still {job.codes} codes"


@_scene(
    "An export is downloaded",
    "The file is at a signed URL, once the job is completed.",
    expected="422 while processing, then 500 codes as CSV",
)
def _export_is_downloaded(stage: Stage) -> str:
    job = stage.start(stage.summer_sale)
    stage.watch(job, until=lambda: job.status == "processing")
    early = stage.ask("GET", f"{job.path}/file")
    stage.screen.tell(early.problem["detail"])
    stage.watch(job)
    signed_url = urlsplit(stage.ask("GET", f"{job.path}/file", outcome="a signed URL").body["href"])
    file = stage.client.call("GET", f"{signed_url.path}?{signed_url.query}", expect=200).body
    header, *rows = file.splitlines()
    for line in (header, *rows[:2]):
        stage.screen.tell(line)
    return f"{early.status} while processing, then {len(rows)} codes as CSV"
