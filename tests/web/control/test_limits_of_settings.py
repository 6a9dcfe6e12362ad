"""The limits of a setting hold in every call that can set it."""

from __future__ import annotations

from typing import Any

import pytest

from ep_mock.clock import LATEST, MAX_SCALE, MIN_SCALE
from ep_mock.settings import RESET_SCOPES, choices_of, setting_names, settings_fields, type_of
from tests.client import ApiClient, api_client

STORE, OF_A_RESET = setting_names("store"), setting_names(*RESET_SCOPES)
FIELDS = {field.name: field for field in settings_fields()}


def beyond(name: str) -> list[Any]:
    """Values that a setting cannot have."""
    least, most, kind = FIELDS[name].metadata["least"], FIELDS[name].metadata["most"], type_of(name)
    if choices_of(name) or kind is str:
        return (
            ["no such word", 1, None] if choices_of(name) or name in ("timings", "clock_start") else [1, None]
        )
    if kind is bool:
        return [1, "true", None]
    return [least - 1 if least else -1, most * 2, 10**30, str(most), True, None]


CHANGES = [(name, value) for name in OF_A_RESET for value in beyond(name)]


def refused_whole(client: ApiClient, method: str, path: str, body: dict[str, Any]) -> None:
    """The answer is 400, and nothing has changed."""
    before = [client.get(f"/__ep_mock/{part}").content for part in ("snapshot", "settings", "clock")]
    answer = client.request(method, f"/__ep_mock/{path}", json=body)
    assert answer.status_code == 400, (body, answer.text)
    assert [client.get(f"/__ep_mock/{part}").content for part in ("snapshot", "settings", "clock")] == before


@pytest.mark.parametrize("name", [name for name in STORE + OF_A_RESET if type_of(name) in (int, float)])
def test_every_number_has_a_least_and_a_most(name: str) -> None:
    assert FIELDS[name].metadata["least"] is not None
    assert FIELDS[name].metadata["most"] is not None


@pytest.mark.parametrize(("name", "value"), CHANGES, ids=str)
def test_no_door_takes_what_the_setting_does_not(name: str, value: Any) -> None:
    client = api_client()
    refused_whole(client, "POST", "reset", {name: value})
    if name not in STORE:
        return
    refused_whole(client, "PATCH", "settings", {name: value})
    refused_whole(client, "POST", "fixtures", {"ep_mock_fixture": 1, "settings": {name: value}})
    saved = client.get("/__ep_mock/snapshot").json()
    refused_whole(client, "PUT", "snapshot", {**saved, "settings": {**saved["settings"], name: value}})


@pytest.mark.parametrize("scale", [0, -1, MIN_SCALE / 2, MAX_SCALE * 2, 1e300, "1", True, None])
def test_a_clock_has_no_scale_that_the_setting_does_not_take(scale: Any) -> None:
    client = api_client()
    refused_whole(client, "PUT", "clock", {"mode": "scaled", "scale": scale})
    saved = client.get("/__ep_mock/snapshot").json()
    refused_whole(
        client, "PUT", "snapshot", {**saved, "clock": {**saved["clock"], "mode": "scaled", "scale": scale}}
    )


@pytest.mark.parametrize("scale", [MIN_SCALE, 1, MAX_SCALE])
def test_a_clock_has_every_scale_that_the_setting_takes(scale: float) -> None:
    client = api_client()
    assert client.put("/__ep_mock/clock", json={"mode": "scaled", "scale": scale}).json()["scale"] == scale
    assert client.post("/__ep_mock/reset", json={"clock": "scaled", "clock_scale": scale}).status_code == 204


@pytest.mark.parametrize(
    "now", ["", "soon", "2024-12-03T23:31:34Z", "1969-12-31", "9892-03-18", "9999-12-31T23:59:59Z", 1, None]
)
def test_a_clock_is_not_moved_to_where_it_cannot_be(now: Any) -> None:
    client = api_client()
    refused_whole(client, "PUT", "clock", {"mode": "real", "now": now})
    saved = client.get("/__ep_mock/snapshot").json()
    for moment in (-1, LATEST + 1, 10**30, "1", True, None):
        refused_whole(client, "PUT", "snapshot", {**saved, "clock": {**saved["clock"], "now": moment}})
