"""Codes over HTTP: how they are sent, shown and deleted in each family."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from ep_mock.domain.families import FAMILIES, RULE, STANDARD, Family
from tests.bodies import code_generate, new_promotion
from tests.client import ApiClient, api_client
from tests.web.api.refusals import refused, titles

each_family = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
STAMP = {
    "created_by": "ep-mock@example.com",
    "meta": {"timestamps": {"created_at": "2024-12-03T23:31:35.962Z"}},
}
GONE = [{"detail": "promotion code not found", "status": 404, "title": "Not Found"}]


def codes(*items: Any, **beside: Any) -> dict[str, Any]:
    """What to send: a text is a code that has nothing but its name."""
    return {
        "type": "promotion_codes",
        "codes": [{"code": item} if isinstance(item, str) else item for item in items],
        **beside,
    }


def new_path(client: ApiClient, family: Family, **fields: Any) -> str:
    """The path of the codes of a new promotion."""
    promotion = client.created(f"/v2/{family.collection}", {"data": new_promotion(family, **fields)})
    return f"/v2/{family.collection}/{promotion['id']}/codes"


def names(client: ApiClient, path: str) -> list[str]:
    return [code["code"] for code in client.pages(path)]


def test_standard_answers_with_the_promotion_and_rule_with_the_codes() -> None:
    client = api_client()
    standard, rule = new_path(client, STANDARD), new_path(client, RULE)
    body = {"data": codes("a", {"code": "b", "uses": 2})}
    answered = client.post(standard, json=body)
    assert answered.json() == client.get(standard.removesuffix("/codes")).json()
    created = client.post(rule, json=body).json()
    listed = client.get(rule).json()["data"]
    assert created == {
        "data": [
            {"id": listed[0]["id"], "code": "a"},
            {"id": listed[1]["id"], "code": "b", "uses": 2, "max_uses": 2},
        ]
    }
    assert listed == [{**code, **STAMP} for code in created["data"]]


def test_a_setting_gives_rule_codes_their_type() -> None:
    client = api_client(rule_code_type=True)
    standard, rule = new_path(client, STANDARD), new_path(client, RULE)
    created = client.post(rule, json={"data": codes("a")}).json()["data"]
    client.post(standard, json={"data": codes("a")})
    assert [code["type"] for code in (*created, *client.get(rule).json()["data"])] == ["promotion_codes"] * 2
    assert "type" not in client.get(standard).json()["data"][0]


def test_names_that_other_rule_promotions_have_are_told_as_they_were_sent() -> None:
    client = api_client()
    first, second = new_path(client, RULE), new_path(client, RULE)
    client.post(first, json={"data": codes("spring", "summer")})
    body = client.post(second, json={"data": codes("Summer", "autumn", "SPRING")}).json()
    assert [code["code"] for code in body["data"]] == ["Summer", "autumn", "SPRING"]
    assert body["messages"] == [
        {
            "source": {"type": "promotion_codes", "codes": ["Summer", "SPRING"]},
            "title": "Duplicate code names",
            "description": "Code names duplicated in other promotions",
        }
    ]


def test_standard_codes_may_come_without_data_and_rule_codes_may_not() -> None:
    client = api_client()
    standard, rule = new_path(client, STANDARD), new_path(client, RULE)
    assert client.post(standard, json=codes("a", "b")).status_code == 201
    assert client.request("DELETE", standard, json=codes("a")).status_code == 204
    assert names(client, standard) == ["b"]
    for method in ("POST", "DELETE"):
        assert titles(refused(client, method, rule, codes("a"))) == [("data", "required")]


def test_a_standard_unit_may_stand_beside_the_codes() -> None:
    client = api_client()
    path = new_path(client, STANDARD)
    client.created(
        path, {"data": codes("a", {"code": "b", "consume_unit": "per_cart"}, consume_unit="per_item")}
    )
    assert [code["consume_unit"] for code in client.get(path).json()["data"]] == ["per_item", "per_cart"]


@pytest.mark.parametrize(
    ("wrong", "problems"),
    [
        ({"type": "promotion_codes"}, [("codes", "required")]),
        ({"codes": [{"code": "a"}]}, [("type", "required")]),
        ({"type": "promotion_code", "codes": [{"code": "a"}]}, [("data.type", "const")]),
        (codes(), [("data.codes", "array_min_items")]),
        (codes({}), [("code", "required")]),
        (codes({"code": ""}), [("data.codes.0.code", "string_gte")]),
        (codes({"code": 2024}), [("data.codes.0.code", "invalid_type")]),
        (codes("a", {"code": "b", "uses": -1}), [("data.codes.1.uses", "number_gte")]),
        (codes({"code": "a", "uses": "5"}), [("data.codes.0.uses", "invalid_type")]),
        (codes({"code": "a", "consume_unit": "per_day"}), [("data.codes.0.consume_unit", "enum")]),
        (codes({"code": "a", "user": 5}), [("data.codes.0.user", "invalid_type")]),
    ],
    ids=str,
)
@each_family
def test_bodies_that_do_not_fit_are_refused(
    family: Family, wrong: dict[str, Any], problems: list[tuple[str, str]]
) -> None:
    client = api_client()
    assert titles(refused(client, "POST", new_path(client, family), {"data": wrong})) == problems


@pytest.mark.parametrize(
    ("wrong", "problems"),
    [
        ({"user": ["a"]}, [("data.codes.0.user", "invalid_type")]),
        ({"is_for_new_shopper": "yes"}, [("data.codes.0.is_for_new_shopper", "invalid_type")]),
        ({"max_uses_per_shopper": 1}, [("data.codes.0.max_uses_per_shopper", "invalid_type")]),
        (
            {"max_uses_per_shopper": {"max_uses": -1}},
            [("data.codes.0.max_uses_per_shopper.max_uses", "number_gte")],
        ),
        (
            {"max_uses_per_shopper": {"includes_guests": True}},
            [("data.codes.0.max_uses_per_shopper", "missing_dependency")],
        ),
        (
            {"max_uses_per_shopper": {"includes_guests": 1, "max_uses": 1}},
            [("data.codes.0.max_uses_per_shopper.includes_guests", "invalid_type")],
        ),
    ],
    ids=str,
)
def test_what_only_rule_codes_have_is_checked_there_and_ignored_in_standard(
    wrong: dict[str, Any], problems: list[tuple[str, str]]
) -> None:
    client = api_client()
    body = {"data": codes({"code": "a", **wrong})}
    assert titles(refused(client, "POST", new_path(client, RULE), body)) == problems
    path = new_path(client, STANDARD)
    client.created(path, body)
    known = {"user": wrong["user"]} if "user" in wrong else {}
    assert client.get(path).json()["data"] == [{"code": "a", **known, **STAMP}]


@each_family
def test_unknown_properties_of_a_code_are_ignored(family: Family) -> None:
    client = api_client()
    path = new_path(client, family)
    client.created(
        path,
        {
            "data": codes({"code": "a", "colour": "red", "id": "mine", "created_by": "me", "max_uses": 9}),
            "meta": 5,
        },
    )
    (listed,) = client.get(path).json()["data"]
    assert {key: value for key, value in listed.items() if key != "id"} == {"code": "a", **STAMP}
    assert listed.get("id") != "mine"


@each_family
def test_codes_of_a_running_job_are_listed_as_they_come(family: Family) -> None:
    client = api_client()
    path = new_path(client, family)
    client.created(path, {"data": codes("by-hand")})
    client.created(
        path.replace("/codes", "/jobs"),
        {"data": code_generate(20, code_prefix="Summer", code_length=9, max_uses_per_code=3)},
    )
    client.advance(seconds=0.252)
    body = client.get(path).json()
    assert body["meta"]["results"] == {"total": 3}
    made = body["data"][1]
    assert made["code"].startswith("Summer-")
    assert len(made["code"]) == len("Summer-aa2b-3c4d-5")
    assert {key: made[key] for key in ("uses", "max_uses", "consume_unit")} == {
        "uses": 3,
        "max_uses": 3,
        "consume_unit": family.consume_units[0],
    }
    client.advance(idle=True)
    assert client.get(path).json()["meta"]["results"] == {"total": 21}


ODD = [
    "a/b",
    "with blank",
    "100%",
    "%41",
    "ünïcode",
    "semi;colon",
    "usages",
    "a/usages/b",
    "../codes",
    "?",
    "it's",
    '"',
    "\\",
    "+",
]


@each_family
@pytest.mark.parametrize("name", ODD)
def test_a_code_is_deleted_by_its_encoded_name_whatever_is_in_it(family: Family, name: str) -> None:
    client = api_client()
    path = new_path(client, family)
    client.created(path, {"data": codes(name, "left")})
    response = client.delete(f"{path}/{quote(name, safe='')}")
    assert (response.status_code, response.content) == (204, b"")
    assert names(client, path) == ["left"]
    assert refused(client, "DELETE", f"{path}/{quote(name, safe='')}", status=404) == GONE


@each_family
def test_a_code_with_slashes_may_come_raw(family: Family) -> None:
    client = api_client()
    path = new_path(client, family)
    client.created(path, {"data": codes("2024/spring/a", "left")})
    assert client.delete(f"{path}/2024/spring/a").status_code == 204
    assert names(client, path) == ["left"]


def test_a_rule_code_is_deleted_by_its_id_or_by_itself_in_any_case() -> None:
    client = api_client()
    path = new_path(client, RULE)
    created = client.post(path, json={"data": codes("Spring", "Summer", "Autumn")}).json()["data"]
    assert client.delete(f"{path}/{created[0]['id']}").status_code == 204
    assert client.delete(f"{path}/SUMMER").status_code == 204
    assert client.delete(f"{path}/{created[2]['id'].upper()}").status_code == 204
    assert names(client, path) == []


def test_an_id_of_another_promotion_names_nothing() -> None:
    client = api_client()
    first, second = new_path(client, RULE), new_path(client, RULE)
    (other,) = client.post(first, json={"data": codes("a")}).json()["data"]
    client.created(second, {"data": codes("a")})
    assert refused(client, "DELETE", f"{second}/{other['id']}", status=404) == GONE
    assert client.request("DELETE", second, json={"data": codes(other["id"])}).status_code == 204
    assert names(client, second) == ["a"]


@each_family
def test_many_are_deleted_with_a_body_that_may_be_what_created_them(family: Family) -> None:
    client = api_client()
    path = new_path(client, family)
    body = {
        "data": codes(
            "a", {"code": "b", "uses": 5, "consume_unit": family.consume_units[1], "user": "somebody"}
        )
    }
    client.created(path, {"data": codes("first")})
    client.post(path, json=body)
    response = client.request("DELETE", path, json=body)
    assert (response.status_code, response.content) == (204, b"")
    assert client.request("DELETE", path, json=body).status_code == 204
    assert names(client, path) == ["first"]


@each_family
def test_a_list_of_codes_to_delete_must_be_one(family: Family) -> None:
    client = api_client()
    path = new_path(client, family)
    client.created(path, {"data": codes("a")})
    for wrong, problem in (
        (codes(), ("data.codes", "array_min_items")),
        (codes({"name": "a"}), ("code", "required")),
    ):
        assert titles(refused(client, "DELETE", path, {"data": wrong})) == [problem]
    assert refused(client, "DELETE", path)[0]["title"] == "Bad Request"


def test_rule_codes_are_found_by_id_where_the_list_was_read_and_deleted_with_a_body() -> None:
    client = api_client()
    path = new_path(client, RULE)
    client.post(path, json={"data": codes("a", "b", "c")})
    ids = [code["id"] for code in client.get(path).json()["data"]]
    assert client.request("DELETE", path, json={"data": codes(*ids[:2])}).status_code == 204
    assert names(client, path) == ["c"]
