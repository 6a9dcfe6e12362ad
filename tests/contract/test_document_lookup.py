"""Where the documents are found, and what is read from them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ep_mock.contract import documents
from ep_mock.contract.documents import load_document, parse_document
from ep_mock.contract.schemas import compile_schema
from ep_mock.contract.validation import validate_body
from ep_mock.errors import UsageError
from tests.documented_responses import response_problems

SHIPPED = ("standard", "rule", "control")


def text_of(paths: dict[str, Any], **components: Any) -> bytes:
    return json.dumps({"paths": paths, "components": components}).encode()


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory in which `ep_mock` seems to be installed, as `src/ep_mock`."""
    monkeypatch.setattr(
        documents, "__file__", str(tmp_path / "src" / "ep_mock" / "contract" / "documents.py")
    )
    # The cache is one of the process: what a test finds must neither come from it nor stay in it.
    monkeypatch.setattr(documents, "load_document", load_document.__wrapped__)
    return tmp_path


@pytest.mark.parametrize("place", ["src/ep_mock/_openapi", "openapi"])
def test_a_document_is_found_in_a_wheel_and_in_a_checkout(installation: Path, place: str) -> None:
    (installation / place).mkdir(parents=True)
    (installation / place / "standard.json").write_bytes(text_of({"/x": {"get": {"operationId": place}}}))
    assert [operation.operation_id for operation in documents.load_document("standard").operations] == [place]


def test_a_document_that_is_nowhere_is_a_usage_error_that_names_the_places(installation: Path) -> None:
    with pytest.raises(UsageError) as raised:
        documents.load_document("standard")
    assert str(raised.value) == (
        f"OpenAPI document standard.json is neither in {installation / 'src/ep_mock/_openapi'} "
        f"nor in {installation / 'openapi'}: is ep-mock installed completely?"
    )


def test_operations_are_listed_in_document_order_with_what_a_handler_needs() -> None:
    job = {"$ref": "#/components/schemas/Job"}
    document = parse_document(
        "mine",
        text_of(
            {
                "/jobs": {
                    "parameters": [],
                    "post": {
                        "operationId": "createJob",
                        "requestBody": {"$ref": "#/components/requestBodies/Job"},
                    },
                    "get": {"operationId": "listJobs"},
                },
                "/clock": {
                    "put": {
                        "operationId": "setClock",
                        "requestBody": {"content": {"application/json": {"schema": job}}},
                    },
                },
                "/oauth/access_token": {
                    "post": {
                        "operationId": "createToken",
                        "requestBody": {
                            "required": True,
                            "content": {"application/x-www-form-urlencoded": {"schema": {}}},
                        },
                    }
                },
            },
            requestBodies={
                "Job": {"required": True, "x-data-schema": job["$ref"], "x-data-wrapper": "optional"}
            },
            schemas={"Job": {"type": "object"}},
        ),
    )
    assert [
        (o.operation_id, o.method, o.path, o.body_schema, o.body_required, o.wrapper)
        for o in document.operations
    ] == [
        ("createJob", "POST", "/jobs", job, True, "optional"),
        ("listJobs", "GET", "/jobs", None, False, None),
        ("setClock", "PUT", "/clock", job, False, None),
        ("createToken", "POST", "/oauth/access_token", None, True, None),
    ]
    assert document.operation("listJobs") is document.operations[1]
    assert repr(document) == "<Document mine: 4 operations>"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"[]", "OpenAPI document mine is not a JSON object: Expected `object`, got `array`"),
        (b"{", "OpenAPI document mine is not a JSON object: Input data was truncated"),
        (text_of({"/x": {"get": {}}}), "OpenAPI document mine: GET /x has no operationId"),
        (
            text_of({"/x": {"get": {"operationId": "a"}, "put": {"operationId": "a"}}}),
            "OpenAPI document mine: an operationId is used twice",
        ),
        (
            text_of(
                {"/x": {"put": {"operationId": "a", "requestBody": {"$ref": "#/components/requestBodies/B"}}}}
            ),
            "OpenAPI document mine: nothing at '#/components/requestBodies/B'",
        ),
        (
            text_of(
                {
                    "/x": {
                        "put": {
                            "operationId": "a",
                            "requestBody": {"x-data-schema": "#/x", "x-data-wrapper": "no"},
                        }
                    }
                }
            ),
            "OpenAPI document mine: PUT /x: x-data-wrapper is one of ('required', 'optional'), not 'no'",
        ),
    ],
)
def test_a_document_that_cannot_be_used_says_why(text: bytes, message: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse_document("mine", text)
    assert str(raised.value) == message


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        (
            {"$ref": "#/components/schemas/None"},
            "OpenAPI document mine: nothing at '#/components/schemas/None'",
        ),
        (
            {"$ref": "other.json#/X"},
            "OpenAPI document mine: 'other.json#/X' does not refer to one of its schemas",
        ),
        ({"type": "strnig"}, "OpenAPI document mine: a schema cannot be compiled: "),
    ],
)
def test_a_schema_that_cannot_be_compiled_says_why(schema: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as raised:
        compile_schema(parse_document("mine", text_of({})), schema)
    assert str(raised.value).startswith(message)


def test_an_unknown_operation_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="OpenAPI document mine has no operation 'x'"):
        parse_document("mine", text_of({})).operation("x")


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_document_is_read_once_and_all_of_its_schemas_compile(name: str) -> None:
    document = load_document(name)
    assert load_document(name) is document
    assert document.operations
    for schema in document.raw["components"]["schemas"]:
        compile_schema(document, {"$ref": f"#/components/schemas/{schema}"})


@pytest.mark.parametrize("name", SHIPPED)
def test_the_examples_of_a_shipped_document_fit_their_schemas(name: str) -> None:
    seen = 0
    for operation in load_document(name).operations:
        document = operation.document
        body = document.dereference(operation.raw.get("requestBody", {}))
        if operation.body_schema is not None:
            for example in body["content"]["application/json"].get("examples", {}).values():
                validate_body(operation, json.dumps(document.dereference(example)["value"]).encode())
                seen += 1
        for status, response in operation.raw["responses"].items():
            content = document.dereference(response).get("content", {}).get("application/json", {})
            for example in content.get("examples", {}).values():
                answer = json.dumps(document.dereference(example)["value"]).encode()
                assert response_problems(operation, int(status) if status.isdigit() else 599, answer) == [], (
                    f"{operation!r} {status}"
                )
                seen += 1
    assert seen
