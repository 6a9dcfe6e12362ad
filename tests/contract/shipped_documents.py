"""The shipped OpenAPI documents as plain data, read the way any client's tools would read them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs

from ep_mock.domain.dates import parse_date

OPENAPI = Path(__file__).resolve().parents[2] / "openapi"
NAMES = sorted(path.stem for path in OPENAPI.glob("*.yaml"))
FAMILIES = ("standard", "rule")
METHODS = ("get", "put", "post", "patch", "delete")
SCHEMAS = "#/components/schemas/"


@cache
def document(name: str) -> dict[str, Any]:
    return json.loads((OPENAPI / f"{name}.json").read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def followed(name: str, node: Any) -> Any:
    while "$ref" in node:
        reference = node["$ref"]
        node = document(name)
        for step in reference.removeprefix("#/").split("/"):
            node = node[step]
    return node


def is_promotion_date(text: str) -> bool:
    try:
        parse_date(text)
    except ValueError:
        return False
    return True


def validator(name: str, schema: dict[str, Any]) -> jsonschema_rs.Draft202012Validator:
    """Plain JSON Schema, as any client's tools would read the document."""
    root = {"allOf": [schema], "components": document(name)["components"]}
    return jsonschema_rs.Draft202012Validator(
        root, formats={"promotion-date": is_promotion_date}, validate_formats=True
    )


def component(name: str, schema: str) -> jsonschema_rs.Draft202012Validator:
    return validator(name, {"$ref": SCHEMAS + schema})


def problems(checked: jsonschema_rs.Draft202012Validator, value: Any) -> list[str]:
    return [
        f"{'.'.join(map(str, error.instance_path))}: {error.message}" for error in checked.iter_errors(value)
    ]


def operations(name: str) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Each operation with its path item."""
    for item in document(name)["paths"].values():
        for method in METHODS:
            if method in item:
                yield item[method], item


def operation(name: str, operation_id: str) -> dict[str, Any]:
    return next(found for found, _ in operations(name) if found["operationId"] == operation_id)


def media(name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """All bodies and answers with content, and where they stand."""
    for found, _ in operations(name):
        if "requestBody" in found:
            for content in followed(name, found["requestBody"])["content"].values():
                yield f"{found['operationId']} request", content
        for status, answer in found["responses"].items():
            for content in followed(name, answer).get("content", {}).values():
                yield f"{found['operationId']} {status}", content


def nodes(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for part in node.values():
            yield from nodes(part)
    elif isinstance(node, list):
        for part in node:
            yield from nodes(part)
