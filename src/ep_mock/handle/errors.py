"""Errors of the handle. Each message names the call, the response, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ep_mock.domain.display import printable
from ep_mock.errors import EpMockError
from ep_mock.serving.event_loops import inside_event_loop


class HandleError(EpMockError):
    """A call of the handle failed."""


class UnreachableError(HandleError):
    """There is no response from the server's address."""


class RefusedError(HandleError):
    """The server refused a call.

    Attributes:
        status: the HTTP status.
        errors: the items of the error document.
        reasons: the text of these items, in one line.
    """

    def __init__(self, call: str, status: int, errors: list[dict[str, Any]]) -> None:
        reasons = [
            ": ".join(str(item[key]) for key in ("title", "source", "detail") if item.get(key))
            for item in errors
        ]
        self.reasons = printable("; ".join(reasons)) or "no reason given"
        super().__init__(f"{call} was refused with {status}: {self.reasons}")
        self.status = status
        self.errors = errors


class WaitError(HandleError, AssertionError):
    """A wait for a job failed. The message shows the job's history. It counts as a failed assertion."""


class RequestAssertionError(HandleError, AssertionError):
    """Expected requests are missing, or there are too many. The message shows the nearest requests."""


def why_wait_failed(error: Mapping[str, Any]) -> str:
    """Describe a failed wait by its item of the error document, with a hint for the caller."""
    hint = ""
    if error["title"] == "Time stands still":
        hint = "; with this handle: clock.next(), clock.advance(seconds) or clock.until_idle()"
    elif error["title"] == "Timed out" and inside_event_loop():
        hint = (
            "; this wait blocked the event loop, so nothing in the loop could happen: await the method of "
            "the same name in `aio` instead"
        )
    return f"{error['title']}: {error['detail']}{hint}"
