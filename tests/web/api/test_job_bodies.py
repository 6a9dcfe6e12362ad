"""The bodies of jobs over HTTP: both sides of every published limit. What a job does is tested with the
simulation.
"""

from __future__ import annotations

from typing import Any

import pytest

from ep_mock.domain.families import FAMILIES, RULE, STANDARD, Family
from tests.bodies import code_export, code_generate, new_promotion
from tests.client import ApiClient, api_client
from tests.web.api.refusals import refused, titles

each_family = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
PARAMETERS = "data.parameters"


def jobs_path(client: ApiClient, family: Family) -> str:
    promotion = client.created(f"/v2/{family.collection}", {"data": new_promotion(family)})
    return f"/v2/{family.collection}/{promotion['id']}/jobs"


@pytest.mark.parametrize(
    ("wanted", "fits"),
    [
        ({"number_of_codes": 1}, []),
        ({"number_of_codes": 1000}, []),
        ({"number_of_codes": 0}, [("number_of_codes", "number_gte")]),
        ({"number_of_codes": 1.5}, [("number_of_codes", "invalid_type")]),
        ({"number_of_codes": 1001}, [("number_of_codes", "Too many promotion codes")]),
        ({"number_of_codes": 1, "max_uses_per_code": 0}, []),
        ({"number_of_codes": 1, "max_uses_per_code": -1}, [("max_uses_per_code", "number_gte")]),
        ({"number_of_codes": 1, "code_length": 8}, []),
        ({"number_of_codes": 1, "code_length": 16}, []),
        ({"number_of_codes": 1, "code_length": "16"}, []),
        ({"number_of_codes": 1, "code_length": 7}, [("code_length", "number_gte")]),
        ({"number_of_codes": 1, "code_length": 17}, [("code_length", "number_lte")]),
        ({"number_of_codes": 1, "code_length": "17"}, [("code_length", "pattern")]),
        ({"number_of_codes": 1, "code_prefix": ""}, []),
        ({"number_of_codes": 1, "code_prefix": 5}, [("code_prefix", "invalid_type")]),
        ({"number_of_codes": 1, "consume_unit": "per_year"}, [("consume_unit", "enum")]),
        ({"number_of_codes": 1, "unknown": True}, []),
    ],
    ids=str,
)
@each_family
def test_parameters_are_held_to_their_limits(
    family: Family, wanted: dict[str, Any], fits: list[tuple[str, str]]
) -> None:
    client = api_client()
    path = jobs_path(client, family)
    body = {"data": {**code_export(), "job_type": "code_generate", "parameters": wanted}}
    if fits:
        assert titles(refused(client, "POST", path, body)) == [
            (f"{PARAMETERS}.{name}", title) for name, title in fits
        ]
        return
    known = {
        key: int(value) if key == "code_length" else value
        for key, value in wanted.items()
        if key != "unknown"
    }
    assert client.created(path, body)["parameters"] == known


@each_family
def test_units_are_those_of_the_family(family: Family) -> None:
    client = api_client(cancelling_blocks=False)
    other = STANDARD if family is RULE else RULE
    for unit in family.consume_units:
        path = jobs_path(client, family)
        assert (
            client.created(path, {"data": code_generate(1, consume_unit=unit)})["parameters"]["consume_unit"]
            == unit
        )
    path = jobs_path(client, family)
    for unit in other.consume_units:
        errors = refused(client, "POST", path, {"data": code_generate(1, consume_unit=unit)})
        assert titles(errors) == [(f"{PARAMETERS}.consume_unit", "enum")]


@each_family
def test_a_name_has_fifty_characters_at_most_and_is_kept_as_it_is(family: Family) -> None:
    client = api_client()
    path = jobs_path(client, family)
    too_long = {"data": {**code_export(), "name": "é" * 51}}
    assert refused(client, "POST", path, too_long) == [
        {
            "status": 400,
            "source": "data.name",
            "title": "string_lte",
            "detail": "String length must be less than or equal to 50",
        }
    ]
    name = " " + "é" * 48 + " "
    assert client.created(path, {"data": {**code_export(), "name": name}})["name"] == name
    assert client.get(path).json()["data"][0]["name"] == name


@pytest.mark.parametrize(
    ("change", "problems"),
    [
        ({"type": None}, [("data.type", "invalid_type")]),
        ({"type": "job"}, [("data.type", "const"), ("data.type", "enum")]),
        ({"job_type": "code_delete"}, [("data.job_type", "enum")]),
        ({"job_type": "code_generate"}, [("parameters", "required")]),
        ({"job_type": "code_generate", "parameters": {}}, [("number_of_codes", "required")]),
        ({"job_type": "code_generate", "parameters": []}, [("data.parameters", "invalid_type")]),
    ],
    ids=str,
)
@each_family
def test_what_is_no_job_is_refused(
    family: Family, change: dict[str, Any], problems: list[tuple[str, str]]
) -> None:
    client = api_client()
    found = titles(refused(client, "POST", jobs_path(client, family), {"data": {**code_export(), **change}}))
    assert found
    assert set(found) <= set(problems)


@each_family
def test_an_export_has_no_parameters_and_takes_no_notice_of_any(family: Family) -> None:
    client = api_client()
    made = client.created(
        jobs_path(client, family), {"data": {**code_export(), "parameters": {"number_of_codes": "many"}}}
    )
    assert "parameters" not in made


def test_standard_jobs_may_come_without_data_and_rule_jobs_may_not() -> None:
    client = api_client()
    assert client.created(jobs_path(client, STANDARD), code_export())["status"] == "pending"
    assert titles(refused(client, "POST", jobs_path(client, RULE), code_export())) == [("data", "required")]


def test_rule_jobs_may_be_called_codes_and_standard_jobs_may_not() -> None:
    client = api_client()
    body = {"data": {**code_export(), "type": "promotion_codes"}}
    assert client.created(jobs_path(client, RULE), body)["type"] == "promotion_job"
    assert titles(refused(client, "POST", jobs_path(client, STANDARD), body)) == [("data.type", "const")]
