"""The faults of one store, and which of them apply to a request.

A request is matched against the faults in the order in which they were set. Delays add up. The first fault
that replaces the response ends the search, so two faults for one request each apply one after the other.
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
    "unauthorized", "forbidden", "not_found", "conflict",
    "unprocessable", "rate_limited", "internal", "unavailable",
]  # fmt: skip
Connection = Literal["reset", "empty", "truncated", "garbage"]
Phase = Literal["before", "after"]

LONGEST_DELAY: Final = 600.0
Seconds = Annotated[float, msgspec.Meta(ge=0, le=LONGEST_DELAY)]

MAX_FAULTS: Final = 1000
"""Maximum number of faults of a store. Of the exhausted ones the oldest are forgotten first."""

_WITH_RETRY_AFTER: Final = ("rate_limited", "unavailable")
_SERVER_HEADERS: Final = ("content-length", "transfer-encoding", "connection")
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")


class StubAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """A response that a test defines: a status, and a JSON `body` (sets Content-Type), a text or neither."""

    status: Annotated[int, msgspec.Meta(ge=200, le=599)]
    headers: dict[str, str] = {}
    body: Any = msgspec.UNSET
    text: str | None = None


class Delay(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A random delay, in real seconds."""

    least: Seconds
    most: Seconds


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Which requests a fault applies to, and what happens to them.

    Attributes:
        match: the requests to affect; all by default.
        times: number of requests to affect; 0 means all until the fault is deleted.
        skip: number of matching requests to let pass first.
        probability: the chance that it applies to each of the others. Chance comes from the seed: the same
            requests give the same result.
        when: `before`: the request is not carried out; `after`: it is, but the response is lost. A request
            that is only delayed is carried out in both cases.
        delay: real seconds, independent of the store's clock.
        error: the name of the documented error to answer with.
        retry_after: seconds, for `rate_limited` (default 1) and `unavailable`.
        answer: the response to send instead.
        connection: `reset` (RST), `empty` (closed without a byte), `truncated` (closed in the middle of the
            body of `error` or `answer`, else of the ordinary response, which is a 200 when `before`),
            `garbage` (bytes that are not HTTP, then closed).
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
        """Whether it does more than delay the request."""
        return self.error is not None or self.answer is not None or self.connection is not None


def check_fault(fault: Fault) -> None:
    """Check that the properties of a fault fit together.

    Raises:
        UsageError: they contradict each other or have no effect; the message begins with the property.
    """
    if not fault.replaces_response and not fault.delay:
        raise UsageError("fault: has no effect; set one of error, answer, connection, delay")
    if fault.error is not None and fault.answer is not None:
        raise UsageError("answer: cannot be combined with error; set one of them")
    if fault.connection not in (None, "truncated") and (fault.error is not None or fault.answer is not None):
        raise UsageError(f"connection: {fault.connection} sends no response; leave out error and answer")
    if fault.retry_after is not None and fault.error not in _WITH_RETRY_AFTER:
        raise UsageError(f"retry_after: is only valid with error {' or '.join(_WITH_RETRY_AFTER)}")
    if isinstance(fault.delay, Delay) and fault.delay.least > fault.delay.most:
        raise UsageError(f"delay: least ({fault.delay.least:g}) is greater than most ({fault.delay.most:g})")
    if fault.answer is not None:
        _check_answer(fault.answer)


def documented_error(name: ErrorName, *, retry_after: int | None, request_id: str) -> ApiError:
    """The documented error of this name; an internal error tells the client to report `request_id`."""
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
        raise UsageError("answer.text: cannot be combined with body; set one of them")
    if answer.status in (204, 304) and (answer.body is not msgspec.UNSET or answer.text):
        raise UsageError(f"answer.body: a response with status {answer.status} has no body")
    for name, value in answer.headers.items():
        if name.lower() in _SERVER_HEADERS:
            raise UsageError(f"answer.headers: {name} is set by the server; leave it out")
        if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(value):
            raise UsageError(f"answer.headers: {name!r} with the value {value!r} is not a valid header")


class ActiveFault:
    """A fault with its counts.

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
        """Whether it never applies again."""
        return bool(self.fault.times) and self.applied >= self.fault.times


class AppliedFaults(NamedTuple):
    """What faults do to one request.

    Attributes:
        ids: the faults that apply, in the order in which they were set.
        delay_before, delay_after: seconds to wait before the request is carried out, and before the response.
        response_fault: the fault that replaces the response; None when the request is only delayed.
        request_id: the id in an internal error.
        garbage: the bytes of a garbage response.
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
        active: those that are not exhausted, in the order in which they were set.
    """

    def __init__(self, entropy: Entropy) -> None:
        self._entropy = entropy
        self._all: dict[str, ActiveFault] = {}
        self._count = 0
        self.active: list[ActiveFault] = []

    def add(self, fault: Fault) -> ActiveFault:
        """Set a fault.

        Raises:
            UsageError: it is invalid, or there are too many.
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
        """All faults, also exhausted ones, in the order in which they were set."""
        return list(self._all.values())

    def remove(self, fault_id: str) -> bool:
        """Remove a fault; false if there is none of this id."""
        removed = self._all.pop(fault_id, None)
        self.active = [each for each in self.active if each is not removed]
        return removed is not None

    def clear(self) -> None:
        """Remove all faults."""
        self._all.clear()
        self.active = []

    def apply(self, request: RecordedRequest) -> AppliedFaults | None:
        """Count a request and apply the faults to it; None when none applies."""
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
