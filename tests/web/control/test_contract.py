"""The document of the control plane agrees with the program."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from ep_mock import control_messages as messages
from ep_mock.contract.documents import load_document
from ep_mock.domain.plans import Plan
from ep_mock.errors import UsageError
from ep_mock.settings import choices_of, settings_fields, type_of
from ep_mock.web.app import create_app
from ep_mock.web.control import handlers as control

SCHEMAS: dict[str, Any] = load_document("control").raw["components"]["schemas"]
JSON_TYPES = {str: "string", int: "integer", bool: "boolean"}


def without_texts(schema: dict[str, Any]) -> dict[str, Any]:
    """A property's schema without its texts and without null, as absent properties are left out."""
    for branch in schema.get("anyOf", ()):
        if branch != {"type": "null"}:
            schema = {
                key: value for key, value in {**schema, **branch}.items() if key not in ("anyOf", "default")
            }
    return {key: value for key, value in schema.items() if key != "description"}


def test_the_schema_of_a_plan_is_the_record() -> None:
    struct = msgspec.json.decode(msgspec.json.encode(msgspec.json.schema(Plan)))["$defs"]["Plan"]
    documented = SCHEMAS["Plan"]
    assert {name: without_texts(schema) for name, schema in documented["properties"].items()} == {
        name: without_texts(schema) for name, schema in struct["properties"].items()
    }
    assert (documented["type"], documented["additionalProperties"]) == (
        struct["type"],
        struct["additionalProperties"],
    )


def test_the_schema_of_the_settings_is_the_table_of_those_that_a_store_has() -> None:
    fields = [field for field in settings_fields() if field.metadata["scope"] == "store"]
    expected = {}
    for field in fields:
        schema = {
            "type": JSON_TYPES[type_of(field.name)],
            "enum": list(choices_of(field.name)) or None,
            "minimum": field.metadata["least"],
            "maximum": field.metadata["most"],
            "default": field.default,
            "description": field.metadata["help"],
        }
        expected[field.name] = {key: value for key, value in schema.items() if value is not None}
    names = [field.name for field in fields]
    assert SCHEMAS["Settings"]["properties"] == expected
    assert SCHEMAS["Settings"]["required"] == names
    assert SCHEMAS["SettingsChange"]["properties"] == {
        name: {"$ref": f"#/components/schemas/Settings/properties/{name}"} for name in names
    }


MESSAGES: dict[str, type[msgspec.Struct]] = {
    "Clock": messages.ClockReading,
    "Advanced": messages.Advanced,
    "JobTransition": messages.JobTransition,
    "Job": messages.Job,
    "Jobs": messages.Jobs,
    "HistoryEntry": messages.HistoryEntry,
    "JobHistory": messages.JobHistory,
    "Worker": messages.WorkerReading,
    "Work": messages.Work,
    "QueueEntry": messages.QueueEntry,
    "PlanInForce": messages.PlanReading,
    "FaultInForce": messages.FaultReading,
    "Request": messages.RecordedRequest,
    "NearRequest": messages.NearRequest,
    "RequestsFound": messages.RequestsFound,
    "RequestsThatCame": messages.RequestsCame,
    "RequestCount": messages.RequestCount,
    "Usage": messages.Usage,
    "Stores": messages.Stores,
    "FixtureLoaded": messages.FixtureLoaded,
}


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_has_the_properties_of_its_schema_and_never_lacks_a_required_one(name: str) -> None:
    message, schema = MESSAGES[name], SCHEMAS[name]
    fields = msgspec.structs.fields(message)
    assert {field.name for field in fields} == set(schema["properties"])
    omits_defaults = message.__struct_config__.omit_defaults
    absent = {
        field.name
        for field in fields
        if field.default is msgspec.UNSET or (omits_defaults and not field.required)
    }
    assert absent.isdisjoint(schema["required"])


def test_every_operation_has_its_handler_and_every_handler_its_operation() -> None:
    assert sorted(control.HANDLERS) == sorted(
        operation.operation_id for operation in load_document("control").operations
    )


def test_an_operation_without_a_handler_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "HANDLERS", {})
    with pytest.raises(UsageError, match=r"of the document control has no handler"):
        create_app()
