"""Validation problems in the words of the real service: those of the Go library gojsonschema (API_FACTS §6).

An item is `{"status": 400, "source", "title", "detail"}`, in this published order. `title` is the library's
error type, `detail` its English sentence. `source` is the path of the value, with dots and array indices, and
`(root)` for the whole body. A problem with one property of an object (missing, not allowed) has the bare name
of the property as its source, as in the published `enabled is required`. A missing dependency has the path of
the object.

The library wraps problems inside `allOf` and `then` into further items that add nothing; those are left out.
A schema that finds a value of the wrong type reports nothing else about that value, as in the library.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Any, Final

import msgspec

from ep_mock.contract.schemas import CompiledSchema

if TYPE_CHECKING:
    import jsonschema_rs

Item = dict[str, Any]
Path = tuple[str | int, ...]
_Found = Iterator[tuple[Path, Item]]
"""Places in the instance, each with an item."""

ROOT: Final = "(root)"
MAX_ITEMS: Final = 100
"""Maximum number of problems to report, so that the response stays small."""

_PROMOTION_DATE: Final = "'YYYY-MM-DD', 'YYYY-MM-DD HH:MM' or RFC 3339 ('YYYY-MM-DDTHH:MM:SSZ')"


def item(source: str, title: str, detail: str) -> Item:
    """One validation item, its keys in the published order."""
    return {"status": 400, "source": source, "title": title, "detail": detail}


def required(name: str) -> Item:
    """The item for a missing property."""
    return item(name, "required", f"{name} is required")


def invalid_type(source: str, expected: str, value: Any) -> Item:
    """The item for a value of the wrong type."""
    return item(source, "invalid_type", f"Invalid type. Expected: {expected}, given: {type_name(value)}")


def type_name(value: Any) -> str:
    """The JSON type of a decoded value; a number without a fraction is an integer."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "integer" if value.is_integer() else "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"


def validation_items(
    errors: Iterable[jsonschema_rs.ValidationError],
    instance: Any,
    compiled: CompiledSchema,
    prefix: Path = (),
) -> list[Item]:
    """The items for all errors without duplicates, in document order, containers first, at most MAX_ITEMS.

    `prefix` is the path of the instance in the body: `("data",)` if the body was wrapped.
    """
    # Cut before any work is done for each: a large body can have a problem in every item.
    found = list(_Translation(instance, compiled, prefix).of_errors(islice(errors, 10 * MAX_ITEMS)))
    found.sort(key=lambda entry: _position(entry[0], instance))
    return list({tuple(problem.items()): problem for _, problem in found}.values())[:MAX_ITEMS]


class _Translation:
    """Translates errors of jsonschema-rs into items."""

    def __init__(self, instance: Any, compiled: CompiledSchema, prefix: Path) -> None:
        self._instance = instance
        self._compiled = compiled
        self._prefix = prefix

    def of_errors(self, errors: Iterable[Any]) -> _Found:
        errors = list(errors)
        mistyped = {_schema_and_value(error) for error in errors if _kind(error) == "Type"}
        for error in errors:
            if _kind(error) == "Type" or _schema_and_value(error) not in mistyped:
                yield from self._of_error(error)

    def _of_error(self, error: Any) -> _Found:
        path = _path_in(self._instance, error.instance_path)
        kind = _kind(error)
        if kind in _SPECIAL:
            yield from _SPECIAL[kind](self, error, path)
        elif kind in _SENTENCES:
            title, sentence = _SENTENCES[kind]
            yield path, item(self._source(path), title, sentence.format(kind=error.kind))
            if kind in _WITH_BRANCHES:
                yield from self._nearest_branch(error.kind.context, path)
        else:
            yield path, item(self._source(path), "internal", f"Internal Error {error.message}")

    def _required(self, error: Any, path: Path) -> _Found:
        dependencies = self._compiled.at(error.schema_path)
        if not isinstance(dependencies, dict):
            yield path, required(error.kind.property)
            return
        # The error of a dependentRequired names only what is missing: the schema tells which of the present
        # properties need it.
        present = _at(path, self._instance)
        for name in dependencies:
            for missing in dependencies[name]:
                if name in present and missing not in present:
                    detail = f"Has a dependency on {missing}"
                    yield path, item(self._source(path), "missing_dependency", detail)

    def _type(self, error: Any, path: Path) -> _Found:
        # The error lists several types in an order of its own.
        declared = self._compiled.at(error.schema_path) or error.kind.types
        expected = declared if isinstance(declared, str) else f"[{','.join(declared)}]"
        yield path, invalid_type(self._source(path), expected, _at(path, self._instance))

    def _enum(self, error: Any, path: Path) -> _Found:
        source = self._source(path)
        allowed = ", ".join(map(_json, error.kind.options))
        yield path, item(source, "enum", f"{source} must be one of the following: {allowed}")

    def _const(self, error: Any, path: Path) -> _Found:
        source = self._source(path)
        yield path, item(source, "const", f"{source} does not match: {_json(error.kind.expected_value)}")

    def _format(self, error: Any, path: Path) -> _Found:
        name = error.kind.format
        expected = _PROMOTION_DATE if name == "promotion-date" else repr(name)
        yield path, item(self._source(path), "format", f"Does not match format {expected}")

    def _additional(self, error: Any, path: Path) -> _Found:
        for name in error.kind.unexpected:
            detail = f"Additional property {name} is not allowed"
            yield (*path, name), item(name, "additional_property_not_allowed", detail)

    def _property_name(self, error: Any, path: Path) -> _Found:
        name = error.kind.error.instance
        yield (*path, name), item(name, "invalid_property_name", f'Property name of "{name}" does not match')

    def _unique(self, error: Any, path: Path) -> _Found:
        places: dict[bytes, list[int]] = {}
        for index, value in enumerate(_at(path, self._instance)):
            places.setdefault(msgspec.json.encode(value, order="sorted"), []).append(index)
        for equal in places.values():
            for first, second in pairwise(equal):
                detail = f"array items[{first},{second}] must be unique"
                yield path, item(self._source(path), "unique", detail)

    def _false(self, error: Any, path: Path) -> _Found:
        if error.schema_path[-1:] == ["items"]:
            path, title = path[:-1], "array_no_additional_items"
            yield path, item(self._source(path), title, "No additional items allowed on array")
        else:
            yield path, item(self._source(path), "false", "False always fails validation")

    def _nearest_branch(self, branches: Iterable[Iterable[Any]], path: Path) -> _Found:
        """The problems of the probable branch: of the right type if possible, with the fewest problems."""

        def distance(branch: list[tuple[Path, Item]]) -> tuple[bool, int]:
            mistyped = any(at == path and problem["title"] == "invalid_type" for at, problem in branch)
            return mistyped, len(branch)

        yield from min((list(self.of_errors(branch)) for branch in branches), key=distance, default=())

    def _source(self, path: Path) -> str:
        return ".".join(map(str, (*self._prefix, *path))) or ROOT


# Go prints a big.Float with ten digits.
_SENTENCES: Final = {
    "Minimum": ("number_gte", "Must be greater than or equal to {kind.limit:.10g}"),
    "ExclusiveMinimum": ("number_gt", "Must be greater than {kind.limit:.10g}"),
    "Maximum": ("number_lte", "Must be less than or equal to {kind.limit:.10g}"),
    "ExclusiveMaximum": ("number_lt", "Must be less than {kind.limit:.10g}"),
    "MultipleOf": ("multiple_of", "Must be a multiple of {kind.multiple_of:.10g}"),
    "MinLength": ("string_gte", "String length must be greater than or equal to {kind.limit}"),
    "MaxLength": ("string_lte", "String length must be less than or equal to {kind.limit}"),
    "Pattern": ("pattern", "Does not match pattern '{kind.pattern}'"),
    "MinItems": ("array_min_items", "Array must have at least {kind.limit} items"),
    "MaxItems": ("array_max_items", "Array must have at most {kind.limit} items"),
    "Contains": ("contains", "At least one of the items must match"),
    "MinProperties": ("array_min_properties", "Must have at least {kind.limit} properties"),
    "MaxProperties": ("array_max_properties", "Must have at most {kind.limit} properties"),
    "Not": ("number_not", "Must not validate the schema (not)"),
    "AnyOf": ("number_any_of", "Must validate at least one schema (anyOf)"),
    "OneOfNotValid": ("number_one_of", "Must validate one and only one schema (oneOf)"),
    "OneOfMultipleValid": ("number_one_of", "Must validate one and only one schema (oneOf)"),
}
_WITH_BRANCHES: Final = ("AnyOf", "OneOfNotValid", "OneOfMultipleValid")

_SPECIAL: Final[dict[str, Callable[[_Translation, Any, Path], _Found]]] = {
    "Required": _Translation._required,
    "Type": _Translation._type,
    "Enum": _Translation._enum,
    "Constant": _Translation._const,
    "Format": _Translation._format,
    "AdditionalProperties": _Translation._additional,
    "UnevaluatedProperties": _Translation._additional,
    "PropertyNames": _Translation._property_name,
    "UniqueItems": _Translation._unique,
    "FalseSchema": _Translation._false,
}


def _kind(error: Any) -> str:
    # Older releases name the class ValidationErrorKind_Required, newer ones Required.
    return type(error.kind).__name__.rpartition("_")[2]


def _schema_and_value(error: Any) -> tuple[Path, Path]:
    """The paths of the value and of the schema that it was checked against."""
    return tuple(error.instance_path), tuple(error.schema_path[:-1])


def _path_in(instance: Any, steps: Iterable[str | int]) -> Path:
    """The path of an error. jsonschema-rs takes a property whose name is a number for an index."""
    path: list[str | int] = []
    for step in steps:
        path.append(str(step) if isinstance(instance, dict) else step)
        instance = instance[path[-1]]
    return tuple(path)


def _at(path: Path, instance: Any) -> Any:
    for step in path:
        instance = instance[step]
    return instance


def _position(path: Path, instance: Any) -> list[int]:
    """The position of a path in the instance. Sorting by it gives document order, containers first."""
    position = []
    for step in path:
        position.append(step if isinstance(step, int) else list(instance).index(step))
        instance = instance[step]
    return position


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
