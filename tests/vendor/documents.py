"""The vendor's own documents, where `EP_MOCK_VENDOR_DOCUMENTS` names the folder that holds them.

They are not part of the project. Every answer that a test gets is checked against them, see `tests.client`;
what they say wrongly is repaired in memory first, see `tests.vendor.repairs`.
"""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, Final

import jsonschema_rs
import yaml

from tests.vendor.repairs import REPAIRS, Repair, at

VARIABLE: Final = "EP_MOCK_VENDOR_DOCUMENTS"
FILES: Final = ("promotions-standard.openapi.yaml", "rule-promotions.openapi.yaml")


@cache
def vendor_folder() -> Path | None:
    """The folder of the vendor's documents; None where nobody has them. Raises when the variable names a
    folder without them.
    """
    named = os.environ.get(VARIABLE)
    if not named:
        return None
    folder = Path(named)
    missing = [name for name in FILES if not (folder / name).is_file()]
    if missing:
        raise FileNotFoundError(f"{VARIABLE} names {folder}, which lacks {', '.join(missing)}")
    return folder


@cache
def published(name: str) -> dict[str, Any]:
    """One of the documents as published."""
    folder = vendor_folder()
    if folder is None:
        raise LookupError(f"{VARIABLE} is not set")
    # The C loader needs a tenth of the time.
    loaded = yaml.load((folder / name).read_bytes(), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    document: dict[str, Any] = json.loads(json.dumps(loaded, default=str))
    return document


def repaired(name: str, repairs: Iterable[Repair] = REPAIRS) -> dict[str, Any]:
    """The same with what is broken in it put right."""
    document = copy.deepcopy(published(name))
    for repair in repairs:
        if repair.file == name:
            repair.apply(document)
    return document


class VendorDocument:
    """One document, ready to check answers."""

    def __init__(self, raw: dict[str, Any]) -> None:
        self.raw = raw
        self._validators: dict[str, jsonschema_rs.Draft202012Validator] = {}

    def template_for(self, path: str) -> str | None:
        """The path template that a request's path belongs to."""
        segments = path.split("/")
        fitting = [template for template in self.raw["paths"] if _fits(template.split("/"), segments)]
        # Fixed segments win over parameters.
        return min(fitting, key=lambda template: template.count("{"), default=None)

    def problems(self, method: str, path: str, status: int, body: bytes) -> list[str] | None:
        """How an answer differs from what the document types; None where it types no such answer."""
        template = self.template_for(path)
        operation = self.raw["paths"].get(template, {}).get(method.lower())
        if template is None or operation is None:
            return None
        response = operation["responses"].get(str(status))
        where = f"{method} {template} {status}"
        if response is None:
            return [f"{where}: no such status"] if status < 400 else None
        if "$ref" in response:
            response = at(self.raw, response["$ref"].removeprefix("#"))
        if "content" not in response:
            return [f"{where}: a body where none is documented"] if body else []
        if where not in self._validators:
            schema = {
                "components": self.raw["components"],
                **response["content"]["application/json"]["schema"],
            }
            self._validators[where] = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
        errors = self._validators[where].iter_errors(json.loads(body))
        return [
            f"{where}: {'.'.join(map(str, error.instance_path))}: {error.message[:500]}" for error in errors
        ]


@cache
def vendor_documents() -> tuple[VendorDocument, ...]:
    """The repaired documents; none where nobody has them."""
    return () if vendor_folder() is None else tuple(VendorDocument(repaired(name)) for name in FILES)


def vendor_problems(method: str, path: str, status: int, body: bytes) -> list[str]:
    """How an answer differs from what the vendor's documents type; empty if it does not, or if there is
    nothing to compare with.
    """
    found: list[str] = []
    for document in vendor_documents():
        found += document.problems(method, path, status, body) or ()
    return [f"the vendor's document: {problem}" for problem in found]


def _fits(template: list[str], segments: list[str]) -> bool:
    return len(template) == len(segments) and all(
        bool(segment) if expected.startswith("{") else expected == segment
        for expected, segment in zip(template, segments, strict=True)
    )
