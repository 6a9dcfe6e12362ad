"""Measures ep-mock against Starlette and uvicorn in one run, and judges each ratio.

Absolute numbers drift by half from run to run; ratios of consecutive rounds do not. So each round measures
both sides, in alternating order, and the median of the rounds counts. It installs and writes nothing.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any

import large
import many
from load import Load, ask, put_load, request
from processes import MOCK, REFERENCE, Server, free_port, running
from verdicts import Finding, Goal, table

POLL = Goal("poll of 25 jobs, requests", 0.85, 0.70)
POLL_CPU = Goal("poll of 25 jobs, processor time", 1.2, 1.4)
CREATE = Goal("create of a job, requests", 0.80, 0.60)
START = Goal("start to first answer", 1.1, 1.3)
START_MEMORY = Goal("memory at start", 1.1, 1.3)
GROWTH = Goal("growth under polling, MB", 1.0, 2.0)

JOBS_ON_PAGE = 25
PROMOTIONS = 500
"""A promotion takes one job at a time, so creates go to this number of promotions in turn."""

_PROMOTIONS = "/v2/promotions"
_CONTROL = "/__ep_mock"
_OTHER_STORE = "X-EP-Mock-Store: other\r\n"
# A promotion takes one job at a time: each create goes to another promotion, and no job ends meanwhile.
_PACE = ("--timings", "fast,pickup=9000s", "--promotions-limit", "100000", "--seed", "benchmark")
_PROMOTION = {
    "type": "promotion",
    "name": "benchmark",
    "description": "a promotion to poll",
    "enabled": True,
    "automatic": False,
    "promotion_type": "fixed_discount",
    "schema": {"currencies": [{"currency": "USD", "amount": 10}]},
    "start": "2020-01-01",
    "end": "2100-01-01",
}
_JOB = {
    "type": "promotion_job",
    "job_type": "code_generate",
    "name": "benchmark",
    "parameters": {"number_of_codes": 1, "max_uses_per_code": 1, "consume_unit": "per_cart"},
}


def main() -> int:
    """Measure, and print the table. The exit code is 1 only with --strict and a defect."""
    options = _options()
    began = time.perf_counter()
    findings = [*_throughput(options.rounds, options.polls, options.creates), *_start(options.starts)]
    findings += large.measure(options.codes, options.rounds, _say)
    findings += many.measure(options.promotions, options.rounds, _say)
    _say("")
    print(table(findings))
    defects = sum(finding.verdict == "DEFECT" for finding in findings)
    print(f"\n{len(findings)} ratios, {defects} defects, {time.perf_counter() - began:.0f} s")
    return 1 if options.strict and defects else 0


def _throughput(rounds: int, polls: int, creates: int) -> list[Finding]:
    with ExitStack() as servers:
        mock = servers.enter_context(
            running((*MOCK, *_PACE, "--port", str(port := free_port())), port, _first_call())
        )
        poll = [request("GET", _path_with_jobs(mock))]
        prepare = request("POST", _PROMOTIONS, _encoded(_PROMOTION), headers=_OTHER_STORE)
        _prepare(mock, prepare, PROMOTIONS)
        create = [
            request("POST", path, _encoded(_JOB), headers=_OTHER_STORE) for path in _paths(mock, PROMOTIONS)
        ]
        page_bytes, created_bytes = (len(ask(mock.port, message)[1]) for message in (poll[0], create[0]))
        command = (*REFERENCE, "one-route", str(port := free_port()), str(page_bytes), str(created_bytes))
        one_route = servers.enter_context(running(command, port, poll[0]))

        growth = _growth_under_polling(mock, poll, polls)
        polling, creating = _Comparison(mock, one_route), _Comparison(mock, one_route)

        def put_polls(server: Server) -> Load:
            return put_load(server, poll, polls)

        def put_creates(server: Server) -> Load:
            load = Load(0, 0.0, 0.0)
            while load.requests < creates:
                if server is mock:
                    _prepare(mock, prepare, len(create))
                load += put_load(server, create, len(create))
            return load

        for number in range(rounds):
            _say(f"round {number + 1} of {rounds}: polls and creates")
            polling.add_round(put_polls)
            creating.add_round(put_creates)
    return [
        Finding(POLL, polling.ratios, f"{polling.rates()}, {page_bytes} bytes"),
        Finding(POLL_CPU, polling.cpu_ratios, polling.cpu()),
        Finding(CREATE, creating.ratios, f"{creating.rates()}, {created_bytes} bytes; {creating.cpu()}"),
        Finding(GROWTH, growth, f"MB after {polls} more polls"),
    ]


def _path_with_jobs(mock: Server) -> str:
    """The path of the jobs of a new promotion that has `JOBS_ON_PAGE` completed ones."""
    path = f"{_PROMOTIONS}/{_posted(mock, _PROMOTIONS, {'data': _PROMOTION})['data']['id']}/jobs"
    for _ in range(JOBS_ON_PAGE):
        _posted(mock, path, {"data": _JOB})
        _posted(mock, f"{_CONTROL}/clock/advance", {"idle": True})
    return path


def _prepare(mock: Server, prepare: bytes, promotions: int) -> None:
    """Reset the other store to a number of promotions. With a seed they have the same ids each time."""
    ask(mock.port, request("POST", f"{_CONTROL}/reset", headers=_OTHER_STORE))
    put_load(mock, [prepare], promotions)


def _paths(mock: Server, promotions: int) -> list[str]:
    """The paths of the jobs of all promotions of the other store."""
    paths: list[str] = []
    for offset in range(0, promotions, 100):
        _, body = ask(
            mock.port,
            request("GET", f"{_PROMOTIONS}?page[offset]={offset}&page[limit]=100", headers=_OTHER_STORE),
        )
        paths += [f"{_PROMOTIONS}/{promotion['id']}/jobs" for promotion in json.loads(body)["data"]]
    return paths


class _Comparison:
    """Rounds of the same load on ep-mock and on the reference."""

    def __init__(self, mock: Server, reference: Server) -> None:
        self._servers = (mock, reference)
        self._rates: tuple[list[float], list[float]] = ([], [])
        self._total = [Load(0, 0.0, 0.0)] * 2
        self.ratios: list[float] = []

    def add_round(self, put: Callable[[Server], Load]) -> None:
        for side in (0, 1) if len(self.ratios) % 2 else (1, 0):
            server = self._servers[side]
            load = put(server)
            self._total[side] += load
            self._rates[side].append(load.requests / load.seconds)
        self.ratios.append(self._rates[0][-1] / self._rates[1][-1])

    def rates(self) -> str:
        """The medians of both sides, in words."""
        mock, reference = map(statistics.median, self._rates)
        return f"{mock:,.0f} against {reference:,.0f} a second"

    def _cpu(self) -> tuple[float, float]:
        """Microseconds of one request, on both sides."""
        mock, reference = (total.cpu_seconds / total.requests * 1e6 for total in self._total)
        return mock, reference

    @property
    def cpu_ratios(self) -> list[float]:
        """One ratio over all rounds."""
        mock, reference = self._cpu()
        return [mock / reference] if mock and reference else []

    def cpu(self) -> str:
        """Processor time of one request, in words."""
        mock, reference = self._cpu()
        return f"{mock:.0f} against {reference:.0f} microseconds"


def _growth_under_polling(mock: Server, poll: Sequence[bytes], polls: int) -> list[float]:
    put_load(mock, poll, polls)
    before = mock.memory_bytes()
    put_load(mock, poll, polls)
    after = mock.memory_bytes()
    return [] if before is None or after is None else [(after - before) / 1e6]


def _start(starts: int) -> list[Finding]:
    seconds: tuple[list[float], list[float]] = ([], [])
    cpu: tuple[list[float], list[float]] = ([], [])
    memory: tuple[list[int], list[int]] = ([], [])
    # The first start of each does not count: it compiles modules and fills the system's caches.
    for number in range(starts + 1):
        _say(f"start {number} of {starts}")
        for side in (0, 1) if number % 2 else (1, 0):
            port = str(free_port())
            command = (*REFERENCE, "hello", port) if side else (*MOCK, "--port", port)
            with running(command, int(port), request("GET", "/") if side else _first_call()) as server:
                if number:
                    seconds[side].append(server.start_seconds)
                    cpu[side].append(server.cpu_seconds())
                    memory[side].append(server.memory_bytes() or 0)
    mock, hello = (statistics.median(side) * 1e3 for side in seconds)
    sizes = [statistics.median(side) / 1e6 for side in memory]
    return [
        Finding(
            START,
            [ours / theirs for ours, theirs in zip(*seconds, strict=True)],
            f"{mock:.0f} against {hello:.0f} ms, hello-world; {_milliseconds(cpu)}",
        ),
        Finding(
            START_MEMORY,
            [sizes[0] / sizes[1]] if sizes[1] else [],
            f"{sizes[0]:.0f} against {sizes[1]:.0f} MB, hello-world",
        ),
    ]


def _milliseconds(seconds: tuple[list[float], list[float]]) -> str:
    mock, reference = (statistics.median(side) * 1e3 for side in seconds)
    return f"{mock:.0f} against {reference:.0f} of processor time"


def _first_call() -> bytes:
    return request("GET", _PROMOTIONS)


def _posted(mock: Server, path: str, document: dict[str, object]) -> Any:
    head, body = ask(mock.port, request("POST", path, json.dumps(document).encode()))
    if head[9:12] not in (b"200", b"201"):
        raise RuntimeError(f"POST {path} answered {head!r} {body!r}")
    return json.loads(body)


def _encoded(data: Mapping[str, object]) -> bytes:
    return json.dumps({"data": data}).encode()


def _say(text: str) -> None:
    """Progress, on standard error; on a terminal each line replaces the last one."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
    elif text:
        print(text, file=sys.stderr, flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=11, help="rounds of load (default %(default)s)")
    parser.add_argument(
        "--polls", type=int, default=6000, help="polls in a round, on each side (default %(default)s)"
    )
    parser.add_argument(
        "--creates", type=int, default=4000, help="creates in a round, on each side (default %(default)s)"
    )
    parser.add_argument("--starts", type=int, default=15, help="starts of each server (default %(default)s)")
    parser.add_argument(
        "--codes", type=int, default=1_000_000, help="codes of the large promotion (default %(default)s)"
    )
    parser.add_argument(
        "--promotions", type=int, default=10_000, help="promotions in the large store (default %(default)s)"
    )
    parser.add_argument("--strict", action="store_true", help="end with exit code 1 when a ratio is a defect")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
