from __future__ import annotations

from typing import Any

import pytest

from ep_mock.domain.families import FAMILIES, Family
from tests.bodies import new_promotion
from tests.client import ApiClient, api_client

START = "2024-12-03T23:31:35.962680423Z"


def promotion_with_codes(client: ApiClient, family: Family, **fields: Any) -> str:
    """The id of a promotion with a code that can be used three times, and one of user u1."""
    promotion: str = client.created(f"/v2/{family.collection}", {"data": new_promotion(family, **fields)})[
        "id"
    ]
    codes = [{"code": "three", "uses": 3}, {"code": "mine", "user": "u1"}]
    response = client.post(
        f"/v2/{family.collection}/{promotion}/codes",
        json={"data": {"type": "promotion_codes", "codes": codes}},
    )
    assert response.status_code == 201, response.text
    return promotion


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_a_checkout_takes_uses_from_a_code_and_leaves_a_record_that_the_api_lists(family: Family) -> None:
    client = api_client()
    promotion = promotion_with_codes(client, family)
    path = f"/__ep_mock/promotions/{promotion}/usages"
    shopper = {
        "customer_id": "c-1",
        "customer_email": "ann@example.com",
        "order_id": "o-1",
        "account_id": "a-1",
    }
    first = client.post(path, json={"code": "three", "times_used": 2, **shopper})
    second = client.post(path, json={"code": "mine", "customer_id": "u1"})
    assert (first.status_code, second.status_code) == (201, 201)
    listed = client.get(f"/v2/{family.collection}/{promotion}/usages").json()["data"]
    assert first.json() == {
        "id": first.json()["id"],
        "promotion_id": promotion,
        "family": family.name,
        "code": "three",
        "times_used": 2,
        "used_on": START,
        "uses_left": 1,
        **shopper,
    }
    assert "uses_left" not in second.json()
    assert sorted(usage["id"] for usage in listed) == sorted([first.json()["id"], second.json()["id"]])
    codes = {
        code["code"]: code.get("uses")
        for code in client.get(f"/v2/{family.collection}/{promotion}/codes").json()["data"]
    }
    assert codes == {"three": 1, "mine": None}


@pytest.mark.parametrize(
    ("body", "status", "detail"),
    [
        ({"code": "three", "times_used": 4}, 422, "the code has 3 uses left, 4 are needed"),
        ({"code": "mine", "customer_id": "u2"}, 422, "the code is for another user"),
        ({"code": "none"}, 404, "promotion code not found"),
        ({"code": "three", "times_used": 0}, 400, "Must be greater than or equal to 1"),
        ({"times_used": 1}, 400, "code is required"),
        ({"code": "three", "user": "u1"}, 400, "Additional property user is not allowed"),
    ],
)
def test_a_checkout_that_cannot_be_is_refused_and_nothing_has_changed(
    body: dict[str, Any], status: int, detail: str
) -> None:
    client = api_client()
    promotion = promotion_with_codes(client, FAMILIES[1])
    before = client.get("/__ep_mock/snapshot").content
    response = client.post(f"/__ep_mock/promotions/{promotion}/usages", json=body)
    assert (response.status_code, response.json()["errors"][0]["detail"]) == (status, detail)
    assert client.get("/__ep_mock/snapshot").content == before


@pytest.mark.parametrize(
    "fields",
    [{"enabled": False}, {"end": "2001-01-01"}, {"start": "2099-01-01"}],
    ids=["off", "over", "to come"],
)
def test_a_promotion_that_does_not_run_takes_no_checkout(fields: dict[str, Any]) -> None:
    client = api_client()
    promotion = promotion_with_codes(client, FAMILIES[0], **fields)
    response = client.post(f"/__ep_mock/promotions/{promotion}/usages", json={"code": "three"})
    assert (response.status_code, response.json()["errors"][0]["detail"]) == (
        422,
        "the promotion is not running",
    )


def test_an_unknown_promotion_is_not_found() -> None:
    response = api_client().post("/__ep_mock/promotions/nobody/usages", json={"code": "three"})
    assert (response.status_code, response.json()["errors"][0]["detail"]) == (404, "promotion not found")
