"""Validation problems in the words of the real service, which are those of the Go library gojsonschema
(API_FACTS §6).

An item is `{"status": 400, "source", "title", "detail"}`, in that order, as published. `title` is the
library's error type, `detail` its English sentence. `source` is the path of the value, with dots and array
indices, `(root)` for the whole body; where the problem is about one property of an object (missing, not
allowed) it is the bare name of that property, as in the published `enabled is required`. A missing dependency
is published with the path of the object that lacks it.

The library wraps problems inside `allOf` and `then` into further items that say no more; those are left out.
If a schema finds a value of the wrong type, it says nothing else about that value, as there.
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

ROOT: Final = "(root)"
MAX_ITEMS: Final = 100
"""More problems than this are not reported: nobody reads them, and the answer stays small."""

_FORMAT_NAMES: Final = {
    "promotion-date": "'YYYY-MM-DD', 'YYYY-MM-DD HH:MM' or RFC 3339 ('YYYY-MM-DDTHH:MM:SSZ')"
}


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
    """The items for all errors, each once, in the order of the instance, an object before what is in it, at
    most MAX_ITEMS.

    `prefix` is where the instance stands in the body: `("data",)` if the body was wrapped.
    """
    translation = _Translation(instance, compiled, prefix)
    # Cut before anything is done for each: a large body can have a problem in every item.
    found = list(translation.of_errors(list(islice(errors, 10 * MAX_ITEMS))))
    found.sort(key=lambda entry: _position(entry[0], instance))
    return list({tuple(problem.items()): problem for _, problem in found}.values())[:MAX_ITEMS]


class _Translation:
    """Translates errors one by one into pairs of the place in the instance and the item."""

    def __init__(self, instance: Any, compiled: CompiledSchema, prefix: Path) -> None:
        self._instance = instance
        self._compiled = compiled
        self._prefix = prefix

    def of_errors(self, errors: Iterable[jsonschema_rs.ValidationError]) -> Iterator[tuple[Path, Item]]:
        errors = list(errors)
        mistyped = {_schema_of(error) for error in errors if _kind(error) == "Type"}
        for error in errors:
            if _kind(error) == "Type" or _schema_of(error) not in mistyped:
                yield from self._of_error(error)

    def _of_error(self, error: jsonschema_rs.ValidationError) -> Iterator[tuple[Path, Item]]:
        path = _path_in(self._instance, error.instance_path)
        kind = _kind(error)
        if kind in _SENTENCES:
            title, sentence = _SENTENCES[kind]
            yield path, item(self._source(path), title, sentence(error.kind))
        else:
            yield from _SPECIAL.get(kind, _Translation._unknown)(self, error, path)

    def _required(self, error: jsonschema_rs.ValidationError, path: Path) -> Iterator[tuple[Path, Item]]:
        needs = self._compiled.at(error.schema_path)
        if not isinstance(needs, dict):
            yield path, required(error.kind.property)  # type: ignore[attr-defined]
            return
        # A dependentRequired, whose error names only what is missing: the schema tells which of the present
        # properties need it.
        given = _at(path, self._instance)
        for name in needs:
            for missing in (other for other in needs[name] if name in given and other not in given):
                yield path, item(self._source(path), "missing_dependency", f"Has a dependency on {missing}")

    def _type(self, error: jsonschema_rs.ValidationError, path: Path) -> Iterator[tuple[Path, Item]]:
        # The error lists several types in an order of its own.
        declared = self._compiled.at(error.schema_path) or error.kind.types  # type: ignore[attr-defined]
        expected = declared if isinstance(declared, str) else f"[{','.join(declared)}]"
        yield path, invalid_type(self._source(path), expected, _at(path, self._instance))

    def _enum(self, error: jsonschema_rs.ValidationError, path: Path) -> Iterator[tuple[Path, Item]]:
        source = self._source(path)
        allowed = ", ".join(_json(value) for value in error.kind.options)  # type: ignore[attr-defined]
        yield path, item(source, "enum", f"{source} must be one of the following: {allowed}")

    def _const(self, error: jsonschema_rs.ValidationError, path: Path) -> Iterator[tuple[Path, Item]]:
        source = self._source(path)
        yield path, item(source, "const", f"{source} does not match: {_json(error.kind.expected_value)}")  # type: ignore[attr-defined]

    def _additional(self, error: jsonschema_rs.ValidationError, path: Path) -> Iterator[tuple[Path, Item]]:
        for name in error.kind.unexpected:  # type: ignore[attr-defined]
            yield (
                (*path, name),
                item(name, "additional_property_not_allowed", f"Additional property {name} is not allowed"),
            )

    def _property_name(self, error: jsonschema_rs.ValidationError, path: Path) -> Iterator[tuple[Path, Item]]:
        name = error.kind.error.instance  # type: ignore[attr-defined]
        yield (*path, name), item(name, "invalid_property_name", f'Property name of "{name}" does not match')

    def _unique(self, error: jsonschema_rs.ValidationError, path: Path) -> Iterator[tuple[Path, Item]]:
        places: dict[bytes, list[int]] = {}
        for index, value in enumerate(_at(path, self._instance)):
            places.setdefault(msgspec.json.encode(value, order="sorted"), []).append(index)
        for equal in places.values():
            for first, second in pairwise(equal):
                yield (
                    path,
                    item(self._source(path), "unique", f"array items[{first},{second}] must be unique"),
                )

    def _false(self, error: jsonschema_rs.ValidationError, path: Path) -> Iterator[tuple[Path, Item]]:
        if error.schema_path[-1:] == ["items"]:
            yield (
                path[:-1],
                item(
                    self._source(path[:-1]),
                    "array_no_additional_items",
                    "No additional items allowed on array",
                ),
            )
        else:
            yield path, item(self._source(path), "false", "False always fails validation")

    def _any_of(self, error: jsonschema_rs.ValidationError, path: Path) -> Iterator[tuple[Path, Item]]:
        yield path, item(self._source(path), "number_any_of", "Must validate at least one schema (anyOf)")
        yield from self._nearest(error, path)

    def _one_of(self, error: jsonschema_rs.ValidationError, path: Path) -> Iterator[tuple[Path, Item]]:
        yield path, item(self._source(path), "number_one_of", "Must validate one and only one schema (oneOf)")
        yield from self._nearest(error, path)

    def _nearest(self, error: jsonschema_rs.ValidationError, path: Path) -> Iterator[tuple[Path, Item]]:
        """What is wrong with the branch that was probably meant: one of the right type if there is one, with
        the fewest problems.
        """
        branches = [list(self.of_errors(branch)) for branch in error.kind.context]  # type: ignore[attr-defined]

        def distance(branch: list[tuple[Path, Item]]) -> tuple[bool, int]:
            return any(at == path and problem["title"] == "invalid_type" for at, problem in branch), len(
                branch
            )

        yield from min(branches, key=distance, default=())

    def _unknown(self, error: jsonschema_rs.ValidationError, path: Path) -> Iterator[tuple[Path, Item]]:
        yield path, item(self._source(path), "internal", f"Internal Error {error.message}")

    def _source(self, path: Path) -> str:
        return ".".join(map(str, (*self._prefix, *path))) or ROOT


_SENTENCES: Final[dict[str, tuple[str, Callable[[Any], str]]]] = {
    "Minimum": ("number_gte", lambda kind: f"Must be greater than or equal to {_number(kind.limit)}"),
    "ExclusiveMinimum": ("number_gt", lambda kind: f"Must be greater than {_number(kind.limit)}"),
    "Maximum": ("number_lte", lambda kind: f"Must be less than or equal to {_number(kind.limit)}"),
    "ExclusiveMaximum": ("number_lt", lambda kind: f"Must be less than {_number(kind.limit)}"),
    "MultipleOf": ("multiple_of", lambda kind: f"Must be a multiple of {_number(kind.multiple_of)}"),
    "MinLength": ("string_gte", lambda kind: f"String length must be greater than or equal to {kind.limit}"),
    "MaxLength": ("string_lte", lambda kind: f"String length must be less than or equal to {kind.limit}"),
    "Pattern": ("pattern", lambda kind: f"Does not match pattern '{kind.pattern}'"),
    "Format": (
        "format",
        lambda kind: f"Does not match format {_FORMAT_NAMES.get(kind.format, repr(kind.format))}",
    ),
    "MinItems": ("array_min_items", lambda kind: f"Array must have at least {kind.limit} items"),
    "MaxItems": ("array_max_items", lambda kind: f"Array must have at most {kind.limit} items"),
    "Contains": ("contains", lambda kind: "At least one of the items must match"),
    "MinProperties": ("array_min_properties", lambda kind: f"Must have at least {kind.limit} properties"),
    "MaxProperties": ("array_max_properties", lambda kind: f"Must have at most {kind.limit} properties"),
    "Not": ("number_not", lambda kind: "Must not validate the schema (not)"),
}

_SPECIAL: Final = {
    "Required": _Translation._required,
    "Type": _Translation._type,
    "Enum": _Translation._enum,
    "Constant": _Translation._const,
    "AdditionalProperties": _Translation._additional,
    "UnevaluatedProperties": _Translation._additional,
    "PropertyNames": _Translation._property_name,
    "UniqueItems": _Translation._unique,
    "FalseSchema": _Translation._false,
    "AnyOf": _Translation._any_of,
    "OneOfNotValid": _Translation._one_of,
    "OneOfMultipleValid": _Translation._one_of,
}


def _kind(error: jsonschema_rs.ValidationError) -> str:
    # Older releases name the class ValidationErrorKind_Required, newer ones Required.
    return type(error.kind).__name__.rpartition("_")[2]


def _schema_of(error: jsonschema_rs.ValidationError) -> tuple[Path, Path]:
    """Which schema said it of which value."""
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
    """Where a path stands in the instance: sorting by it gives document order, containers first."""
    position = []
    for step in path:
        position.append(step if isinstance(step, int) else list(instance).index(step))
        instance = instance[step]
    return position


def _number(value: Any) -> str:
    # Go prints a big.Float with ten digits.
    return f"{float(value):.10g}"


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
