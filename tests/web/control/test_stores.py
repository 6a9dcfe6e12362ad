from __future__ import annotations

from typing import Any

import pytest

from ep_mock.domain.families import STANDARD
from tests.bodies import code_generate, new_promotion
from tests.client import START, ApiClient, api_client


def names(client: ApiClient) -> list[str]:
    """The names of all stores."""
    return [store["name"] for store in client.get("/__ep_mock/stores").json()["stores"]]


def log_in(client: ApiClient, client_id: str, **headers: str) -> dict[str, str]:
    """The header of a client that has logged in."""
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": "s"}
    answer = client.post("/oauth/access_token", data=form, headers=headers)
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def create(client: ApiClient, headers: dict[str, str], name: str = "Ten off") -> None:
    """A promotion in the store that the headers select."""
    response = client.post(
        "/v2/promotions", json={"data": new_promotion(STANDARD, name=name)}, headers=headers
    )
    assert response.status_code == 201, response.text


def promotions(client: ApiClient, headers: dict[str, str]) -> list[str]:
    """The names of the promotions in the store that the headers select."""
    return [promotion["name"] for promotion in client.get("/v2/promotions", headers=headers).json()["data"]]


def test_stores_are_listed_by_name_with_what_is_in_them() -> None:
    client = api_client()
    store = {"X-EP-Mock-Store": "worker-1"}
    create(client, store)
    promotion = client.get("/v2/promotions", headers=store).json()["data"][0]["id"]
    client.post(f"/v2/promotions/{promotion}/jobs", json={"data": code_generate(1)}, headers=store)
    empty: dict[str, Any] = {
        "name": "default",
        "mode": "manual",
        "now": START,
        "promotions": 0,
        "jobs": 0,
        "unfinished_jobs": 0,
    }
    expected = [empty, {**empty, "name": "worker-1", "promotions": 1, "jobs": 1, "unfinished_jobs": 1}]
    assert client.get("/__ep_mock/stores").json() == {"stores": expected}


def test_nothing_leaks_from_one_store_to_another() -> None:
    client = api_client()
    one, two = ({"X-EP-Mock-Store": name} for name in ("one", "two"))
    create(client, one)
    client.post("/__ep_mock/plans", json={"stuck": "pending"}, headers=one)
    client.post("/__ep_mock/clock/advance", json={"seconds": 5}, headers=one)
    client.post("/__ep_mock/worker/pause", headers=one)
    fresh = api_client().get("/__ep_mock/snapshot", headers=two).json()
    assert client.get("/__ep_mock/snapshot", headers=two).json() == fresh


def test_a_deleted_store_comes_into_being_again_as_at_the_start() -> None:
    client = api_client()
    store = {"X-EP-Mock-Store": "one"}
    create(client, store)
    assert client.delete("/__ep_mock/stores/one").status_code == 204
    assert names(client) == ["default"]
    response = client.delete("/__ep_mock/stores/one")
    assert (response.status_code, response.json()["errors"][0]["detail"]) == (404, "there is no such store")
    assert promotions(client, store) == []
    assert client.delete("/__ep_mock/stores/default").status_code == 204
    assert names(client) == ["one"]


@pytest.mark.parametrize("path", ["health", "stores", "openapi.json", "openapi/rule.json", "docs"])
def test_what_is_about_the_server_makes_no_store(path: str) -> None:
    client = api_client()
    assert client.get(f"/__ep_mock/{path}", headers={"X-EP-Mock-Store": "no such / name"}).status_code == 200
    assert names(client) == ["default"]


def test_by_default_the_client_id_means_nothing() -> None:
    client = api_client()
    create(client, log_in(client, "a"))
    assert (promotions(client, log_in(client, "b")), names(client)) == (["Ten off"], ["default"])


@pytest.mark.parametrize("auth", ["lenient", "strict"])
def test_the_client_id_behind_the_token_chooses_the_store(auth: str) -> None:
    client = api_client(stores="client-id", auth=auth)
    ann, bob = log_in(client, "ann"), log_in(client, "bob")
    create(client, ann, "of ann")
    create(client, bob, "of bob")
    assert (promotions(client, ann), promotions(client, bob)) == (["of ann"], ["of bob"])
    assert names(client) == ["ann", "bob", "default"]
    # Control calls have no client id; they name the store.
    assert client.get("/__ep_mock/snapshot", headers=ann).json()["promotions"] == []
    assert (
        len(client.get("/__ep_mock/snapshot", headers={"X-EP-Mock-Store": "ann"}).json()["promotions"]) == 1
    )


def test_the_header_beats_the_client_id() -> None:
    client = api_client(stores="client-id")
    create(client, {**log_in(client, "ann"), "X-EP-Mock-Store": "other"})
    assert promotions(client, {"X-EP-Mock-Store": "other"}) == ["Ten off"]


def test_a_token_of_nobody_leads_to_the_default_store() -> None:
    client = api_client(stores="client-id")
    create(client, {"Authorization": "Bearer anything"})
    assert (promotions(client, {"X-EP-Mock-Store": "default"}), names(client)) == (["Ten off"], ["default"])


def test_a_client_id_that_cannot_name_a_store_gets_one_of_its_own_all_the_same() -> None:
    client, again = api_client(stores="client-id"), api_client(stores="client-id", seed="another")
    odd = ["a b", "a/b", "é", "x" * 65]
    for each in (client, again):
        for client_id in odd:
            create(each, log_in(each, client_id))
    assert len(names(client)) == len(odd) + 1
    assert names(client) == names(again)


def test_a_token_lets_its_client_into_its_own_store_only_where_auth_is_strict() -> None:
    client = api_client(stores="client-id", auth="strict")
    ann = log_in(client, "ann")
    response = client.get("/v2/promotions", headers={**ann, "X-EP-Mock-Store": "bob"})
    assert response.status_code == 401


def test_an_expired_token_still_leads_to_its_store() -> None:
    client = api_client(stores="client-id", auth="strict", token_seconds=60)
    ann = log_in(client, "ann")
    client.post("/__ep_mock/clock/advance", json={"seconds": 3600}, headers={"X-EP-Mock-Store": "ann"})
    assert client.get("/v2/promotions", headers=ann).status_code == 401
    assert promotions(client, log_in(client, "ann")) == []
