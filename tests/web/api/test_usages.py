"""Usages over HTTP: lists of a promotion and of a code, and making them anonymous. What a usage takes is
tested with the simulation.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from ep_mock.domain.families import FAMILIES, RULE, STANDARD, Family
from tests.bodies import new_promotion
from tests.client import ApiClient, api_client
from tests.simulation.stores import use
from tests.web.api.refusals import refused, titles

each_family = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
NOBODY = "e2b7d9d0-0c2b-4b0e-8a3c-6d5a6f1d9c02"


def used(client: ApiClient, family: Family, *codes: str) -> tuple[str, list[str]]:
    """The path of a new promotion whose codes were used once each, a second after the other, and the ids of
    the usages.
    """
    promotion = client.created(f"/v2/{family.collection}", {"data": new_promotion(family)})
    path = f"/v2/{family.collection}/{promotion['id']}"
    names = [{"code": code} for code in dict.fromkeys(codes)]
    client.post(f"{path}/codes", json={"data": {"type": "promotion_codes", "codes": names}})
    ids = []
    for number, code in enumerate(codes):
        client.advance(seconds=1)
        shopper = {
            "order_id": f"o{number}",
            "customer_id": f"c{number}",
            "customer_email": f"{number}@example.com",
        }
        ids.append(use(client.store, client.store.promotion(family, promotion["id"]), code, **shopper).id)
    return path, ids


def listed(client: ApiClient, path: str) -> list[str]:
    return [usage["id"] for usage in client.get(path).json()["data"]]


def anonymize(family: Family) -> str:
    return f"/v2/{family.collection}/usages/anonymize"


@each_family
def test_usages_are_listed_for_the_promotion_and_for_each_code(family: Family) -> None:
    client = api_client()
    path, (first, second, third) = used(client, family, "Sale", "a/b c", "Sale")
    assert listed(client, f"{path}/usages") == [third, second, first]
    assert listed(client, f"{path}/codes/Sale/usages") == [first, third]
    assert listed(client, f"{path}/codes/{quote('a/b c', safe='')}/usages") == [second]
    assert listed(client, f"{path}/codes/a/b c/usages") == [second]
    for name in ("nobody", "sale" if family is STANDARD else "sail"):
        assert (
            refused(client, "GET", f"{path}/codes/{name}/usages", status=404)[0]["detail"]
            == "promotion code not found"
        )


def test_usages_of_a_rule_code_are_found_by_its_id_and_in_any_case() -> None:
    client = api_client()
    path, (first, _) = used(client, RULE, "Sale", "other")
    (code, _) = client.get(f"{path}/codes").json()["data"]
    for name in ("SALE", code["id"], code["id"].upper()):
        assert listed(client, f"{path}/codes/{name}/usages") == [first]
    assert client.get(f"{path}/usages").json()["data"][1]["code_id"] == code["id"]


def test_standard_usages_can_be_sorted() -> None:
    client = api_client()
    path, (first, second, third) = used(client, STANDARD, "b", "a", "b")
    assert listed(client, f"{path}/usages?sort=used_on") == [first, second, third]
    assert listed(client, f"{path}/usages?sort=-order_id") == [third, second, first]
    assert listed(client, f"{path}/usages?sort=code&filter=lt(used_on,2025-01-01)") == [second, first, third]
    assert listed(client, f"{path}/codes/b/usages?sort=-used_on") == [third, first]
    assert titles(refused(client, "GET", f"{path}/codes/b/usages?sort=code")) == [("sort", "Bad Request")]


@each_family
def test_all_known_usages_are_made_anonymous(family: Family) -> None:
    client = api_client()
    path, ids = used(client, family, "a", "b", "c")
    before = {usage["id"]: usage for usage in client.get(f"{path}/usages").json()["data"]}
    client.advance(seconds=1)
    response = client.post(anonymize(family), json={"data": {"usage_ids": ids[:2], "unknown": True}})
    assert (response.status_code, list(response.json())) == (200, ["data"])
    done = response.json()["data"]
    assert done == [_anonymous(before[each], family) for each in ids[:2]]
    assert client.get(f"{path}/usages?filter=eq(id,{ids[0]})").json()["data"] == done[:1]
    assert client.get(f"{path}/usages?filter=eq(id,{ids[2]})").json()["data"] == [before[ids[2]]]


def _anonymous(usage: dict[str, Any], family: Family) -> dict[str, Any]:
    meta = {"timestamps": {"updated_at": "2024-12-03T23:31:39.962Z"}}
    changed = {**usage, "customer_email": "**", "anonymized": True, "meta": meta}
    if family is RULE:
        return {**changed, "updated_by": "ep-mock@example.com"}
    del changed["customer_id"]
    return changed


@each_family
def test_unknown_usages_are_named_beside_the_others(family: Family) -> None:
    client = api_client()
    path, (known,) = used(client, family, "a")
    response = client.post(anonymize(family), json={"data": {"usage_ids": [NOBODY, known, NOBODY]}})
    assert response.status_code == 200
    error = {
        "status": "404",
        "title": "Could not anonymize some usages",
        "detail": "Usages not found.",
        "meta": {"usage_ids": [NOBODY]},
    }
    assert response.json() == {"data": client.get(f"{path}/usages").json()["data"], "errors": [error]}
    assert response.json()["data"][0]["anonymized"] is True


UNKNOWN: dict[Family, dict[str, Any]] = {
    STANDARD: {"status": "404", "title": "Could not anonymize some usages", "detail": "Usages not found."},
    RULE: {"status": 404, "title": "Usages Not Found", "detail": "Some usage IDs could not be found."},
}


@each_family
def test_usages_none_of_which_is_known_are_not_found(family: Family) -> None:
    client = api_client()
    _, (other,) = used(client, RULE if family is STANDARD else STANDARD, "a")
    errors = refused(client, "POST", anonymize(family), {"data": {"usage_ids": [NOBODY, other]}}, status=404)
    assert errors == [{**UNKNOWN[family], "meta": {"usage_ids": [NOBODY, other]}}]


@each_family
def test_no_usages_at_all_are_no_problem(family: Family) -> None:
    response = api_client().post(anonymize(family), json={"data": {"usage_ids": []}})
    assert (response.status_code, response.json()) == (200, {"data": []})


@pytest.mark.parametrize(
    ("body", "problems"),
    [
        ({"usage_ids": [NOBODY]}, [("data", "required")]),
        ({"data": {}}, [("usage_ids", "required")]),
        ({"data": {"usage_ids": NOBODY}}, [("data.usage_ids", "invalid_type")]),
        ({"data": {"usage_ids": [5]}}, [("data.usage_ids.0", "invalid_type")]),
    ],
)
@each_family
def test_what_names_no_usages_is_refused(
    family: Family, body: dict[str, Any], problems: list[tuple[str, str]]
) -> None:
    assert titles(refused(api_client(), "POST", anonymize(family), body)) == problems


@each_family
def test_usages_of_a_deleted_promotion_can_still_be_made_anonymous(family: Family) -> None:
    client = api_client()
    path, ids = used(client, family, "a")
    client.delete(path)
    response = client.post(anonymize(family), json={"data": {"usage_ids": ids}})
    assert (response.status_code, response.json()["data"][0]["anonymized"]) == (200, True)
