"""Every call of the control plane, from its document, so that no new call is forgotten."""

from __future__ import annotations

import re
from typing import Any, Final, NamedTuple

from ep_mock.contract.documents import Operation, load_document

HEALTH: Final = "get_health"


class ControlCall(NamedTuple):
    """A possible call; the ids in its path are invented."""

    operation: Operation
    method: str
    path: str

    @property
    def needs_token(self) -> bool:
        """Whether the call needs the token of a server that has one."""
        return self.operation.operation_id != HEALTH

    def body(self) -> Any:
        """An example body from the document; None if the call has no body."""
        body = self.operation.document.dereference(self.operation.raw.get("requestBody", {}))
        examples = body.get("content", {}).get("application/json", {}).get("examples", {})
        return next(
            (self.operation.document.dereference(example)["value"] for example in examples.values()), None
        )

    def __str__(self) -> str:
        return f"{self.method} {self.operation.operation_id}"


def control_calls() -> list[ControlCall]:
    """All operations of the document, and a HEAD for each GET."""
    calls = []
    for operation in load_document("control").operations:
        path = re.sub(r"\{\w+\}", "x", operation.path)
        methods = ["GET", "HEAD"] if operation.method == "GET" else [operation.method]
        calls += [ControlCall(operation, method, path) for method in methods]
    return calls
