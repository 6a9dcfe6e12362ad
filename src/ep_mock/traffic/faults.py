"""The faults of one store, and which of them strike a request.

A request is held against the faults in the order in which they were set. Those that only delay add up; the
first that decides the answer is the last one asked, so that two faults for one request each strike one after
the other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, Literal, NamedTuple

import msgspec

from ep_mock.domain import problems
from ep_mock.entropy import Entropy
from ep_mock.errors import ApiError, UsageError
from ep_mock.traffic.matching import RecordedRequest, RequestMatcher

ErrorName = Literal[
    "unauthorized",
    "forbidden",
    "not_found",
    "conflict",
    "unprocessable",
    "rate_limited",
    "internal",
    "unavailable",
]  # fmt: skip
Connection = Literal["reset", "empty", "truncated", "garbage"]
Phase = Literal["before", "after"]

LONGEST_DELAY: Final = 600.0
Seconds = Annotated[float, msgspec.Meta(ge=0, le=LONGEST_DELAY)]

_ADMITTING: Final = ("rate_limited", "unavailable")
"""Errors that may say when to come again."""
_COMPUTED: Final = ("content-length", "transfer-encoding", "connection")
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")


class StubAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """An answer made up by a test: a status, and either a body of JSON, or a text, or nothing. `body` brings
    its Content-Type along.
    """

    status: Annotated[int, msgspec.Meta(ge=200, le=599)]
    headers: dict[str, str] = {}
    body: Any = msgspec.UNSET
    text: str | None = None


class Delay(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A random delay, in real seconds."""

    least: Seconds
    most: Seconds


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Which requests, how many of them, and what happens to them.

    Attributes:
        match: the requests it is for; all without it.
        times: how many requests it strikes; 0 means every one until it is deleted.
        skip: how many matching requests it lets pass first.
        probability: how likely it strikes each of the others. Chance comes from the seed: the same requests
            meet the same luck.
        when: `before` the request is carried out, which it then is not, or `after`: what it does is done, but
            its answer is lost. A mere delay carries the request out in both cases.
        delay: real seconds, whatever the clock of the store.
        error: the name of an error whose document is the answer; `retry_after`, in seconds, belongs to
            `rate_limited` (where it is 1 without it) and `unavailable`.
        answer: an answer of one's own.
        connection: `reset` (RST), `empty` (closed without a byte), `truncated` (closed in the middle of the
            body of `error` or `answer`, else of the answer proper, or before of a 200), `garbage` (bytes that
            are not HTTP, then closed).
    """

    match: RequestMatcher = RequestMatcher()
    times: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = 1
    skip: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = 0
    probability: Annotated[float, msgspec.Meta(gt=0, le=1)] = 1.0
    when: Phase = "before"
    delay: Seconds | Delay = 0.0
    error: ErrorName | None = None
    retry_after: Annotated[int, msgspec.Meta(ge=0, le=86_400)] | None = None
    answer: StubAnswer | None = None
    connection: Connection | None = None

    @property
    def replaces_response(self) -> bool:
        """Whether it takes the place of the ordinary answer, rather than only delaying it."""
        return self.error is not None or self.answer is not None or self.connection is not None


def check_fault(fault: Fault) -> None:
    """
    Raises:
        UsageError: the fault contradicts itself or does nothing; the message begins with the property.
    """
    if not fault.replaces_response and not fault.delay:
        raise UsageError("fault: says nothing; give one of error, answer, connection, delay")
    if fault.error is not None and fault.answer is not None:
        raise UsageError("answer: there is an error as well; give one of them")
    if fault.connection not in (None, "truncated") and (fault.error is not None or fault.answer is not None):
        raise UsageError(
            f"connection: {fault.connection} leaves no room for an answer; leave out error and answer"
        )
    if fault.retry_after is not None and fault.error not in _ADMITTING:
        raise UsageError(f"retry_after: belongs to an error that is one of {', '.join(_ADMITTING)}")
    if isinstance(fault.delay, Delay) and fault.delay.least > fault.delay.most:
        raise UsageError(f"delay: least ({fault.delay.least:g}) is greater than most ({fault.delay.most:g})")
    if fault.answer is not None:
        _check_answer(fault.answer)


def documented_error(name: ErrorName, *, retry_after: int | None, request_id: str) -> ApiError:
    """The documented error; `request_id` is what an internal one tells the client to report."""
    makers: Mapping[ErrorName, Callable[[], ApiError]] = {
        "unauthorized": problems.unauthorized,
        "forbidden": problems.forbidden,
        "not_found": problems.promotion_not_found,
        "conflict": problems.conflict,
        "unprocessable": lambda: problems.unprocessable("The request cannot be processed"),
        "rate_limited": lambda: problems.rate_limited(1 if retry_after is None else retry_after),
        "internal": lambda: problems.internal(request_id),
        "unavailable": lambda: problems.unavailable(retry_after),
    }
    return makers[name]()


def _check_answer(answer: StubAnswer) -> None:
    if answer.body is not msgspec.UNSET and answer.text is not None:
        raise UsageError("answer.text: there is a body as well; give one of them")
    if answer.status in (204, 304) and (answer.body is not msgspec.UNSET or answer.text):
        raise UsageError(f"answer.body: an answer {answer.status} has none")
    for name, value in answer.headers.items():
        if name.lower() in _COMPUTED:
            raise UsageError(f"answer.headers: {name} cannot be chosen")
        if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(value):
            raise UsageError(f"answer.headers: {name!r} with {value!r} is no header")


MAX_FAULTS: Final = 1000
"""How many faults a store has at most. Of those that have done their work the oldest are forgotten first."""


class ActiveFault:
    """A fault with what has become of it.

    Attributes:
        id: `fault-1` and so on, in the order in which the store's faults were set.
        matched: number of requests that matched.
        applied: number of those that the fault applied to.
    """

    __slots__ = ("applied", "fault", "id", "matched")

    def __init__(self, number: int, fault: Fault) -> None:
        self.id = f"fault-{number}"
        self.fault = fault
        self.matched = 0
        self.applied = 0

    @property
    def exhausted(self) -> bool:
        """Whether it will never strike again."""
        return bool(self.fault.times) and self.applied >= self.fault.times

    def document(self) -> dict[str, Any]:
        """As the control plane prints it."""
        fault = msgspec.to_builtins(self.fault)
        return {
            "id": self.id,
            "hits": self.matched,
            "strikes": self.applied,
            "spent": self.exhausted,
            "fault": fault,
        }


class AppliedFaults(NamedTuple):
    """What happens to one request.

    Attributes:
        ids: the faults that apply, in the order in which they were set.
        delay_before, delay_after: seconds to wait before it is carried out, and before it is answered.
        response_fault: the fault that replaces the response; None when the request is only delayed.
        request_id, garbage: what an internal error and a garbled answer are made of.
    """

    ids: tuple[str, ...]
    delay_before: float
    delay_after: float
    response_fault: Fault | None
    request_id: str
    garbage: bytes


class FaultList:
    """The faults of one store.

    Attributes:
        active: those that may still strike, in the order in which they were set.
    """

    def __init__(self, entropy: Entropy) -> None:
        self._entropy = entropy
        self._all: dict[str, ActiveFault] = {}
        self._count = 0
        self.active: list[ActiveFault] = []

    def add(self, fault: Fault) -> ActiveFault:
        """Set a fault.

        Raises:
            UsageError: it contradicts itself, or there are too many.
        """
        check_fault(fault)
        if len(self.active) >= MAX_FAULTS:
            raise UsageError(f"fault: there are {MAX_FAULTS} already; delete some first")
        if len(self._all) >= MAX_FAULTS:
            del self._all[next(each.id for each in self._all.values() if each.exhausted)]
        self._count += 1
        added = ActiveFault(self._count, fault)
        self._all[added.id] = added
        self.active.append(added)
        return added

    def all(self) -> list[ActiveFault]:
        """All faults, those that have done their work included, in the order in which they were set."""
        return list(self._all.values())

    def remove(self, fault_id: str) -> bool:
        """Lift a fault; answers whether there was one."""
        removed = self._all.pop(fault_id, None)
        self.active = [each for each in self.active if each is not removed]
        return removed is not None

    def clear(self) -> None:
        """Lift all faults."""
        self._all.clear()
        self.active = []

    def apply(self, request: RecordedRequest) -> AppliedFaults | None:
        """What happens to this request, now that it has come; None when no fault strikes it."""
        ids: list[str] = []
        delays = {"before": 0.0, "after": 0.0}
        last: ActiveFault | None = None
        for each in self.active:
            if not self._applies(each, request):
                continue
            ids.append(each.id)
            delays[each.fault.when] += self._delay(each)
            if each.fault.replaces_response:
                last = each
                break
        if not ids:
            return None
        self.active = [each for each in self.active if not each.exhausted]
        name = () if last is None else (last.id, str(last.matched))
        return AppliedFaults(
            ids=tuple(ids),
            delay_before=delays["before"],
            delay_after=delays["after"],
            response_fault=None if last is None else last.fault,
            request_id=self._entropy.uuid_of("request", *name),
            # No HTTP message begins with a null byte.
            garbage=b"\0" + bytes.fromhex(self._entropy.signature("garbage", *name)),
        )

    def _applies(self, each: ActiveFault, request: RecordedRequest) -> bool:
        fault = each.fault
        if not fault.match.matches(request):
            return False
        each.matched += 1
        if each.matched <= fault.skip:
            return False
        if (
            fault.probability < 1
            and self._entropy.fraction("luck", each.id, str(each.matched)) >= fault.probability
        ):
            return False
        each.applied += 1
        return True

    def _delay(self, each: ActiveFault) -> float:
        delay = each.fault.delay
        if not isinstance(delay, Delay):
            return delay
        share = self._entropy.fraction("delay", each.id, str(each.matched))
        return delay.least + share * (delay.most - delay.least)
