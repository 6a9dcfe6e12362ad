"""What can go wrong when steering a store. Each message says what was asked, what came, and what to do."""

from __future__ import annotations

from typing import Any

from ep_mock.domain.display import printable
from ep_mock.errors import EpMockError
from ep_mock.serving.event_loops import inside_event_loop


class HandleError(EpMockError):
    """A call of the handle did not do what it says."""


class UnreachableError(HandleError):
    """Nobody answers at the server's address."""


class RefusedError(HandleError):
    """The server refused a call.

    Attributes:
        status: the HTTP status.
        errors: the items of the error document.
        reasons: what they say, in one line.
    """

    def __init__(self, call: str, status: int, errors: list[dict[str, Any]]) -> None:
        told = [
            ": ".join(str(item[key]) for key in ("title", "source", "detail") if item.get(key))
            for item in errors
        ]
        self.reasons = printable("; ".join(told)) or "no reason given"
        super().__init__(f"{call} was refused with {status}: {self.reasons}")
        self.status = status
        self.errors = errors


class WaitError(HandleError, AssertionError):
    """What was waited for did not come; the message has the job's history. An assertion, for a test that
    waits expects it.
    """


class RequestAssertionError(HandleError, AssertionError):
    """Requests that a test expects did not come, or came too often; the message shows the nearest ones."""


def why_in_vain(title: str, detail: str) -> str:
    """What a wait that did not come true says, with what the caller could have done."""
    hint = ""
    if title == "Time stands still":
        hint = "; with this handle: clock.next(), clock.advance(seconds) or clock.until_idle()"
    elif title == "Timed out" and inside_event_loop():
        hint = (
            "; this wait held up the event loop, in which nothing could happen meanwhile: await the same "
            "verb of `aio` instead"
        )
    return f"{title}: {detail}{hint}"
