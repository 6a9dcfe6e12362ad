"""From schemas of an OpenAPI document to JSON Schema validators.

A validator is compiled from one schema and the schemas that it refers to, never from the whole document.
Each `oneOf` with a `discriminator` becomes a chain of `if`/`then`: the discriminating property picks one
branch, and only the problems of this branch are reported, at any depth. A plain `oneOf` would collapse to
"not valid under any of the schemas".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from ep_mock.contract.documents import Document
from ep_mock.domain.dates import parse_date
from ep_mock.errors import UsageError

if TYPE_CHECKING:
    import jsonschema_rs

_PREFIX: Final = "#/components/schemas/"
_MAPS_OF_SCHEMAS: Final = frozenset(["properties", "patternProperties", "dependentSchemas", "$defs"])
_LISTS_OF_SCHEMAS: Final = frozenset(["allOf", "anyOf", "oneOf", "prefixItems"])
_SINGLE_SCHEMAS: Final = frozenset(
    [
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
    ]
)
_ANNOTATIONS: Final = frozenset(
    ["description", "title", "example", "examples", "default", "deprecated", "externalDocs", "xml"]
)


class CompiledSchema(msgspec.Struct, frozen=True, eq=False):
    """A validator with its schema, which resolves the schema paths of errors."""

    validator: jsonschema_rs.Draft202012Validator
    schema: dict[str, Any]

    def at(self, path: list[str | int]) -> Any:
        """The part of the schema at an error's schema path; None if there is none.

        Releases of jsonschema-rs differ in whether such a path goes through a `$ref` or starts anew at its
        target: this accepts both.
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
    """Compile one schema of a document. Raises UsageError if it is not a valid schema."""
    # Imported when first needed: it costs some milliseconds, and health checks come earlier.
    import jsonschema_rs

    self_contained = self_contained_schema(document, schema)
    try:
        validator = jsonschema_rs.Draft202012Validator(
            self_contained, formats=_FORMATS, validate_formats=True
        )
    except (ValueError, jsonschema_rs.ReferencingError) as error:
        raise UsageError(f"OpenAPI document {document.name}: a schema cannot be compiled: {error}") from None
    return CompiledSchema(validator, self_contained)


def self_contained_schema(document: Document, schema: dict[str, Any]) -> dict[str, Any]:
    """The schema with all that it refers to in its own `$defs`, without texts, discriminators rewritten."""
    rewriting = _Rewriting(document)
    root = rewriting.schema(schema)
    definitions: dict[str, Any] = {}
    while rewriting.referenced:
        name = rewriting.referenced.pop()
        if name not in definitions:
            definitions[name] = rewriting.schema(document.resolve(_PREFIX + name))
    return {**root, "$defs": definitions} if definitions else root


class _Rewriting:
    """One walk over schemas; `referenced` collects the names of the schemas they refer to."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self.referenced: list[str] = []

    def schema(self, node: Any) -> Any:
        if not isinstance(node, dict):
            return node
        result: dict[str, Any] = {}
        for keyword, value in node.items():
            if keyword == "$ref":
                result[keyword] = self._reference(value)
            elif keyword in _MAPS_OF_SCHEMAS:
                result[keyword] = {name: self.schema(part) for name, part in value.items()}
            elif keyword in _LISTS_OF_SCHEMAS:
                result[keyword] = [self.schema(part) for part in value]
            elif keyword in _SINGLE_SCHEMAS:
                result[keyword] = self.schema(value)
            elif keyword not in _ANNOTATIONS and not keyword.startswith("x-"):
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
        # Without a mapping, the values are the names of the schemas.
        mapping = discriminator.get("mapping") or {
            reference.removeprefix(_PREFIX): reference for reference in references
        }
        values: dict[str, list[str]] = {}
        for value, target in mapping.items():
            values.setdefault(target if "/" in target else _PREFIX + target, []).append(value)
        if set(values) != set(references):
            place = f"OpenAPI document {self._document.name}: the discriminator {name!r}"
            raise UsageError(f"{place} maps to {sorted(values)}, but its oneOf lists {sorted(references)}")
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
        self.referenced.append(name)
        return f"#/$defs/{name}{slash}{rest}"


def _is_promotion_date(text: str) -> bool:
    try:
        parse_date(text)
    except ValueError:
        return False
    return True


_FORMATS: Final = {"promotion-date": _is_promotion_date}
