"""From the bytes of a body to plain data, or to one ApiError."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ep_mock.contract.documents import Operation, load_document
from ep_mock.contract.validation import validate_body
from ep_mock.errors import ApiError, UsageError
from tests.contract.small_documents import operation_of, operation_taking
from tests.documented_responses import response_problems

JOB = {
    "oneOf": [{"$ref": "#/components/schemas/Generate"}, {"$ref": "#/components/schemas/Export"}],
    "discriminator": {
        "propertyName": "job_type",
        "mapping": {
            "code_generate": "#/components/schemas/Generate",
            "code_export": "#/components/schemas/Export",
            "codes_export": "Export",
        },
    },
}
JOBS: dict[str, Any] = {
    "Generate": {
        "type": "object",
        "description": "Not part of what is compiled.",
        "required": ["type", "parameters"],
        "properties": {
            "type": {"type": "string", "const": "promotion_job"},
            "job_type": {"type": "string", "const": "code_generate"},
            "parameters": {
                "type": "object",
                "required": ["number_of_codes"],
                "properties": {"number_of_codes": {"type": "integer", "minimum": 1}},
            },
        },
    },
    "Export": {
        "type": "object",
        "required": ["type"],
        "properties": {"name": {"type": "string", "maxLength": 50}},
    },
}
RULES: dict[str, Any] = {
    "Rule": {
        "discriminator": {
            "propertyName": "strategy",
            "mapping": {
                "and": "#/components/schemas/Group",
                "or": "#/components/schemas/Group",
                "limit": "#/components/schemas/Limit",
            },
        },
        "oneOf": [{"$ref": "#/components/schemas/Group"}, {"$ref": "#/components/schemas/Limit"}],
    },
    "Group": {
        "type": "object",
        "required": ["children"],
        "properties": {
            "children": {"type": "array", "minItems": 1, "items": {"$ref": "#/components/schemas/Rule"}}
        },
    },
    "Limit": {
        "type": "object",
        "required": ["args"],
        "properties": {
            "args": {"type": "array", "items": {"type": "integer"}},
            "condition": {"$ref": "#/components/schemas/Rule"},
        },
    },
}
CREATE_JOB = operation_taking(JOB, schemas=JOBS)
CREATE_RULE = operation_taking({"$ref": "#/components/schemas/Rule"}, schemas=RULES)
ANYTHING = {"type": "object"}
TAKE_ANYTHING = operation_taking(ANYTHING)
EXAMPLE = 'a JSON object such as {"data": {...}}'


def refusal(operation: Operation, raw: bytes) -> list[tuple[str, str]]:
    """Where and what, of all problems of a body."""
    with pytest.raises(ApiError) as raised:
        validate_body(operation, raw)
    assert raised.value.status == 400
    return [(item.get("source", ""), item["detail"]) for item in raised.value.errors]


def wrapped(data: Any) -> bytes:
    return json.dumps({"data": data}).encode()


class TestDecoding:
    @pytest.mark.parametrize(
        ("raw", "detail"),
        [
            (b"", f"The request body is empty: expected {EXAMPLE}"),
            (b" \n", f"The request body is empty: expected {EXAMPLE}"),
            (
                b'{"data":',
                f"The request body is not JSON: it ends too early at byte 8 (line 1, column 9); expected {EXAMPLE}",
            ),
            (
                b'{"data": {\n  "a": x}}',
                f"The request body is not JSON: invalid character at byte 18 (line 2, column 8); expected {EXAMPLE}",
            ),
            (
                b"{} {}",
                f"The request body is not JSON: trailing characters at byte 4 (line 1, column 5); expected {EXAMPLE}",
            ),
            (
                b"\xef\xbb\xbf{}",
                f"The request body is not acceptable: it begins with a byte order mark; send UTF-8 without one; expected {EXAMPLE}",
            ),
            (
                b'{"data": {"n": NaN}}',
                f"The request body is not JSON: invalid character at byte 15 (line 1, column 16); expected {EXAMPLE}",
            ),
            (
                b'{"data": "\xff"}',
                f"The request body is not UTF-8 at byte 10 (line 1, column 11); expected {EXAMPLE}",
            ),
            (
                b'{"data": "\xed\xa0\x80"}',
                f"The request body is not UTF-8 at byte 10 (line 1, column 11); expected {EXAMPLE}",
            ),
            (b'{"data": {"n": 1e999}}', "The request body is not acceptable: a number in it is out of range"),
            (
                b'{"data": {"n": ' + b"9" * 5000 + b"}}",
                "The request body is not acceptable: a number in it is out of range",
            ),
            (
                b"[" * 129 + b"]" * 129,
                "The request body is not acceptable: it is nested more than 128 levels deep",
            ),
            (
                b'{"a":' * 5000 + b"1" + b"}" * 5000,
                "The request body is not acceptable: it is nested more than 128 levels deep",
            ),
        ],
    )
    def test_a_body_that_cannot_be_decoded_is_told_where_and_why(self, raw: bytes, detail: str) -> None:
        with pytest.raises(ApiError) as raised:
            validate_body(operation_taking(ANYTHING), raw)
        assert raised.value.status == 400
        assert raised.value.errors == ({"status": 400, "title": "Bad Request", "detail": detail},)

    def test_a_lone_surrogate_is_refused(self) -> None:
        (problem,) = refusal(operation_taking(ANYTHING), b'{"data": {"a": "\\udc00"}}')
        assert problem[1].startswith("The request body is not JSON: ")

    def test_a_body_may_be_as_deep_as_the_limit_and_have_many_brackets(self) -> None:
        operation = operation_taking(ANYTHING, wrapper=None)
        deepest: Any = 1
        for _ in range(127):
            deepest = [deepest]
        body = {"deep": deepest, "wide": [[]] * 500}
        assert validate_body(operation, json.dumps(body).encode()) == body
        assert refusal(operation, json.dumps({"deep": [deepest]}).encode()) == [
            ("", "The request body is not acceptable: it is nested more than 128 levels deep")
        ]

    def test_a_number_without_a_fraction_is_an_integer_however_it_is_written(self) -> None:
        operation = operation_taking({"properties": {"n": {"type": "array", "items": {"type": "integer"}}}})
        data = validate_body(operation, b'{"data": {"n": [5, 5.0, 5e0, 1E2, -0.0, 12345678901234567890123]}}')
        assert [(value, type(value)) for value in data["n"]] == [
            (value, int) for value in (5, 5, 5, 100, 0, 12345678901234567890123)
        ]

    def test_a_number_with_a_fraction_stays_one(self) -> None:
        assert validate_body(operation_taking(ANYTHING), b'{"data": {"n": [0.5, 1e-7]}}') == {
            "n": [0.5, 1e-7]
        }

    def test_the_body_is_handed_out_in_its_order_and_otherwise_unchanged(self) -> None:
        raw = ' {"data": {"z": 1, "a": {"y": null, "b": "tr\u00e4iling "}}} '.encode()
        data = validate_body(operation_taking(ANYTHING), raw)
        assert json.dumps(data, ensure_ascii=False) == '{"z": 1, "a": {"y": null, "b": "träiling "}}'


class TestWrapper:
    def test_a_required_wrapper_must_be_there_and_be_an_object(self) -> None:
        operation = operation_taking(ANYTHING)
        assert refusal(operation, b"{}") == [("data", "data is required")]
        assert refusal(operation, b'{"data": [1]}') == [
            ("data", "Invalid type. Expected: object, given: array")
        ]
        assert refusal(operation, b'{"data": null}') == [
            ("data", "Invalid type. Expected: object, given: null")
        ]
        assert refusal(operation, b"[]") == [("(root)", "Invalid type. Expected: object, given: array")]
        assert refusal(operation, b"5") == [("(root)", "Invalid type. Expected: object, given: integer")]
        assert validate_body(operation, b'{"data": {"a": 1}, "beside": 2}') == {"a": 1}

    def test_an_optional_wrapper_may_be_left_out_and_the_paths_follow_the_body(self) -> None:
        operation = operation_taking({"properties": {"a": {"type": "integer"}}}, wrapper="optional")
        assert (
            validate_body(operation, b'{"data": {"a": 1}}')
            == validate_body(operation, b'{"a": 1}')
            == {"a": 1}
        )
        assert refusal(operation, b'{"data": {"a": ""}}') == [
            ("data.a", "Invalid type. Expected: integer, given: string")
        ]
        assert refusal(operation, b'{"a": ""}') == [("a", "Invalid type. Expected: integer, given: string")]
        assert refusal(operation, b'{"data": 1}') == [
            ("data", "Invalid type. Expected: object, given: integer")
        ]

    def test_the_whole_of_a_bare_body_is_called_root(self) -> None:
        operation = operation_taking({"minProperties": 1}, wrapper="optional")
        assert refusal(operation, b"{}") == [("(root)", "Must have at least 1 properties")]

    def test_a_body_without_a_documented_wrapper_is_taken_as_it_is(self) -> None:
        operation = operation_taking({"properties": {"data": {"type": "string"}}}, wrapper=None)
        assert validate_body(operation, b'{"data": "x"}') == {"data": "x"}
        assert refusal(operation, b"") == [("", "The request body is empty: expected a JSON object")]

    def test_an_optional_body_may_be_empty_but_not_wrong(self) -> None:
        operation = operation_taking({"required": ["a"]}, required=False)
        assert validate_body(operation, b"") == validate_body(operation, b" ") == {}
        assert refusal(operation, b"{}") == [("data", "data is required")]

    def test_an_operation_without_a_body_takes_none(self) -> None:
        with pytest.raises(UsageError, match="has no JSON body"):
            validate_body(operation_of({"operationId": "cancelThing"}), b"{}")


class TestDiscriminator:
    def test_only_the_problems_of_the_chosen_branch_are_told(self) -> None:
        job = {"type": "x", "job_type": "code_generate", "name": 5, "parameters": {"number_of_codes": 0}}
        assert refusal(CREATE_JOB, wrapped(job)) == [
            ("data.type", 'data.type does not match: "promotion_job"'),
            ("data.parameters.number_of_codes", "Must be greater than or equal to 1"),
        ]
        assert refusal(CREATE_JOB, wrapped({"job_type": "codes_export", "name": "x" * 51})) == [
            ("type", "type is required"),
            ("data.name", "String length must be less than or equal to 50"),
        ]

    def test_a_missing_discriminator_is_a_missing_property(self) -> None:
        assert refusal(CREATE_JOB, wrapped({})) == [("job_type", "job_type is required")]

    def test_an_unknown_value_lists_the_allowed_ones(self) -> None:
        allowed = '"code_generate", "code_export", "codes_export"'
        assert refusal(CREATE_JOB, wrapped({"job_type": "x"})) == [
            ("data.job_type", f"data.job_type must be one of the following: {allowed}")
        ]

    def test_a_value_that_is_no_string_has_the_wrong_type(self) -> None:
        assert refusal(CREATE_JOB, wrapped({"job_type": ["code_export"]})) == [
            ("data.job_type", "Invalid type. Expected: string, given: array")
        ]

    def test_values_without_a_mapping_are_the_names_of_the_schemas(self) -> None:
        schema = {
            "oneOf": [{"$ref": "#/components/schemas/Export"}],
            "discriminator": {"propertyName": "kind"},
        }
        operation = operation_taking(schema, schemas=JOBS)
        assert validate_body(operation, wrapped({"kind": "Export", "type": "x"})) == {
            "kind": "Export",
            "type": "x",
        }
        assert refusal(operation, wrapped({"kind": "Generate"})) == [
            ("data.kind", 'data.kind must be one of the following: "Export"')
        ]

    def test_keywords_beside_the_branches_hold_as_well(self) -> None:
        operation = operation_taking(
            {"type": "object", "required": ["id"], "allOf": [{"required": ["x"]}], **JOB}, schemas=JOBS
        )
        assert sorted(refusal(operation, wrapped({"job_type": "code_export"}))) == [
            ("id", "id is required"),
            ("type", "type is required"),
            ("x", "x is required"),
        ]

    def test_a_mapping_that_does_not_fit_the_branches_is_a_fault_of_the_document(self) -> None:
        schema = {**JOB, "discriminator": {"propertyName": "job_type", "mapping": {"code_export": "Export"}}}
        with pytest.raises(UsageError, match="the discriminator 'job_type' maps to"):
            validate_body(operation_taking(schema, schemas=JOBS), wrapped({}))

    def test_a_tree_of_rules_is_followed_to_its_leaves(self) -> None:
        good = {
            "strategy": "and",
            "children": [
                {"strategy": "limit", "args": [1]},
                {
                    "strategy": "or",
                    "children": [
                        {"strategy": "limit", "args": [2], "condition": {"strategy": "limit", "args": []}}
                    ],
                },
            ],
        }
        assert validate_body(CREATE_RULE, wrapped(good)) == good
        bad = {"strategy": "and", "children": [
            {"strategy": "limit", "args": ["x"]},
            {"strategy": "or", "children": []},
            {"strategy": "limit", "args": [1], "condition": {"strategy": "or", "children": [{"strategy": "nor"}, {}, 5]}},
        ]}  # fmt: skip
        assert refusal(CREATE_RULE, wrapped(bad)) == [
            ("data.children.0.args.0", "Invalid type. Expected: integer, given: string"),
            ("data.children.1.children", "Array must have at least 1 items"),
            (
                "data.children.2.condition.children.0.strategy",
                'data.children.2.condition.children.0.strategy must be one of the following: "and", "or", "limit"',
            ),
            ("strategy", "strategy is required"),
            ("data.children.2.condition.children.2", "Invalid type. Expected: object, given: integer"),
        ]


@pytest.mark.parametrize(
    "text", ["2025-01-31", "2025-01-31 10:00", "2025-01-31T10:00:00Z", "2025-01-31T10:00:00.5+02:00"]
)
def test_a_promotion_date_may_have_any_of_its_three_forms(text: str) -> None:
    operation = operation_taking({"properties": {"start": {"type": "string", "format": "promotion-date"}}})
    assert validate_body(operation, wrapped({"start": text})) == {"start": text}


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["data", "type", "job_type", "strategy", "children", "condition", "args", "parameters"]
            )
            | st.text(),
            inner,
        )
    ),
    max_leaves=20,
)


def is_accepted_or_refused(operation: Operation, raw: bytes) -> bool:
    try:
        return isinstance(validate_body(operation, raw), dict)
    except ApiError as error:
        return (
            error.status == 400
            and 1 <= len(error.errors) <= 100
            and all(item["detail"] for item in error.errors)
        )


@given(st.binary() | st.binary().map(lambda raw: b'{"data":{"strategy":"' + raw + b'"}}'))
def test_arbitrary_bytes_are_accepted_or_refused_and_never_raise_anything_else(raw: bytes) -> None:
    assert is_accepted_or_refused(CREATE_JOB, raw)
    assert is_accepted_or_refused(CREATE_RULE, raw)


@given(JSON_VALUES, st.sampled_from(["and", "or", "limit", "code_generate", "x"]))
def test_arbitrary_json_is_accepted_or_refused_and_never_raises_anything_else(
    value: Any, choice: str
) -> None:
    data = {**value, "strategy": choice, "job_type": choice} if isinstance(value, dict) else value
    for operation in (CREATE_JOB, CREATE_RULE):
        assert is_accepted_or_refused(operation, wrapped(data))
        assert is_accepted_or_refused(operation, json.dumps(value).encode())


@given(st.dictionaries(st.text(), JSON_VALUES))
def test_what_is_accepted_equals_what_was_sent(data: dict[str, Any]) -> None:
    assert validate_body(TAKE_ANYTHING, wrapped(data)) == data


def shipped_examples() -> list[tuple[Operation, Any]]:
    """Every documented request body that has something in it, with the operation that takes it."""
    found = []
    for operation in (
        operation for name in ("standard", "rule", "control") for operation in load_document(name).operations
    ):
        if operation.body_schema is not None:
            content = operation.document.dereference(operation.raw["requestBody"])["content"][
                "application/json"
            ]
            found += [
                (operation, operation.document.dereference(each)["value"])
                for each in content.get("examples", {}).values()
            ]
    return [(operation, value) for operation, value in found if value]


@given(st.data())
def test_a_documented_body_with_anything_put_anywhere_is_accepted_or_refused(data: st.DataObject) -> None:
    operation, example = data.draw(st.sampled_from(shipped_examples()))
    body = json.loads(json.dumps(example))
    container: Any = body
    while True:
        place = data.draw(
            st.sampled_from(list(container) if isinstance(container, dict) else range(len(container)))
        )
        inner = container[place]
        if not isinstance(inner, (dict, list)) or not inner or data.draw(st.booleans()):
            break
        container = inner
    container[place] = data.draw(JSON_VALUES)
    assert is_accepted_or_refused(operation, json.dumps(body).encode())


class TestAnswers:
    OPERATION = operation_of(
        {
            "operationId": "readThing",
            "responses": {
                "200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}},
                "201": {"content": {"text/csv": {}}},
                "204": {"description": "Done."},
                "404": {"$ref": "#/components/responses/Error"},
                "5XX": {"$ref": "#/components/responses/Error"},
            },
        },
        schemas={"Thing": {"required": ["id"], "properties": {"n": {"type": "integer"}}}},
        responses={"Error": {"content": {"application/problem+json": {"schema": {"required": ["errors"]}}}}},
    )

    def test_an_answer_that_fits_has_no_problems(self) -> None:
        assert response_problems(self.OPERATION, 200, b'{"id": 1, "n": 2}') == []
        assert response_problems(self.OPERATION, 201, b"a,b\n") == []
        assert response_problems(self.OPERATION, 204, b"") == []
        assert response_problems(self.OPERATION, 404, b'{"errors": []}') == []
        assert response_problems(self.OPERATION, 503, b'{"errors": []}') == []

    def test_all_problems_of_an_answer_are_told(self) -> None:
        assert response_problems(self.OPERATION, 200, b'{"n": "2"}') == [
            "id: id is required",
            "n: Invalid type. Expected: integer, given: string",
        ]
        assert response_problems(self.OPERATION, 404, b"{}") == ["errors: errors is required"]
        assert response_problems(self.OPERATION, 200, b"") == [
            "the body is not JSON: it ends too early at byte 0 (line 1, column 1)"
        ]

    def test_what_is_not_documented_is_a_problem(self) -> None:
        where = "<Operation readThing: POST /things>"
        assert response_problems(self.OPERATION, 202, b"{}") == [
            f"the document has no status 202 for {where}"
        ]
        assert response_problems(self.OPERATION, 204, b"{}") == [
            f"the document has no body with status 204 for {where}, but 2 bytes came"
        ]
