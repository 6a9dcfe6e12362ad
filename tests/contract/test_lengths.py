"""Texts that the service repeats, once for each code, have a longest length."""

from __future__ import annotations

import pytest

from ep_mock.domain.codes import LONGEST_NAME
from ep_mock.domain.families import FAMILIES, Family
from tests.bodies import code_generate, new_promotion
from tests.client import api_client

each_family = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)


@each_family
def test_a_prefix_and_a_code_by_hand_are_not_longer_than_255_characters(family: Family) -> None:
    client = api_client()
    path = f"/v2/{family.collection}/{client.created(f'/v2/{family.collection}', {'data': new_promotion(family)})['id']}"
    for length, status in ((LONGEST_NAME, 201), (LONGEST_NAME + 1, 400)):
        code = {"type": "promotion_codes", "codes": [{"code": "x" * length}]}
        bodies = {"jobs": code_generate(1, code_prefix="x" * length), "codes": code}
        for collection, body in bodies.items():
            response = client.post(f"{path}/{collection}", json={"data": body})
            assert response.status_code == status
            if status == 400:
                assert (
                    response.json()["errors"][0]["detail"]
                    == "String length must be less than or equal to 255"
                )


def test_a_plan_and_a_fixture_give_no_longer_ones_either() -> None:
    client = api_client()
    long = "x" * (LONGEST_NAME + 1)
    described = {"family": "standard", "name": "p"}
    assert client.post("/__ep_mock/plans", json={"codes": [long]}).status_code == 400
    for codes in ({"code": long}, {"generate": 1, "prefix": long}):
        fixture = {"ep_mock_fixture": 1, "promotions": [{**described, "codes": [codes]}]}
        assert client.post("/__ep_mock/fixtures", json=fixture).status_code == 400
