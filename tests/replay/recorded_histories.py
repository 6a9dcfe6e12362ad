"""Histories that were recorded once: requests in order, and what was answered. They must be answered the
same, byte for byte.

One seed, one clock start and one sequence of requests give one history, in each version. Where a change of an
answer is meant, record anew and read the difference:

    python -m tests.replay.recorded_histories
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ep_mock import create_app
from ep_mock.serving.in_process import call_app

FOLDER = Path(__file__).parent / "recorded"
CLOCKS = ("manual", "poll")
REQUESTS = 400

_LONGEST = 300
_STANDARD = {
    "type": "promotion",
    "name": "n",
    "description": "d",
    "enabled": True,
    "automatic": False,
    "promotion_type": "fixed_discount",
    "start": "2000-01-01",
    "end": "2100-01-01",
    "schema": {"currencies": [{"currency": "USD", "amount": 1}]},
}
_RULE = {
    "type": "rule_promotion",
    "name": "n",
    "enabled": True,
    "automatic": False,
    "start": "2000-01-01",
    "end": "2100-01-01",
    "rule_set": {
        "catalog_ids": [],
        "currencies": ["USD"],
        "rules": {"strategy": "cart_total", "operator": "gte", "args": [1]},
        "actions": [{"strategy": "cart_discount", "args": ["percent", 10]}],
    },
}
Sent = tuple[str, str, Any]
"""Method, target and body of a request."""


class Player:
    """Sends requests to a fresh application, in process; what is told of an answer is short enough to be
    kept.
    """

    def __init__(self, clock: Any) -> None:
        self._app = create_app(
            clock=clock, clock_start="2025-01-31T10:00:00Z", seed="recorded", codes_limit=400
        )
        self._loop = asyncio.new_event_loop()

    def send(self, sent: Sent) -> tuple[dict[str, Any], bytes]:
        method, target, body = sent
        content = b"" if body is None else json.dumps(body).encode()
        headers = [
            (b"host", b"mock.test"),
            (b"authorization", b"Bearer any"),
            (b"content-type", b"application/json"),
        ]
        headers.append((b"content-length", str(len(content)).encode()))
        try:
            reply = self._loop.run_until_complete(
                call_app(self._app, method, target.encode(), headers, content)
            )
        except ConnectionError as error:
            return {"broken": type(error).__name__}, b""
        text = reply.body.decode("latin-1")
        shown = text if len(text) <= _LONGEST else f"sha256 {hashlib.sha256(reply.body).hexdigest()}"
        named = {name.decode(): value.decode() for name, value in reply.headers if name != b"x-ep-mock"}
        return {"status": reply.status, "headers": named, "body": shown}, reply.body

    def close(self) -> None:
        self._loop.close()


def recorded(clock: str) -> Iterator[tuple[Sent, dict[str, Any]]]:
    """The requests of a recorded history, each with its answer."""
    for line in (FOLDER / f"{clock}.jsonl").read_text(encoding="utf-8").splitlines():
        method, target, body, answer = json.loads(line)
        yield (method, target, body), answer


def record(clock: str) -> Iterator[tuple[Sent, dict[str, Any]]]:
    """A new history: all verbs, chosen by a seeded hand that uses what was answered before."""
    player, hand = Player(clock), _Hand(random.Random(clock))
    try:
        for number in range(REQUESTS):
            sent = hand.next_request(number)
            answer, body = player.send(sent)
            hand.see(sent, body)
            yield sent, answer
    finally:
        player.close()


class _Hand:
    """Chooses requests."""

    def __init__(self, luck: random.Random) -> None:
        self._luck = luck
        self._promotions: list[str] = []
        self._jobs: list[str] = []
        self._codes: list[str] = []
        self._files: list[str] = []

    def see(self, sent: Sent, body: bytes) -> None:
        """Take over the ids, codes and files of an answer."""
        method, target, _ = sent
        try:
            answer = json.loads(body)
        except ValueError:
            return
        data = answer.get("data")
        path = target.partition("?")[0]
        if "href" in answer:
            self._files.append(answer["href"].partition("mock.test")[2])
        elif method == "POST" and isinstance(data, dict) and "id" in data:
            (self._jobs if path.endswith("/jobs") else self._promotions).append(f"{path}/{data['id']}")
        elif path.endswith("/codes") and isinstance(data, list):
            self._codes += [f"{path}/{code['code']}" for code in data[:2]]

    def next_request(self, number: int) -> Sent:
        luck = self._luck
        if not self._promotions or luck.random() < 0.08:
            return self._create(number)
        promotion, kind = luck.choice(self._promotions), luck.random()
        if kind < 0.6:
            return self._about(promotion, number)
        if kind < 0.7 and self._jobs:
            job = luck.choice(self._jobs)
            return luck.choice(
                [("POST", f"{job}/cancel", None), ("GET", f"{job}/file", None), ("GET", f"{job}/file", None)]
            )
        if kind < 0.76 and self._codes:
            code = luck.choice(self._codes)
            return luck.choice([("DELETE", code, None), ("GET", f"{code}/usages", None)])
        if kind < 0.79 and self._files:
            return "GET", luck.choice(self._files), None
        return luck.choice(_CONTROL)

    def _create(self, number: int) -> Sent:
        luck = self._luck
        rule = luck.random() < 0.5
        fields: dict[str, Any] = {
            **(_RULE if rule else _STANDARD),
            "name": f"p{number}",
            "automatic": luck.random() < 0.1,
        }
        if luck.random() < 0.2:
            fields["end"] = f"2025-01-31T10:00:{luck.randrange(10, 60)}Z"
        return "POST", "/v2/rule-promotions" if rule else "/v2/promotions", {"data": fields}

    def _about(self, promotion: str, number: int) -> Sent:
        luck = self._luck
        parameters: dict[str, Any] = {"number_of_codes": luck.choice((1, 5, 17, 60, 200, 401))}
        if luck.random() < 0.4:
            parameters["code_prefix"] = luck.choice(("summer", "a-", ""))
        if luck.random() < 0.3:
            parameters["max_uses_per_code"] = luck.randrange(3)
        job = {"type": "promotion_job", "job_type": "code_generate", "parameters": parameters}
        export = {"type": "promotion_job", "job_type": "code_export", "name": f"j{number}"}
        by_hand = [{"code": f"hand{luck.randrange(60)}"}, {"code": f"hand{number}x", "uses": 2}]
        return luck.choice(
            [
                *[("POST", f"{promotion}/jobs", {"data": job})] * 4,
                ("POST", f"{promotion}/jobs", {"data": export}),
                *[
                    (
                        "GET",
                        f"{promotion}/jobs{luck.choice(('', '?page[limit]=2', '?filter=eq(status,complete)'))}",
                        None,
                    )
                ]
                * 4,
                *[("GET", f"{promotion}/codes{luck.choice(('', '?page[limit]=3', '?sort=-code'))}", None)]
                * 3,
                ("POST", f"{promotion}/codes", {"data": {"type": "promotion_codes", "codes": by_hand}}),
                (
                    "PUT",
                    promotion,
                    {"data": {"type": "promotion", "id": promotion.rpartition("/")[2], "name": f"u{number}"}},
                ),
                ("GET", f"{promotion}/history", None),
                ("GET", promotion, None),
                ("GET", promotion.rpartition("/")[0], None),
                ("GET", f"{promotion}/usages", None),
            ]
        )


_CONTROL: list[Sent] = [
    *[("POST", "/__ep_mock/clock/advance", {"next": True})] * 4,
    ("POST", "/__ep_mock/clock/advance", {"seconds": 0.123}),
    ("POST", "/__ep_mock/clock/advance", {"idle": True}),
    ("POST", "/__ep_mock/worker/pause", None),
    *[("POST", "/__ep_mock/worker/resume", None)] * 2,
    ("POST", "/__ep_mock/worker/step", None),
    ("GET", "/__ep_mock/worker", None),
    ("POST", "/__ep_mock/plans", {"fail": "boom", "after_codes": 3}),
    ("POST", "/__ep_mock/plans", {"lose_race": True}),
    ("POST", "/__ep_mock/faults", {"error": "rate_limited", "retry_after": 2, "match": {"method": "GET"}}),
    ("POST", "/__ep_mock/faults", {"connection": "truncated", "when": "after"}),
    ("GET", "/__ep_mock/requests?last=3", None),
    ("GET", "/__ep_mock/jobs", None),
    ("GET", "/__ep_mock/stores", None),
]


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for each in CLOCKS:
        lines = [json.dumps([*sent, answer]) for sent, answer in record(each)]
        (FOLDER / f"{each}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
