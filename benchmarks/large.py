"""The cost of size: a million codes beside a thousand, and the time to make a million codes.

In process, over ASGI and without a network, so that small differences show.
"""

from __future__ import annotations

import contextlib
import gc
import json
import random
import statistics
import time
from collections.abc import Callable, Mapping
from functools import partial

from starlette.types import Message, Scope

from ep_mock.settings import Settings
from ep_mock.web.app import create_app
from verdicts import Finding, Goal

PAGE = Goal("page of codes, size of promotion", 1.2, 2.0)
FOUND = Goal("one code by its name, size of promotion", 1.2, 2.0)
SORTED = Goal("sorted page of codes, size of promotion", 1.2, 2.0)
POLL = Goal("poll of jobs, size of promotion", 1.2, 2.0)
GENERATION = Goal("making many codes", 1.3, 2.0)

SMALL = 1000

_CALLS = 300
_GENERATIONS = 5
_ALPHABET = b"abcdefghjklmnpqrstuvwxyz23456789"
_TO_CODE = bytes(_ALPHABET[byte % 32] for byte in range(256))
_COMMON = {
    "name": "benchmark",
    "description": "a promotion with many codes",
    "enabled": True,
    "automatic": False,
    "start": "2025-01-01",
    "end": "2025-07-01",
}
_STANDARD = {
    "type": "promotion",
    "promotion_type": "fixed_discount",
    "schema": {"currencies": [{"currency": "USD", "amount": 10}]},
    **_COMMON,
}
_RULES = {"strategy": "cart_total", "operator": "gte", "args": [1]}
_RULE = {
    "rule_set": {"rules": _RULES, "actions": [{"strategy": "cart_discount", "args": ["percent", 1]}]},
    **_COMMON,
}
_PROMOTIONS = {"promotions": _STANDARD, "rule-promotions": _RULE}

# The lists to get, by family. The first sorted page of a promotion sorts its codes once, before the
# measurement.
_LISTS = (
    (PAGE, "promotions", "codes"),
    (FOUND, "promotions", "codes?filter=eq(code,{code})"),
    (SORTED, "rule-promotions", "codes?sort=code&filter=gt(code,{code})"),
    (POLL, "promotions", "jobs"),
)


def measure(codes: int, rounds: int, say: Callable[[str], None]) -> list[Finding]:
    """Compare promotions of `SMALL` and of `codes` codes, and the making of codes with the fastest way."""
    generated: list[tuple[float, float]] = []
    for number in range(_GENERATIONS):
        say(f"making {codes} codes, {number + 1} of {_GENERATIONS}")
        mock = _Mock(codes)
        mock.promotion_about_to_have(codes)
        generated.append((_seconds(mock.finish_jobs), _seconds(partial(fastest_codes, codes, number))))
        del mock
    say(f"pages of {codes} codes")
    mock = _Mock(codes)
    sizes = {
        family: (mock.promotion_with(codes, family), mock.promotion_with(SMALL, family))
        for family in _PROMOTIONS
    }
    findings = []
    for goal, family, wanted in _LISTS:
        large, small = (f"{path}/{wanted.format(code=mock.a_code(path))}" for path in sizes[family])
        mock.seconds_of_calls(large)
        pairs = [(mock.seconds_of_calls(large), mock.seconds_of_calls(small)) for _ in range(rounds)]
        ours, theirs = (statistics.median(side) / _CALLS * 1e6 for side in zip(*pairs, strict=True))
        detail = f"{ours:.0f} against {theirs:.0f} microseconds, {codes} against {SMALL} codes"
        findings.append(Finding(goal, [of_large / of_small for of_large, of_small in pairs], detail))
    ours, theirs = (statistics.median(side) * 1e3 for side in zip(*generated, strict=True))
    detail = f"{ours:.0f} against {theirs:.0f} ms, the fastest way known, {codes} codes"
    return [Finding(GENERATION, [made / reference for made, reference in generated], detail), *findings]


def fastest_codes(count: int, seed: int) -> dict[str, None]:
    """Unique codes from a seed, as fast as plain Python can: by columns of characters, cut at the end."""
    source = random.Random(seed)
    codes: dict[str, None] = {}
    while missing := count - len(codes):
        characters = source.randbytes(8 * missing).translate(_TO_CODE)
        lines = bytearray(b"----------" * missing)
        for column in range(8):
            lines[column + column // 4 :: 10] = characters[column::8]
        lines[9::10] = b"\n" * missing
        codes |= dict.fromkeys(lines.decode("ascii").split())
    return codes


class _Mock:
    """ep-mock on a manual clock, called without a network."""

    def __init__(self, codes_limit: int) -> None:
        # Only a promotion of less than a year may have many codes, so the time is that of `_COMMON`.
        pace = Settings(clock="manual", clock_start="2025-01-01", timings="instant")
        self._app = create_app(pace, auth="off", codes_limit=max(codes_limit, SMALL))

    def promotion_with(self, codes: int, family: str = "promotions") -> str:
        """The path of a new promotion with this number of codes, made by one job."""
        path = self.promotion_about_to_have(codes, family)
        self.finish_jobs()
        return path

    def promotion_about_to_have(self, codes: int, family: str = "promotions") -> str:
        """The same before its job has begun."""
        created = json.loads(self._call("POST", f"/v2/{family}", _PROMOTIONS[family]))
        path = f"/v2/{family}/{created['data']['id']}"
        job = {"type": "promotion_job", "job_type": "code_generate", "parameters": {"number_of_codes": codes}}
        self._call("POST", f"{path}/jobs", job)
        return path

    def finish_jobs(self) -> None:
        """Run all jobs to their end."""
        self._app.stores.get_or_create("default").store.advance_until_idle()

    def a_code(self, path: str) -> str:
        """One of the promotion's codes, with many others before and behind it in the alphabet."""
        codes = sorted(code["code"] for code in json.loads(self._call("GET", f"{path}/codes"))["data"])
        middle: str = codes[len(codes) // 2]
        return middle

    def seconds_of_calls(self, target: str) -> float:
        """The time of getting a list `_CALLS` times."""
        return _seconds(lambda: [self._call("GET", target) for _ in range(_CALLS)])

    def _call(self, method: str, target: str, data: Mapping[str, object] | None = None) -> bytes:
        body = b"" if data is None else json.dumps({"data": data}).encode()
        headers = [(b"host", b"127.0.0.1"), (b"content-length", b"%d" % len(body))]
        path, _, query = target.partition("?")
        scope: Scope = {
            "type": "http",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": headers,
        }
        sent: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": body}

        async def send(message: Message) -> None:
            sent.append(message)

        # Nothing waits on the way, so no event loop is needed.
        with contextlib.suppress(StopIteration):
            self._app(scope, receive, send).__await__().__next__()
        start, end = sent
        if start["status"] >= 400:
            raise RuntimeError(f"{method} {target} answered {start['status']}: {end['body']!r}")
        answer: bytes = end["body"]
        return answer


def _seconds(work: Callable[[], object]) -> float:
    """Processor time: nothing waits here, and other work of the machine should not count."""
    gc.collect()
    began = time.process_time()
    work()
    return time.process_time() - began
