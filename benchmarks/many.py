"""The cost of numbers: the same verbs beside a hundred promotions and beside many, with queues to match.

In process and below HTTP, so that small differences show.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

from ep_mock.domain.families import RULE, STANDARD, Family
from ep_mock.domain.paging import Page
from ep_mock.domain.plans import Plan
from ep_mock.operations import codes, jobs, promotions
from ep_mock.settings import Settings
from ep_mock.simulation.promotion import Promotion
from ep_mock.simulation.store import Store
from verdicts import Finding, Goal

FEW = 100

_STUCK = Plan(stuck="pending")

_AIM, _DEFECT = 1.3, 2.0
_CALLS = 40
_COMMON = {
    "name": "benchmark",
    "enabled": True,
    "automatic": False,
    "start": "2020-01-01",
    "end": "2100-01-01",
}
_RULES = {"rules": {"strategy": "cart_total", "operator": "gte", "args": [1]}, "actions": []}
_BODIES: dict[Family, dict[str, Any]] = {
    STANDARD: {
        "type": "promotion",
        "description": "",
        "promotion_type": "fixed_discount",
        "schema": {},
        **_COMMON,
    },
    RULE: {"type": "rule_promotion", "rule_set": _RULES, **_COMMON},
}


def measure(number: int, rounds: int, say: Callable[[str], None]) -> list[Finding]:
    """Compare stores with `FEW` and with `number` promotions, each of which has a code and a pending job."""
    say(f"stores with {FEW} and {number} promotions")
    few, many = _Filled(FEW), _Filled(number)
    findings = []
    for name, verb in _VERBS.items():
        verb(few)
        verb(many)
        pairs = [(_seconds(verb, many), _seconds(verb, few)) for _ in range(rounds)]
        ours, theirs = (statistics.median(side) / _CALLS * 1e6 for side in zip(*pairs, strict=True))
        detail = f"{ours:.0f} against {theirs:.0f} microseconds, {number} against {FEW} promotions"
        findings.append(
            Finding(
                Goal(f"{name}, number of promotions", _AIM, _DEFECT),
                [large / small for large, small in pairs],
                detail,
            )
        )
    return findings


class _Filled:
    """A store with promotions of both families; each Standard one has a job that is stuck in the queue."""

    def __init__(self, number: int) -> None:
        limits = {"promotions_limit": 10**8, "codes_limit": 10**8}
        settings = Settings(clock="manual", clock_start="2025-01-01", timings="instant").with_changes(limits)
        self.store = Store("benchmark", settings, "benchmark")
        self.made = 0
        self.promotions = {family: [self.promotion(family) for _ in range(number)] for family in _BODIES}
        self.free = self.promotion(STANDARD)
        for each in self.promotions[STANDARD]:
            jobs.create_job(self.store, each, _job(1), _STUCK)

    def promotion(self, family: Family) -> Promotion:
        """A new promotion with a code."""
        priority = {"priority": self.next()} if family.ranks_promotions else {}
        promotion = promotions.create_promotion(self.store, family, {**_BODIES[family], **priority})
        self.code(promotion)
        return promotion

    def code(self, promotion: Promotion) -> None:
        """One more code for a promotion."""
        codes.create_codes(self.store, promotion, {"codes": [{"code": f"code {self.next()}"}]})

    def next(self) -> int:
        """A new number."""
        self.made += 1
        return self.made


def _cancel_and_create(filled: _Filled) -> None:
    """One from the middle of the queue, which then waits at its end."""
    promotion = filled.promotions[STANDARD][filled.next() % FEW]
    jobs.cancel_job(filled.store, promotion, promotion.jobs[-1].id)
    jobs.create_job(filled.store, promotion, _job(1), _STUCK)


def _generate(filled: _Filled) -> None:
    """A job passes all those that are stuck in front of it."""
    jobs.create_job(filled.store, filled.free, _job(1000))
    filled.store.settle()


def _find(filled: _Filled) -> None:
    promotions.list_promotions(filled.store, RULE, Page(0, 25), "eq(code,code 7)")


_VERBS: dict[str, Callable[[_Filled], object]] = {
    "create a Rule promotion": lambda filled: filled.promotion(RULE),
    "add a Standard code": lambda filled: filled.code(filled.promotions[STANDARD][0]),
    "generate 1000 codes": _generate,
    "cancel and create a job": _cancel_and_create,
    "promotions by a code": _find,
}


def _job(number_of_codes: int) -> dict[str, Any]:
    return {
        "type": "promotion_job",
        "job_type": "code_generate",
        "parameters": {"number_of_codes": number_of_codes},
    }


def _seconds(verb: Callable[[_Filled], object], filled: _Filled) -> float:
    """Processor time of some calls."""
    began = time.process_time()
    for _ in range(_CALLS):
        verb(filled)
    return time.process_time() - began
