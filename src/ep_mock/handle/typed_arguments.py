"""The keyword arguments of the handle's methods, for editors and type checkers. What each one means stands at
the method's own page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict

from ep_mock.clock import ClockMode
from ep_mock.domain.families import FamilyName
from ep_mock.traffic.faults import Connection, ErrorName, Phase
from ep_mock.traffic.journal import Outcome


class StoreSettings(TypedDict, total=False):
    """The settings that a store has at any time: see `ep_mock.Settings`."""

    timings: str
    codes_limit: int
    long_codes_limit: int
    promotions_limit: int
    automatic_limit: int
    reenable_codes_limit: int
    rate_limit: int
    stuck_polls: int
    poll_moves: Literal["jobs", "any"]
    export_url_seconds: int
    foreign_filters: Literal["refuse", "ignore"]
    cancelling_blocks: bool
    code_case: Literal["lower", "upper"]
    rule_result_key: Literal["result", "generate_result"]
    rule_code_type: bool
    unique_codes: bool
    author: str


class ResetSettings(StoreSettings, total=False):
    """The settings that a store can begin with."""

    seed: str
    clock: ClockMode
    clock_scale: float
    clock_start: str


class ClockChange(TypedDict, total=False):
    """Another way for time to pass."""

    mode: ClockMode
    scale: float
    now: str


class Matcher(TypedDict, total=False):
    """What a request must be like; what is not said matches all."""

    method: str
    path: str
    operation: str
    family: FamilyName
    headers: Mapping[str, str | None]
    query: Mapping[str, str | None]
    body: Any
    body_contains: str


class RequestQuery(Matcher, total=False):
    """What a request must be like, and what must have become of it."""

    status: int
    outcome: Outcome
    fault: str
    after: int


class StubAnswer(TypedDict, total=False):
    """An answer of one's own; it needs a status."""

    status: int
    headers: Mapping[str, str]
    body: Any
    text: str


class DelayRange(TypedDict):
    """A delay by chance, in real seconds."""

    least: float
    most: float


class FaultOptions(TypedDict, total=False):
    """Which requests a fault is for, how many of them, and what happens to them."""

    match: Matcher
    times: int
    skip: int
    probability: float
    when: Phase
    delay: float | DelayRange
    error: ErrorName
    retry_after: int
    answer: StubAnswer
    connection: Connection


class PlanOptions(TypedDict, total=False):
    """Which jobs a plan is for, how many of them, and what becomes of them."""

    family: FamilyName
    promotion_id: str
    job_type: Literal["code_generate", "code_export"]
    name: str
    times: int
    timings: str
    fail: str
    stuck: Literal["pending", "processing", "cancelling"]
    after_codes: int
    lose_race: bool
    job_id: str
    codes: Sequence[str]


class PlannedJobs(TypedDict, total=False):
    """Which jobs a plan is for, and how many of them."""

    family: FamilyName
    promotion_id: str
    job_type: Literal["code_generate", "code_export"]
    name: str
    times: int


class Checkout(TypedDict, total=False):
    """Who uses a code, and how often."""

    times_used: int
    order_id: str
    customer_id: str
    customer_email: str
    account_id: str
    new_shopper: bool
