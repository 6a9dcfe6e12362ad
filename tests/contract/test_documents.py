"""The shipped OpenAPI documents are sound in themselves, complete, and alike."""

from __future__ import annotations

import json

import pytest
import schemathesis
import yaml

from tests.contract.shipped_documents import (
    FAMILIES,
    NAMES,
    OPENAPI,
    component,
    document,
    followed,
    media,
    nodes,
    operations,
    problems,
    validator,
)


@pytest.mark.parametrize("name", NAMES)
def test_the_json_is_what_the_yaml_says(name: str) -> None:
    source = yaml.safe_load((OPENAPI / f"{name}.yaml").read_text(encoding="utf-8"))
    assert (OPENAPI / f"{name}.json").read_text(encoding="utf-8") == json.dumps(
        source, ensure_ascii=False, indent=1
    ) + "\n"


@pytest.mark.parametrize("name", NAMES)
def test_a_document_is_openapi_3_1(name: str) -> None:
    assert document(name)["openapi"] == "3.1.0"
    schemathesis.openapi.from_dict(document(name)).validate()


@pytest.mark.parametrize("name", NAMES)
def test_every_schema_compiles_and_every_component_is_used(name: str) -> None:
    components = document(name)["components"]
    for schema in components["schemas"]:
        component(name, schema)
    references = {node["$ref"] for node in nodes(document(name)) if isinstance(node.get("$ref"), str)}
    for reference in references:
        assert isinstance(followed(name, {"$ref": reference}), dict)
    defined = {
        f"#/components/{kind}/{key}"
        for kind, entries in components.items()
        if kind != "securitySchemes"
        for key in entries
    }
    assert defined - references == set()


@pytest.mark.parametrize("name", NAMES)
def test_every_body_and_answer_has_examples_that_fit(name: str) -> None:
    for place, content in media(name):
        checked = validator(name, content["schema"])
        assert content["examples"], place
        for key, example in content["examples"].items():
            assert [place, key, *problems(checked, followed(name, example)["value"])] == [place, key]


@pytest.mark.parametrize("name", NAMES)
def test_every_parameter_and_header_has_a_text_and_an_example_that_fits(name: str) -> None:
    described = [*document(name)["components"].get("headers", {}).values()]
    for found, item in operations(name):
        described += [
            followed(name, parameter)
            for parameter in (*item.get("parameters", ()), *found.get("parameters", ()))
        ]
    for parameter in described:
        assert parameter["description"]
        assert problems(validator(name, parameter["schema"]), parameter["example"]) == []


@pytest.mark.parametrize("name", NAMES)
def test_every_operation_has_its_texts_and_a_tag_that_is_explained(name: str) -> None:
    explained = {tag["name"] for tag in document(name)["tags"] if tag["description"]}
    for found, _ in operations(name):
        assert found["summary"]
        assert found["description"]
        assert set(found["tags"]) <= explained
        assert all(followed(name, answer)["description"] for answer in found["responses"].values())


@pytest.mark.parametrize("name", NAMES)
def test_a_discriminator_names_every_branch_by_the_value_that_the_branch_demands(name: str) -> None:
    for node in nodes(document(name)["components"]["schemas"]):
        if "discriminator" in node:
            key, mapping = node["discriminator"]["propertyName"], node["discriminator"]["mapping"]
            assert sorted(mapping.values()) == sorted(branch["$ref"] for branch in node["oneOf"])
            for value, reference in mapping.items():
                branch = followed(name, {"$ref": reference})
                assert branch["properties"][key]["const"] == value
                assert key in branch["required"]


@pytest.mark.parametrize("name", FAMILIES)
def test_the_data_schema_of_a_body_is_the_one_inside_data(name: str) -> None:
    for found, _ in operations(name):
        body = found.get("requestBody", {})
        if "application/json" in body.get("content", {}):
            bare = {"$ref": body["x-data-schema"]}
            wrapped = {"type": "object", "required": ["data"], "properties": {"data": bare}}
            optional = {"anyOf": [wrapped, {**bare, "not": {"required": ["data"]}}]}
            assert (
                body["content"]["application/json"]["schema"]
                == {"required": wrapped, "optional": optional}[body["x-data-wrapper"]]
            )


def test_both_families_have_the_same_operations_except_the_history() -> None:
    standard, rule = ({found["operationId"] for found, _ in operations(name)} for name in FAMILIES)
    assert standard - {"get_promotion_history"} == rule


@pytest.mark.parametrize("name", FAMILIES)
def test_every_operation_can_be_refused_for_the_common_reasons(name: str) -> None:
    common = {"401", "403", "404", "405", "413", "429", "503"}
    for found, _ in operations(name):
        with_body = {"415"} if "requestBody" in found else set()
        assert (common | with_body) - set(found["responses"]) == set()


@pytest.mark.parametrize("name", FAMILIES)
def test_only_the_login_needs_no_token(name: str) -> None:
    assert document(name)["security"] == [{"bearerAuth": []}]
    assert [found["operationId"] for found, _ in operations(name) if "security" in found] == [
        "create_access_token"
    ]
