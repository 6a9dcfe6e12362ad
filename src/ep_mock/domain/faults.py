"""Faults: what will happen to the next matching requests instead of the ordinary answer. They exist in the double only."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, Literal

import msgspec

from ep_mock.domain import problems
from ep_mock.domain.matching import RequestMatcher
from ep_mock.errors import ApiError, UsageError

ErrorName = Literal[
    "unauthorized", "forbidden", "not_found", "conflict", "unprocessable", "rate_limited", "internal", "unavailable"
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
    """An answer made up by a test: a status, and either a body of JSON, or a text, or nothing. `body` brings its Content-Type along."""

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
        probability: how likely it strikes each of the others. Chance comes from the seed: the same requests meet the same luck.
        when: `before` the request is carried out, which it then is not, or `after`: what it does is done, but its answer is lost. A mere
            delay carries the request out in both cases.
        delay: real seconds, whatever the clock of the store.
        error: the name of an error whose document is the answer; `retry_after`, in seconds, belongs to `rate_limited` (where it is 1
            without it) and `unavailable`.
        answer: an answer of one's own.
        connection: `reset` (RST), `empty` (closed without a byte), `truncated` (closed in the middle of the body of `error` or `answer`,
            else of the answer proper, or before of a 200), `garbage` (bytes that are not HTTP, then closed).
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
    def decides(self) -> bool:
        """Whether it takes the place of the ordinary answer, rather than only delaying it."""
        return self.error is not None or self.answer is not None or self.connection is not None


def check_fault(fault: Fault) -> None:
    """
    Raises:
        UsageError: the fault contradicts itself or does nothing; the message begins with the property.
    """
    if not fault.decides and not fault.delay:
        raise UsageError("fault: says nothing; give one of error, answer, connection, delay")
    if fault.error is not None and fault.answer is not None:
        raise UsageError("answer: there is an error as well; give one of them")
    if fault.connection not in (None, "truncated") and (fault.error is not None or fault.answer is not None):
        raise UsageError(f"connection: {fault.connection} leaves no room for an answer; leave out error and answer")
    if fault.retry_after is not None and fault.error not in _ADMITTING:
        raise UsageError(f"retry_after: belongs to an error that is one of {', '.join(_ADMITTING)}")
    if isinstance(fault.delay, Delay) and fault.delay.least > fault.delay.most:
        raise UsageError(f"delay: least ({fault.delay.least:g}) is greater than most ({fault.delay.most:g})")
    if fault.answer is not None:
        _check_answer(fault.answer)


def error_named(name: ErrorName, *, retry_after: int | None, request_id: str) -> ApiError:
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
