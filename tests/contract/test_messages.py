"""Every keyword of JSON Schema against the sentence the real service would say."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ep_mock.contract.validation import validate_body
from ep_mock.errors import ApiError
from tests.contract.small_documents import operation_taking

DATES = "'YYYY-MM-DD', 'YYYY-MM-DD HH:MM' or RFC 3339 ('YYYY-MM-DDTHH:MM:SSZ')"


def problems(schema: dict[str, Any], data: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Source, title and detail of all problems of a wrapped body; the rest of an item is checked here."""
    operation = operation_taking(schema)
    with pytest.raises(ApiError) as raised:
        validate_body(operation, json.dumps({"data": data}).encode())
    assert raised.value.status == 400
    for item in raised.value.errors:
        assert list(item) == ["status", "source", "title", "detail"]
        assert item["status"] == 400
    return [(item["source"], item["title"], item["detail"]) for item in raised.value.errors]


def problem_of_value(schema: Any, value: Any) -> list[tuple[str, str, str]]:
    return problems({"properties": {"v": schema}}, {"v": value})


@pytest.mark.parametrize(
    ("schema", "value", "title", "detail"),
    [
        ({"type": "integer"}, "5", "invalid_type", "Invalid type. Expected: integer, given: string"),
        ({"type": "integer"}, 5.5, "invalid_type", "Invalid type. Expected: integer, given: number"),
        ({"type": "string"}, 5, "invalid_type", "Invalid type. Expected: string, given: integer"),
        ({"type": "string"}, 5.0, "invalid_type", "Invalid type. Expected: string, given: integer"),
        ({"type": "string"}, True, "invalid_type", "Invalid type. Expected: string, given: boolean"),
        ({"type": "string"}, None, "invalid_type", "Invalid type. Expected: string, given: null"),
        ({"type": "object"}, [], "invalid_type", "Invalid type. Expected: object, given: array"),
        ({"type": "array"}, {}, "invalid_type", "Invalid type. Expected: array, given: object"),
        (
            {"type": ["string", "null", "array"]},
            1,
            "invalid_type",
            "Invalid type. Expected: [string,null,array], given: integer",
        ),
        (
            {"type": "string", "enum": ["a"]},
            1,
            "invalid_type",
            "Invalid type. Expected: string, given: integer",
        ),
        (
            {"enum": ["a", "b", 1, 1.5, None]},
            "c",
            "enum",
            'data.v must be one of the following: "a", "b", 1, 1.5, null',
        ),
        ({"const": "x"}, "y", "const", 'data.v does not match: "x"'),
        ({"const": None}, 1, "const", "data.v does not match: null"),
        ({"const": {"a": [1]}}, 1, "const", 'data.v does not match: {"a":[1]}'),
        ({"minimum": 1}, 0, "number_gte", "Must be greater than or equal to 1"),
        ({"minimum": 0.5}, 0, "number_gte", "Must be greater than or equal to 0.5"),
        ({"maximum": 1000}, 1001, "number_lte", "Must be less than or equal to 1000"),
        ({"maximum": 1000.0}, 10**40, "number_lte", "Must be less than or equal to 1000"),
        ({"maximum": 1_000_000_000}, 1e300, "number_lte", "Must be less than or equal to 1000000000"),
        ({"maximum": 1_000_000_000_000}, 1e300, "number_lte", "Must be less than or equal to 1e+12"),
        ({"exclusiveMinimum": -5}, -5, "number_gt", "Must be greater than -5"),
        ({"exclusiveMaximum": 0.1}, 1, "number_lt", "Must be less than 0.1"),
        ({"multipleOf": 5}, 12, "multiple_of", "Must be a multiple of 5"),
        ({"multipleOf": 0.01}, 0.005, "multiple_of", "Must be a multiple of 0.01"),
        ({"minLength": 2}, "ä", "string_gte", "String length must be greater than or equal to 2"),
        ({"maxLength": 50}, "x" * 51, "string_lte", "String length must be less than or equal to 50"),
        ({"pattern": "^[a-z]+$"}, "A", "pattern", "Does not match pattern '^[a-z]+$'"),
        ({"format": "uuid"}, "A", "format", "Does not match format 'uuid'"),
        ({"format": "promotion-date"}, "tomorrow", "format", f"Does not match format {DATES}"),
        ({"minItems": 1}, [], "array_min_items", "Array must have at least 1 items"),
        ({"maxItems": 1}, [1, 2], "array_max_items", "Array must have at most 1 items"),
        (
            {"uniqueItems": True},
            ["a", {"x": 1, "y": 2}, {"y": 2, "x": 1.0}],
            "unique",
            "array items[1,2] must be unique",
        ),
        ({"contains": {"const": 1}}, [2], "contains", "At least one of the items must match"),
        (
            {"prefixItems": [True], "items": False},
            [1, 2, 3],
            "array_no_additional_items",
            "No additional items allowed on array",
        ),
        ({"minProperties": 1}, {}, "array_min_properties", "Must have at least 1 properties"),
        ({"maxProperties": 1}, {"a": 1, "b": 1}, "array_max_properties", "Must have at most 1 properties"),
        ({"not": {"const": 1}}, 1, "number_not", "Must not validate the schema (not)"),
        (
            {"oneOf": [{"minimum": 1}, {"minimum": 2}]},
            5,
            "number_one_of",
            "Must validate one and only one schema (oneOf)",
        ),
        (False, 1, "false", "False always fails validation"),
    ],
)
def test_a_problem_of_a_value_is_told_in_the_words_of_gojsonschema(
    schema: Any, value: Any, title: str, detail: str
) -> None:
    assert problem_of_value(schema, value) == [("data.v", title, detail)]


def test_a_missing_property_is_named_without_its_path() -> None:
    schema = {"properties": {"inner": {"required": ["b", "a"]}}, "required": ["enabled"]}
    assert problems(schema, {"inner": {}}) == [
        ("enabled", "required", "enabled is required"),
        ("b", "required", "b is required"),
        ("a", "required", "a is required"),
    ]


def test_a_missing_dependency_is_told_at_the_object_that_lacks_it() -> None:
    limits = {"dependentRequired": {"includes_guests": ["max_uses"], "reset_on": ["max_uses", "zone"]}}
    schema = {"properties": {"codes": {"items": {"properties": {"max_uses_per_shopper": limits}}}}}
    codes = [
        {"max_uses_per_shopper": {"includes_guests": True}},
        {"max_uses_per_shopper": {"reset_on": 1, "zone": 1}},
        {},
    ]
    assert problems(schema, {"codes": codes}) == [
        ("data.codes.0.max_uses_per_shopper", "missing_dependency", "Has a dependency on max_uses"),
        ("data.codes.1.max_uses_per_shopper", "missing_dependency", "Has a dependency on max_uses"),
    ]


def test_a_property_that_happens_to_be_called_dependent_required_is_just_missing() -> None:
    schema = {"properties": {"dependentRequired": {"required": ["x"]}}}
    assert problems(schema, {"dependentRequired": {}}) == [("x", "required", "x is required")]


def test_properties_that_are_not_allowed_are_named_one_by_one() -> None:
    expected = [
        ("z", "additional_property_not_allowed", "Additional property z is not allowed"),
        ("y", "additional_property_not_allowed", "Additional property y is not allowed"),
    ]
    data = {"a": 1, "z": 1, "y": 1}
    assert problems({"properties": {"a": True}, "additionalProperties": False}, data) == expected
    assert problems({"properties": {"a": True}, "unevaluatedProperties": False}, data) == expected


def test_a_property_name_that_does_not_match_is_quoted() -> None:
    assert problems({"propertyNames": {"maxLength": 2}}, {"abc": 1, "ab": 1, "defg": 1}) == [
        ("abc", "invalid_property_name", 'Property name of "abc" does not match'),
        ("defg", "invalid_property_name", 'Property name of "defg" does not match'),
    ]


def test_a_failed_any_of_is_followed_by_the_problems_of_the_nearest_branch() -> None:
    code_length = {
        "anyOf": [
            {"type": "integer", "minimum": 8, "maximum": 16},
            {"type": "string", "pattern": "^([89]|1[0-6])$"},
        ]
    }
    any_of = ("data.v", "number_any_of", "Must validate at least one schema (anyOf)")
    assert problem_of_value(code_length, 20) == [
        any_of,
        ("data.v", "number_lte", "Must be less than or equal to 16"),
    ]
    assert problem_of_value(code_length, "20") == [
        any_of,
        ("data.v", "pattern", "Does not match pattern '^([89]|1[0-6])$'"),
    ]
    assert problem_of_value(code_length, True) == [
        any_of,
        ("data.v", "invalid_type", "Invalid type. Expected: integer, given: boolean"),
    ]


def test_a_failed_plain_one_of_is_followed_by_the_problems_of_the_nearest_branch() -> None:
    schema = {"oneOf": [{"required": ["a", "b"]}, {"required": ["c"]}]}
    assert problem_of_value(schema, {}) == [
        ("data.v", "number_one_of", "Must validate one and only one schema (oneOf)"),
        ("c", "required", "c is required"),
    ]


def test_conditions_tell_what_is_wrong_inside_them_and_nothing_about_themselves() -> None:
    schema = {
        "if": {"properties": {"a": {"const": 1}}},
        "then": {"required": ["b"]},
        "else": {"required": ["c"]},
    }
    assert problems({"allOf": [schema]}, {"a": 1}) == [("b", "required", "b is required")]
    assert problems({"allOf": [schema]}, {"a": 2}) == [("c", "required", "c is required")]


def test_problems_come_in_the_order_of_the_body_each_once() -> None:
    named = {"properties": {"name": {"type": "string"}}}
    schema = {
        "allOf": [named, named],
        "properties": {"a": {"type": "integer"}, "list": {"items": {"type": "integer"}}, "name": True},
        "required": ["missing"],
    }
    assert problems(schema, {"name": 1, "list": [1, "x", None], "a": "y"}) == [
        ("missing", "required", "missing is required"),
        ("data.name", "invalid_type", "Invalid type. Expected: string, given: integer"),
        ("data.list.1", "invalid_type", "Invalid type. Expected: integer, given: string"),
        ("data.list.2", "invalid_type", "Invalid type. Expected: integer, given: null"),
        ("data.a", "invalid_type", "Invalid type. Expected: integer, given: string"),
    ]


def test_no_more_than_a_hundred_problems_are_told() -> None:
    told = problems({"properties": {"v": {"items": {"type": "string"}}}}, {"v": list(range(5000))})
    assert told == [
        (f"data.v.{index}", "invalid_type", "Invalid type. Expected: string, given: integer")
        for index in range(100)
    ]
