"""The shipped OpenAPI documents and the operations they describe.

A document is read as JSON (PyYAML takes a hundred times as long) and indexed by operation; nothing is
compiled here. A `requestBody` can have two extensions of the project: `x-data-schema` is a pointer to the
schema of the inside of `data`, and `x-data-wrapper` says whether `data` is `required` or `optional`
(published clients do both, API_FACTS §2).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from ep_mock.errors import UsageError

Wrapper = Literal["required", "optional"]

_METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_WRAPPERS: Final = ("required", "optional")
_JSON: Final = "application/json"


class Operation(msgspec.Struct, frozen=True, eq=False):
    """One method of one path. Operations are equal only if they are the same object, so they can be keys.

    Attributes:
        operation_id: unique in its document.
        method: in upper case.
        path: the template, such as `/v2/promotions/{promotion_id}/jobs`.
        body_schema: the schema of the inside of `data`, or of the whole body where there is no wrapper.
            None for an operation without a JSON body.
        body_required: whether an empty body is an error.
        wrapper: how the body carries `data`; None when the documented body has no such wrapper.
        raw: the operation as the document has it.
        document: the document of the operation, for its `#/components`.
    """

    operation_id: str
    method: str
    path: str
    body_schema: dict[str, Any] | None
    body_required: bool
    wrapper: Wrapper | None
    raw: dict[str, Any]
    document: Document

    @property
    def query_parameters(self) -> tuple[str, ...]:
        """The names of the query parameters, in document order."""
        parameters = (self.document.dereference(each) for each in self.raw.get("parameters", ()))
        return tuple(parameter["name"] for parameter in parameters if parameter["in"] == "query")

    def __repr__(self) -> str:
        return f"<Operation {self.operation_id}: {self.method} {self.path}>"


class Document:
    """One OpenAPI document.

    Attributes:
        name: `standard`, `rule` or `control`, or another name for error messages.
        raw: the parsed JSON.
        operations: all operations, in document order.
    """

    def __init__(self, name: str, raw: dict[str, Any]) -> None:
        self.name = name
        self.raw = raw
        self.operations = tuple(
            self._operation(method.upper(), path, item[method])
            for path, item in raw.get("paths", {}).items()
            for method in item
            if method in _METHODS
        )
        self._by_id = {operation.operation_id: operation for operation in self.operations}
        if len(self._by_id) != len(self.operations):
            raise UsageError(f"OpenAPI document {name}: an operationId is used twice")

    def operation(self, operation_id: str) -> Operation:
        """The operation with this id. Raises UsageError if the document has none."""
        try:
            return self._by_id[operation_id]
        except KeyError:
            raise UsageError(f"OpenAPI document {self.name} has no operation {operation_id!r}") from None

    def resolve(self, reference: str) -> Any:
        """The part that a local JSON pointer such as `#/components/schemas/Job` names, else UsageError."""
        node: Any = self.raw
        for step in reference.removeprefix("#").split("/")[1:]:
            key = step.replace("~1", "/").replace("~0", "~")
            if not isinstance(node, dict) or key not in node:
                raise UsageError(f"OpenAPI document {self.name}: nothing at {reference!r}")
            node = node[key]
        if not reference.startswith("#/"):
            raise UsageError(
                f"OpenAPI document {self.name}: {reference!r} is not a reference into the document itself"
            )
        return node

    def dereference(self, node: dict[str, Any]) -> dict[str, Any]:
        """`node`, or what its `$ref` names."""
        while "$ref" in node:
            node = self.resolve(node["$ref"])
        return node

    def _operation(self, method: str, path: str, raw: dict[str, Any]) -> Operation:
        if not isinstance(raw.get("operationId"), str):
            raise UsageError(f"OpenAPI document {self.name}: {method} {path} has no operationId")
        body = self.dereference(raw.get("requestBody", {}))
        schema: dict[str, Any] | None = None
        wrapper: Wrapper | None = None
        if "x-data-schema" in body:
            schema = {"$ref": body["x-data-schema"]}
            wrapper = body.get("x-data-wrapper", "required")
            if wrapper not in _WRAPPERS:
                place = f"OpenAPI document {self.name}: {method} {path}"
                raise UsageError(f"{place}: x-data-wrapper is one of {_WRAPPERS}, not {wrapper!r}")
        elif _JSON in body.get("content", {}):
            schema = body["content"][_JSON].get("schema", {})
        return Operation(
            raw["operationId"], method, path, schema, bool(body.get("required", False)), wrapper, raw, self
        )

    def __repr__(self) -> str:
        return f"<Document {self.name}: {len(self.operations)} operations>"


def parse_document(name: str, text: bytes) -> Document:
    """The document in this JSON text. Raises UsageError if it is not an OpenAPI document."""
    try:
        raw = msgspec.json.decode(text, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"OpenAPI document {name} is not a JSON object: {error}") from None
    return Document(name, raw)


@cache
def load_document(name: str) -> Document:
    """The shipped document `standard`, `rule` or `control`, read once in a process.

    Raises:
        UsageError: this installation has no such document; the message names the folders searched.
    """
    places = _places()
    for place in places:
        path = place / f"{name}.json"
        try:
            text = path.read_bytes()
        except FileNotFoundError:
            continue
        except OSError as error:
            raise UsageError(f"OpenAPI document {path} cannot be read: {error.strerror}") from None
        return parse_document(name, text)
    raise UsageError(
        f"OpenAPI document {name}.json is neither in {places[0]} nor in {places[1]}: "
        "is ep-mock installed completely?"
    )


def _places() -> tuple[Path, Path]:
    # A wheel has the documents inside the package, a checkout at the top of the repository.
    package = Path(__file__).resolve().parent.parent
    return package / "_openapi", package.parent.parent / "openapi"
