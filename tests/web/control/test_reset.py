"""Resets: to the state at the start of the server, or with other settings until the next reset."""

from __future__ import annotations

from typing import Any

import pytest

from ep_mock.contract.documents import load_document
from ep_mock.domain.families import STANDARD
from ep_mock.settings import setting_names
from tests.bodies import new_promotion
from tests.client import START, ApiClient, api_client

SCHEMAS: dict[str, Any] = load_document("control").raw["components"]["schemas"]


def clock(client: ApiClient) -> dict[str, Any]:
    reading: dict[str, Any] = client.get("/__ep_mock/clock").json()
    return reading


def settings(client: ApiClient) -> dict[str, Any]:
    values: dict[str, Any] = client.get("/__ep_mock/settings").json()
    return values


def new_id(client: ApiClient) -> str:
    identity: str = client.created("/v2/promotions", {"data": new_promotion(STANDARD)})["id"]
    return identity


def test_its_document_has_all_settings_that_a_store_begins_with() -> None:
    documented = SCHEMAS["Reset"]["properties"]
    assert set(documented) == set(setting_names("start", "store"))
    assert {name: documented[name] for name in setting_names("store")} == SCHEMAS["SettingsChange"][
        "properties"
    ]


def test_what_is_sent_along_holds_until_the_next_reset() -> None:
    client = api_client(codes_limit=7)
    before = settings(client)
    changes = {"clock": "scaled", "clock_scale": 60, "codes_limit": 50, "timings": "instant"}
    assert client.post("/__ep_mock/reset", json=changes).status_code == 204
    assert (clock(client)["mode"], clock(client)["scale"]) == ("scaled", 60.0)
    assert settings(client) == {**before, "codes_limit": 50, "timings": "instant"}
    assert client.post("/__ep_mock/reset").status_code == 204
    assert clock(client) == {"mode": "manual", "now": START, "scale": 1.0}
    assert settings(client) == before


def test_a_store_can_begin_at_another_time_and_with_another_seed() -> None:
    client = api_client(seed="tests")
    first = new_id(client)
    ids = []
    for body in ({"seed": "7", "clock_start": "2025-06-02"}, {"seed": "8"}, {"seed": "7"}, {"seed": ""}, {}):
        assert client.post("/__ep_mock/reset", json=body).status_code == 204
        ids.append((new_id(client), clock(client)["now"]))
    times = [now for _, now in ids]
    assert times == ["2025-06-02T00:00:00.000000000Z", START, START, START, START]
    seeded, other, again, own, plain = (identity for identity, _ in ids)
    assert own == plain == first
    assert seeded == again
    assert len({seeded, other, first}) == 3


def test_no_other_store_is_touched() -> None:
    client = api_client()
    assert (
        client.post(
            "/__ep_mock/reset", json={"clock": "poll"}, headers={"X-EP-Mock-Store": "other"}
        ).status_code
        == 204
    )
    assert clock(client)["mode"] == "manual"
    assert client.get("/__ep_mock/clock", headers={"X-EP-Mock-Store": "other"}).json()["mode"] == "poll"


def test_fixtures_of_the_server_fill_the_store_again_and_what_is_sent_along_beats_their_settings() -> None:
    client = api_client(fixtures=("nearly-full",))
    held = client.get("/v2/promotions").json()["data"]
    assert held
    assert (
        client.post("/__ep_mock/reset", json={"codes_limit": 2000, "author": "me@example.com"}).status_code
        == 204
    )
    assert [each["id"] for each in client.get("/v2/promotions").json()["data"]] == [
        each["id"] for each in held
    ]
    assert (settings(client)["codes_limit"], settings(client)["author"]) == (2000, "me@example.com")


@pytest.mark.parametrize(
    ("changes", "source"),
    [
        ({"clock": "fast"}, "clock"),
        ({"clock_start": "soon"}, "clock_start"),
        ({"clock_start": "9999-01-01"}, None),
        ({"clock_scale": 0}, "clock_scale"),
        ({"timings": "slow"}, "timings"),
        ({"rate_limit": 3}, "rate_limit"),
        ({"seed": 7}, "seed"),
        ({"auth": "off"}, "auth"),
        ({"codes_limit": 5}, "campaign"),
    ],
)
def test_nothing_changes_when_something_cannot_be_used(changes: dict[str, Any], source: str | None) -> None:
    client = api_client(fixtures=("campaign",))
    identity = new_id(client)
    before = client.get("/__ep_mock/snapshot").json()
    answer = client.post("/__ep_mock/reset", json={"timings": "instant", **changes})
    assert (answer.status_code, answer.json()["errors"][0].get("source")) == (400, source)
    assert client.get("/__ep_mock/snapshot").json() == before
    assert client.get(f"/v2/promotions/{identity}").status_code == 200
