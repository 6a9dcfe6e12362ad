"""The keyword arguments of the handle's methods, for editors, type checkers and the checks at run time.

docs/control.md explains each of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, TypedDict

from ep_mock.clock import ClockMode
from ep_mock.domain.families import FamilyName
from ep_mock.setting_keywords import ResetSettings, StoreSettings
from ep_mock.settings import setting_names
from ep_mock.traffic.faults import Connection, ErrorName, Phase
from ep_mock.traffic.journal import Outcome


class ClockChange(TypedDict, total=False):
    """A change of the clock."""

    mode: ClockMode
    scale: float
    now: str


class Matcher(TypedDict, total=False):
    """Properties that a request must have. Without any, all requests match."""

    method: str
    path: str
    operation: str
    family: FamilyName
    headers: Mapping[str, str | None]
    query: Mapping[str, str | None]
    body: Any
    body_contains: str


class RequestQuery(Matcher, total=False):
    """Properties that a recorded request and its outcome must have."""

    status: int
    outcome: Outcome
    fault: str
    after: int


class StubAnswer(TypedDict, total=False):
    """A response made by the test. `status` is required."""

    status: int
    headers: Mapping[str, str]
    body: Any
    text: str


class DelayRange(TypedDict):
    """Limits of a random delay, in real seconds."""

    least: float
    most: float


class FaultOptions(TypedDict, total=False):
    """The requests that a fault affects, and what happens to them."""

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


class PlannedJobs(TypedDict, total=False):
    """The jobs that a plan affects."""

    family: FamilyName
    promotion_id: str
    job_type: Literal["code_generate", "code_export"]
    name: str
    times: int


class PlanOptions(PlannedJobs, total=False):
    """The jobs that a plan affects, and what happens to them."""

    timings: str
    fail: str
    stuck: Literal["pending", "processing", "cancelling"]
    after_codes: int
    lose_race: bool
    job_id: str
    codes: Sequence[str]


class Checkout(TypedDict, total=False):
    """The shopper who uses a code, and how often."""

    times_used: int
    order_id: str
    customer_id: str
    customer_email: str
    account_id: str
    new_shopper: bool


_SETTINGS_OF_THE_SERVER: Final = dict.fromkeys(
    setting_names("server"), "it is a setting of the whole server: set it when you start the server"
)
HINTS: Final[Mapping[type, Mapping[str, str]]] = {
    ResetSettings: _SETTINGS_OF_THE_SERVER,
    StoreSettings: {
        **_SETTINGS_OF_THE_SERVER,
        **{name: f"write reset({name}=...), as a store starts with it" for name in setting_names("start")},
    },
    FaultOptions: {
        **{name: f"write match={{{name!r}: ...}}" for name in Matcher.__annotations__},
        "status": "write answer={'status': ...}, or error= with a name such as 'internal'",
        "name": "did you mean 'error'?",
    },
    PlanOptions: {
        "promotion": "write promotion_id=promotion.id",
        "job": "write job_id=..., the id that the job will get",
    },
    RequestQuery: {
        "match": "write its content as keywords, as in operation='create_job'",
        "count": "did you mean 'times'?",
        "url": "did you mean 'path'?",
        "last": "take the last of the returned list",
    },
    Checkout: {"times": "did you mean 'times_used'?"},
}
"""What to write instead of names that people mistake for keywords, for each TypedDict."""
