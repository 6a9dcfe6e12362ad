"""The scenes: what is done, and what should be seen. Later scenes use the codes that earlier ones have
made.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cached_property
from typing import Any, NamedTuple

from ep_mock.cli.demo.client import Client, JobRow, Promotion, Reply, UnexpectedAnswerError
from ep_mock.cli.demo.screen import Screen

FRAME_SECONDS = 0.05
_MOST_FRAMES = 400


class Stage:
    """The verbs that scenes are made of: they call the API and show what comes of it."""

    def __init__(self, client: Client, screen: Screen) -> None:
        self.client = client
        self.tell = screen.tell
        self._screen = screen
        self._frames = 0

    @property
    def seconds(self) -> float:
        """How far the demo has moved the store's clock."""
        return self._frames * FRAME_SECONDS

    @cached_property
    def summer_sale(self) -> Promotion:
        """The promotion that several scenes use."""
        return self.rule("Summer sale", 15)

    def standard(self, name: str, cents: int) -> Promotion:
        schema = {"currencies": [{"currency": "USD", "amount": cents}]}
        fields = {"description": name, "promotion_type": "fixed_discount", "schema": schema}
        return self._promotion("standard", "/v2/promotions", {"type": "promotion", "name": name, **fields})

    def rule(self, name: str, percent: int) -> Promotion:
        rules = {"strategy": "cart_total", "operator": "gte", "args": [5000]}
        actions = [{"strategy": "cart_discount", "args": ["percent", percent]}]
        fields = {"rule_set": {"catalog_ids": [], "currencies": ["USD"], "rules": rules, "actions": actions}}
        return self._promotion(
            "rule", "/v2/rule-promotions", {"type": "rule_promotion", "name": name, **fields}
        )

    def ask(self, method: str, path: str, document: object = None, outcome: str = "") -> Reply:
        """One call, which may be refused; it is shown with its answer."""
        reply = self.client.call(method, path, document)
        if reply.status >= 400:
            outcome = reply.problem["title"]
        self._screen.call(method, path, reply.status, outcome or reply.body["data"]["status"])
        return reply

    def generate(self, promotion: Promotion, number_of_codes: int, **parameters: Any) -> JobRow:
        """Start a job that makes codes."""
        parameters["number_of_codes"] = number_of_codes
        return self._start(promotion, f"generate {number_of_codes}", number_of_codes, parameters=parameters)

    def export(self, promotion: Promotion) -> JobRow:
        """Start a job that exports the codes."""
        return self._start(promotion, "export", 0)

    def watch(self, *rows: JobRow, until: Callable[[], bool] | None = None) -> None:
        """Move time frame by frame and show the jobs, until all have ended or `until` is true."""
        for _ in range(_MOST_FRAMES):
            self._screen.show(rows)
            if until() if until else all(row.ended for row in rows):
                return
            self._frames += 1
            self.client.call("POST", "/__ep_mock/clock/advance", {"seconds": FRAME_SECONDS}, expect=200)
            for row in rows:
                jobs = self.client.call("GET", f"{row.promotion.path}/jobs", expect=200).body["data"]
                [job] = [job for job in jobs if job["id"] == row.document["id"]]
                row.see(job, self._number_of_codes(row.promotion), self.seconds)
            self._screen.wait(FRAME_SECONDS)
        raise UnexpectedAnswerError(
            f"{rows[0].promotion.name}: still {rows[0].status} after {_MOST_FRAMES} frames"
        )

    def _promotion(self, family: str, path: str, fields: dict[str, Any]) -> Promotion:
        common = {"enabled": True, "automatic": False, "start": "2025-01-01", "end": "2025-12-31"}
        created = self.client.call("POST", path, {"data": {**fields, **common}}, expect=201).body["data"]
        return Promotion(family, created["name"], f"{path}/{created['id']}")

    def _start(self, promotion: Promotion, work: str, more_codes: int, **fields: Any) -> JobRow:
        codes = self._number_of_codes(promotion)
        job = {"type": "promotion_job", "job_type": f"code_{work.split()[0]}", **fields}
        reply = self.ask("POST", f"{promotion.path}/jobs", {"data": job})
        if reply.status != 201:
            raise UnexpectedAnswerError(f"{promotion.name}: {reply.problem['detail']}")
        return JobRow(promotion, work, codes + more_codes, reply.body["data"], codes, self.seconds)

    def _number_of_codes(self, promotion: Promotion) -> int:
        page = self.client.call("GET", f"{promotion.path}/codes?page[limit]=1", expect=200).body
        return int(page["meta"]["results"]["total"])


class Scene(NamedTuple):
    """One scene: `play` answers, in short, what was seen; `expected` is what that should be."""

    title: str
    about: str
    expected: str
    play: Callable[[Stage], str]


def _codes_appear(stage: Stage) -> str:
    job = stage.generate(stage.summer_sale, 500, code_prefix="summer", max_uses_per_code=1)
    stage.watch(job)
    codes = stage.client.call("GET", f"{job.promotion.path}/codes?page[limit]=3", expect=200).body["data"]
    stage.tell(f"first codes: {', '.join(code['code'] for code in codes)}")
    return f"{' > '.join(job.statuses)}: {job.document['result']['generated']} codes"


def _second_job_is_refused(stage: Stage) -> str:
    newsletter = stage.standard("Newsletter", 500)
    first = stage.generate(newsletter, 200)
    job = {"type": "promotion_job", "job_type": "code_generate", "parameters": {"number_of_codes": 100}}
    refused = stage.ask("POST", f"{newsletter.path}/jobs", {"data": job})
    stage.tell(refused.problem["detail"])
    stage.watch(first)
    second = stage.generate(newsletter, 100)
    stage.watch(second)
    return f"{refused.status} {refused.problem['title']}; asked again later: {second.status}"


def _two_promotions_queue(stage: Stage) -> str:
    first = stage.generate(stage.standard("Gift cards", 1000), 200)
    second = stage.generate(stage.rule("Loyalty", 10), 300)
    stage.watch(first, second, until=lambda: first.ended)
    waiting = second.status
    stage.watch(first, second)
    return f"2nd {waiting} until 1st {first.status}, then {second.status}"


def _big_job_is_cancelled(stage: Stage) -> str:
    job = stage.generate(stage.standard("Oh, 90% off", 9000), 1000)
    stage.watch(job, until=lambda: job.codes >= 400)
    job.see(stage.ask("POST", f"{job.path}/cancel").body["data"], job.codes, stage.seconds)
    stage.watch(job)
    result = job.document["result"]
    stage.tell(f"result: {json.dumps(result)}")
    return (
        f"{' > '.join(job.statuses[-2:])}, deleted {result['deleted']}/{result['generated']}, "
        f"{job.codes} left"
    )


def _job_passes_the_limit(stage: Stage) -> str:
    job = stage.generate(stage.summer_sale, 501)
    stage.watch(job)
    return f"{job.status} ({job.document.get('error')}), still {job.codes} codes"


def _export_is_downloaded(stage: Stage) -> str:
    job = stage.export(stage.summer_sale)
    stage.watch(job, until=lambda: job.status == "processing")
    early = stage.ask("GET", f"{job.path}/file")
    stage.tell(early.problem["detail"])
    stage.watch(job)
    signed_url = stage.ask("GET", f"{job.path}/file", outcome="a signed URL").body["href"]
    header, *rows = stage.client.download(signed_url).splitlines()
    for line in (header, *rows[:2]):
        stage.tell(line)
    return f"{early.status} while processing, then {len(rows)} codes as CSV"


SCENES = (
    Scene(
        "Codes appear one by one",
        "A job that makes codes waits for the worker, then they come with time.",
        "pending > processing > completed: 500 codes",
        _codes_appear,
    ),
    Scene(
        "A second job is refused",
        "A promotion has one unfinished job at most.",
        "400 Too many jobs; asked again later: completed",
        _second_job_is_refused,
    ),
    Scene(
        "Two promotions, one line",
        "One worker takes the jobs of all promotions, in order of arrival.",
        "2nd pending until 1st completed, then completed",
        _two_promotions_queue,
    ),
    Scene(
        "A big job is cancelled",
        "It stops at once; the codes that it made are deleted, which takes time.",
        "cancelling > cancelled, deleted 400/400, 0 left",
        _big_job_is_cancelled,
    ),
    Scene(
        "A job passes the limit",
        "With 500 of 1000 codes, 501 more are asked for: accepted, but it fails.",
        "failed (codes limit exceeded), still 500 codes",
        _job_passes_the_limit,
    ),
    Scene(
        "An export is downloaded",
        "The file is at a signed URL, once the job is completed.",
        "422 while processing, then 500 codes as CSV",
        _export_is_downloaded,
    ),
)
