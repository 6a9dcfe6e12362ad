"""The life cycle of a job, as one table.

    pending ──► processing ──► completed
       │             │   └───► failed
       ▼             ▼
    cancelled ◄── cancelling ··► completed    (dotted: a cancellation that lost the race)

Source: the vendor's diagram of job statuses; the dotted line is in the Rule document.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import msgspec

from ep_mock.errors import EpMockError

Status = Literal["pending", "processing", "completed", "failed", "cancelling", "cancelled"]
JobType = Literal["code_generate", "code_export"]
Action = Literal["pick_up", "complete", "fail", "cancel", "finish_cancel", "lose_race", "abandon"]

STATUSES: tuple[Status, ...] = get_args(Status)

TRANSITIONS: dict[tuple[Status, Action], Status] = {
    ("pending", "pick_up"): "processing",
    ("pending", "cancel"): "cancelled",
    ("processing", "complete"): "completed",
    ("processing", "fail"): "failed",
    ("processing", "cancel"): "cancelling",
    ("cancelling", "finish_cancel"): "cancelled",
    ("cancelling", "lose_race"): "completed",
    # The promotion was deleted; only the control plane shows these.
    ("pending", "abandon"): "cancelled",
    ("processing", "abandon"): "cancelled",
    ("cancelling", "abandon"): "cancelled",
}

CANCELLABLE = frozenset(status for status, action in TRANSITIONS if action == "cancel")
FINAL = frozenset(STATUSES) - {status for status, _ in TRANSITIONS}


class Transition(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One change of a job's status; the first one is the creation.

    Attributes:
        at: nanoseconds.
        status: the new status.
        cause: the reason.
        sequence: counts all events of the store; 0 until the store records the change.
    """

    at: int
    status: Status
    cause: str
    sequence: int = 0


class IllegalTransitionError(EpMockError):
    """A transition that the table does not have. The message contains the job's history."""


def next_status(status: Status, action: Action, history: Sequence[Transition] = ()) -> Status:
    """The status that `action` leads to.

    Raises:
        IllegalTransitionError: the life cycle has no such transition.
    """
    try:
        return TRANSITIONS[status, action]
    except KeyError:
        past = ", ".join(f"{entry.status} at {entry.at} ({entry.cause})" for entry in history) or "none"
        raise IllegalTransitionError(f"a job that is {status} cannot {action}; its history: {past}") from None
