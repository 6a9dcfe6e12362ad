"""Checks responses against a document."""

from __future__ import annotations

from functools import cache
from typing import Any

from ep_mock.contract.documents import Operation
from ep_mock.contract.messages import validation_items
from ep_mock.contract.schemas import CompiledSchema, compile_schema
from ep_mock.contract.validation import NotDecodableError, decode


def response_problems(operation: Operation, status: int, body: bytes) -> list[str]:
    """How a response differs from the document for this operation and status; empty if it does not.

    Each problem of a JSON body is `where: what`. An undocumented status is a problem, and so is a body where
    none is documented. Bodies of other media types than JSON are not checked.
    """
    response = _documented(operation, status)
    if response is None:
        return [f"the document has no status {status} for {operation!r}"]
    if not response.get("content"):
        return (
            [f"the document has no body with status {status} for {operation!r}, but {len(body)} bytes came"]
            if body
            else []
        )
    compiled = _schema(operation, status)
    if compiled is None:
        return []
    try:
        data = decode(body)
    except NotDecodableError as error:
        return [f"the body is {error}"]
    items = validation_items(compiled.validator.iter_errors(data), data, compiled)
    return [f"{item['source']}: {item['detail']}" for item in items]


def _documented(operation: Operation, status: int) -> dict[str, Any] | None:
    responses: dict[str, dict[str, Any]] = operation.raw.get("responses", {})
    for key in (str(status), f"{status // 100}XX", "default"):
        if key in responses:
            return operation.document.dereference(responses[key])
    return None


@cache
def _schema(operation: Operation, status: int) -> CompiledSchema | None:
    """The schema of the JSON body of a documented response; None if its body is not JSON."""
    response = _documented(operation, status) or {}
    for media_type, description in response["content"].items():
        if media_type.partition(";")[0].endswith(("/json", "+json")):
            return compile_schema(operation.document, description.get("schema", {}))
    return None
