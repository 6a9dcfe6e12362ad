"""OpenAPI documents of one operation, for tests."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal

from ep_mock.contract.documents import Operation, parse_document


def operation_taking(
    schema: Mapping[str, Any],
    *,
    schemas: Mapping[str, Any] | None = None,
    wrapper: Literal["required", "optional"] | None = "required",
    required: bool = True,
    responses: Mapping[str, Any] | None = None,
) -> Operation:
    """The operation `post /things` with this schema of the body (inside `data`, unless `wrapper` is None)."""
    body: dict[str, Any] = {"required": required, "content": {"application/json": {"schema": schema}}}
    if wrapper is not None:
        body |= {"x-data-schema": "#/components/schemas/Body", "x-data-wrapper": wrapper}
    return operation_of(
        {"operationId": "createThing", "requestBody": body, "responses": responses or {}},
        schemas={"Body": schema, **(schemas or {})},
    )


def operation_of(raw: Mapping[str, Any], **components: Mapping[str, Any]) -> Operation:
    """The operation `post /things` as given."""
    document = {"openapi": "3.1.0", "paths": {"/things": {"post": raw}}, "components": components}
    return parse_document("small", json.dumps(document).encode()).operations[0]
