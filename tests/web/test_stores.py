"""Stores: how a request chooses one, and that none sees another."""

from __future__ import annotations

import pytest

from ep_mock.domain.families import RULE, STANDARD
from tests.bodies import code_generate, new_promotion
from tests.client import ApiClient, api_client

NAME_RULE = "a store's name has 1 to 64 letters, digits, dots, dashes and underscores"


def store(name: str) -> dict[str, str]:
    return {"X-EP-Mock-Store": name}


def promotions(client: ApiClient, name: str | None) -> list[str]:
    answer = client.get("/v2/promotions", headers={} if name is None else store(name)).json()
    return [promotion["name"] for promotion in answer["data"]]


def test_what_is_in_one_store_is_in_no_other() -> None:
    client = api_client()
    for name in ("a", "b"):
        for family in (STANDARD, RULE):
            body = {"data": new_promotion(family, name=name)}
            assert client.post(f"/v2/{family.collection}", json=body, headers=store(name)).status_code == 201
    assert (promotions(client, "a"), promotions(client, "b"), promotions(client, None)) == (["a"], ["b"], [])
    promotion = client.get("/v2/promotions", headers=store("a")).json()["data"][0]["id"]
    for method, path in [("GET", ""), ("DELETE", ""), ("GET", "/jobs"), ("GET", "/codes")]:
        assert (
            client.request(method, f"/v2/promotions/{promotion}{path}", headers=store("b")).status_code == 404
        )
    assert promotions(client, "a") == ["a"]


def test_without_a_header_it_is_the_default_store() -> None:
    client = api_client()
    client.created("/v2/promotions", {"data": new_promotion(STANDARD)})
    assert promotions(client, "default") == promotions(client, None) == ["Ten off"]


def test_each_store_has_its_own_clock_worker_and_reset() -> None:
    client = api_client()
    for name in ("a", "b"):
        promotion = client.post(
            "/v2/promotions", json={"data": new_promotion(STANDARD)}, headers=store(name)
        ).json()["data"]["id"]
        client.post(f"/v2/promotions/{promotion}/jobs", json={"data": code_generate(3)}, headers=store(name))
    moved = client.post("/__ep_mock/clock/advance", json={"idle": True}, headers=store("a")).json()
    assert [transition["status"] for transition in moved["transitions"]] == ["processing", "completed"]

    def clock(name: str) -> str:
        now: str = client.get("/__ep_mock/clock", headers=store(name)).json()["now"]
        return now

    assert clock("a") == moved["now"] > clock("b") == clock("default")
    assert client.post("/__ep_mock/reset", headers=store("a")).status_code == 204
    assert (promotions(client, "a"), promotions(client, "b"), clock("a")) == ([], ["Ten off"], clock("b"))


def test_equal_requests_give_other_ids_in_another_store_and_the_same_ones_after_a_reset() -> None:
    client = api_client()

    def create(name: str) -> str:
        answer = client.post("/v2/promotions", json={"data": new_promotion(STANDARD)}, headers=store(name))
        created: str = answer.json()["data"]["id"]
        return created

    first = create("a")
    assert create("b") != first
    client.post("/__ep_mock/reset", headers=store("a"))
    assert create("a") == first


@pytest.mark.parametrize("name", ["a", "A-1._", "x" * 64, "..", "default"])
def test_a_name_may_have_letters_digits_dots_dashes_and_underscores(name: str) -> None:
    assert promotions(api_client(), name) == []


@pytest.mark.parametrize("name", ["", " ", "a b", "a/b", "x" * 65, "a%20b", "a,b", "*"])
def test_another_name_is_refused_and_makes_no_store(name: str) -> None:
    client = api_client()
    item = {"status": 400, "source": "X-EP-Mock-Store", "title": "Bad Request", "detail": NAME_RULE}
    for method, path in [
        ("GET", "/v2/promotions"),
        ("POST", "/__ep_mock/reset"),
        ("POST", "/oauth/access_token"),
    ]:
        response = client.request(method, path, headers=store(name))
        assert (response.status_code, response.json()) == (400, {"errors": [item]})
    assert client.app.stores.names() == ["default"]


def test_there_are_at_most_a_thousand_stores() -> None:
    client = api_client()
    for number in range(999):
        client.app.stores.get_or_create(f"s{number}")
    response = client.get("/v2/promotions", headers=store("one-more"))
    item = {
        "status": 400,
        "source": "X-EP-Mock-Store",
        "title": "Bad Request",
        "detail": "there are 1000 stores already",
    }
    assert (response.status_code, response.json()) == (400, {"errors": [item]})
    assert promotions(client, "s998") == []
