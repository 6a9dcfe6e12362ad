"""From schemas of an OpenAPI document to JSON Schema validators.

A validator sees one schema and whatever it refers to, never the whole document, so that compiling it costs
only what it needs. On the way each `oneOf` with a `discriminator` becomes a chain of `if`/`then`: the
discriminating property picks one branch and only that branch's problems are reported, at any depth. A plain
`oneOf` would collapse to "not valid under any of the schemas".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import msgspec

from ep_mock.contract.documents import Document
from ep_mock.errors import UsageError

if TYPE_CHECKING:
    import jsonschema_rs

_PREFIX: Final = "#/components/schemas/"
_OF_NAMED_SCHEMAS: Final = ("properties", "patternProperties", "dependentSchemas", "$defs")
_OF_SCHEMAS: Final = ("allOf", "anyOf", "oneOf", "prefixItems")
_OF_ONE_SCHEMA: Final = (
    "additionalProperties",
    "contains",
    "else",
    "if",
    "items",
    "not",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
)
_WITHOUT_EFFECT: Final = (
    "description",
    "title",
    "example",
    "examples",
    "default",
    "deprecated",
    "externalDocs",
    "xml",
)


class CompiledSchema(msgspec.Struct, frozen=True, eq=False):
    """A validator together with the schema it was made of, which tells what an error's schema path stands
    for.
    """

    validator: jsonschema_rs.Draft202012Validator
    schema: dict[str, Any]

    def at(self, path: list[str | int]) -> Any:
        """The part of the schema that an error's schema path names; None if it names nothing.

        Releases of jsonschema-rs differ in whether such a path goes through a `$ref` or starts anew at its
        target: both are understood.
        """
        node: Any = self.schema
        for step in path:
            if step == "$ref" and isinstance(node, dict) and isinstance(node.get("$ref"), str):
                node = self.at(node["$ref"].removeprefix("#/").split("/"))
            else:
                try:
                    node = node[step]
                except (KeyError, IndexError, TypeError):
                    return None
        return node


def compile_schema(document: Document, schema: dict[str, Any]) -> CompiledSchema:
    """Compile one schema of a document. Raises UsageError if it is none."""
    # Imported when first needed: it costs some milliseconds, and a server is to answer its health check
    # before that.
    import jsonschema_rs

    self_contained = self_contained_schema(document, schema)
    try:
        validator = jsonschema_rs.Draft202012Validator(
            self_contained, formats=_formats(), validate_formats=True
        )
    except (ValueError, jsonschema_rs.ReferencingError) as error:
        raise UsageError(f"OpenAPI document {document.name}: a schema cannot be compiled: {error}") from None
    return CompiledSchema(validator, self_contained)


def self_contained_schema(document: Document, schema: dict[str, Any]) -> dict[str, Any]:
    """The schema with all it refers to in its own `$defs`, without texts, and with its discriminators made
    effective.
    """
    rewriting = _Rewriting(document)
    root = rewriting.schema(schema)
    definitions: dict[str, Any] = {}
    while rewriting.wanted:
        name = rewriting.wanted.pop()
        if name not in definitions:
            definitions[name] = rewriting.schema(document.resolve(_PREFIX + name))
    return {**root, "$defs": definitions} if definitions else root


class _Rewriting:
    """One walk over schemas; `wanted` collects the names of the schemas referred to."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self.wanted: list[str] = []

    def schema(self, node: Any) -> Any:
        if not isinstance(node, dict):
            return node
        result: dict[str, Any] = {}
        for keyword, value in node.items():
            if keyword == "$ref":
                result[keyword] = self._reference(value)
            elif keyword in _OF_NAMED_SCHEMAS:
                result[keyword] = {name: self.schema(part) for name, part in value.items()}
            elif keyword in _OF_SCHEMAS:
                result[keyword] = [self.schema(part) for part in value]
            elif keyword in _OF_ONE_SCHEMA:
                result[keyword] = self.schema(value)
            elif keyword not in _WITHOUT_EFFECT and not keyword.startswith("x-"):
                result[keyword] = value
        discriminator = result.pop("discriminator", None)
        if discriminator is None or "oneOf" not in result:
            return result
        del result["oneOf"]
        selection = self._selection(discriminator, node["oneOf"])
        return {**result, "allOf": [*result.get("allOf", ()), selection]} if result else selection

    def _selection(self, discriminator: dict[str, Any], branches: list[dict[str, Any]]) -> dict[str, Any]:
        name = discriminator["propertyName"]
        references = [branch.get("$ref", "") for branch in branches]
        # Without a mapping OpenAPI takes the names of the schemas for the values.
        mapping = discriminator.get("mapping") or {
            reference.removeprefix(_PREFIX): reference for reference in references
        }
        values: dict[str, list[str]] = {}
        for value, target in mapping.items():
            values.setdefault(target if "/" in target else _PREFIX + target, []).append(value)
        if set(values) != set(references):
            raise UsageError(
                f"OpenAPI document {self._document.name}: the discriminator {name!r} maps to "
                f"{sorted(values)}, "
                f"but its oneOf lists {sorted(references)}"
            )
        chain: dict[str, Any] = {}
        for reference in reversed(references):
            chosen = {"required": [name], "properties": {name: {"enum": values[reference]}}}
            branch: dict[str, Any] = {"if": chosen, "then": {"$ref": self._reference(reference)}}
            chain = {**branch, "else": chain} if chain else branch
        property_schema = {"type": "string", "enum": list(mapping)}
        return {"type": "object", "required": [name], "properties": {name: property_schema}, **chain}

    def _reference(self, reference: str) -> str:
        if not reference.startswith(_PREFIX):
            raise UsageError(
                f"OpenAPI document {self._document.name}: {reference!r} does not refer to one of its schemas"
            )
        name, slash, rest = reference.removeprefix(_PREFIX).partition("/")
        self.wanted.append(name)
        return f"#/$defs/{name}{slash}{rest}"


def _formats() -> dict[str, Callable[[str], bool]]:
    from ep_mock.domain.dates import parse_date

    def is_promotion_date(text: str) -> bool:
        try:
            parse_date(text)
        except ValueError:
            return False
        return True

    return {"promotion-date": is_promotion_date}
