from __future__ import annotations

import copy
import json
from typing import Any
from urllib.parse import quote

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ep_mock.domain.families import FAMILIES, RULE, STANDARD
from ep_mock.web.app import create_app
from tests.bodies import code_generate, new_promotion
from tests.client import HOST, ApiClient, InProcess, api_client
from tests.control.test_clock_and_worker import add_job
from tests.seeded import seeded_app

SEEDED: dict[str, Any] = ApiClient(seeded_app()).get("/__ep_mock/snapshot").json()


def restored(snapshot: object, **settings: Any) -> ApiClient:
    """A fresh server, with another seed, that goes on from the snapshot."""
    client = api_client(**{"seed": "another", "clock": "real", "clock_start": "", **settings})
    response = client.put("/__ep_mock/snapshot", json=snapshot)
    assert response.status_code == 200, response.text
    return client


def everything(client: ApiClient) -> list[Any]:
    """All that lists show, of both families."""
    answers = []
    for family in FAMILIES:
        for promotion in client.pages(f"/v2/{family.collection}"):
            path = f"/v2/{family.collection}/{promotion['id']}"
            answers += [promotion, *(list(client.pages(f"{path}/{kind}")) for kind in ("jobs", "codes", "usages"))]
    return answers


def test_a_restored_store_is_the_saved_one_and_goes_on_as_it_would_have() -> None:
    saved, other = ApiClient(seeded_app()), restored(SEEDED)
    assert everything(other) == everything(saved)
    for client in (saved, other):
        client.advance(seconds=0.123)
        client.advance(idle=True)
        client.created("/v2/promotions", {"data": new_promotion(STANDARD)})
    assert everything(other) == everything(saved)
    assert other.get("/__ep_mock/snapshot").json() == saved.get("/__ep_mock/snapshot").json()


def test_saving_changes_nothing() -> None:
    client = ApiClient(seeded_app())
    assert client.get("/__ep_mock/snapshot").json() == client.get("/__ep_mock/snapshot").json() == SEEDED


@pytest.mark.parametrize(("mode", "scale"), [("manual", 1.0), ("poll", 1.0)])
def test_the_clock_goes_on_from_the_saved_time_in_the_saved_mode(mode: str, scale: float) -> None:
    client = restored({**SEEDED, "clock": {**SEEDED["clock"], "mode": mode}})
    clock = client.get("/__ep_mock/clock").json()
    assert (clock["mode"], clock["scale"]) == (mode, scale)
    assert client.get("/__ep_mock/snapshot").json()["clock"]["now"] == SEEDED["clock"]["now"]


def test_settings_of_the_store_are_saved_and_a_reset_forgets_them() -> None:
    client = api_client()
    client.patch("/__ep_mock/settings", json={"codes_limit": 7, "timings": "instant"})
    other = restored(client.get("/__ep_mock/snapshot").json(), clock="manual", codes_limit=9)
    settings = other.get("/__ep_mock/settings").json()
    assert (settings["codes_limit"], settings["timings"]) == (7, "instant")
    other.post("/__ep_mock/reset")
    assert other.get("/__ep_mock/settings").json()["codes_limit"] == 9


def test_a_rate_limit_and_its_running_clock_are_restored_where_clocks_stand() -> None:
    client = api_client(clock="real", rate_limit=1000)
    assert restored(client.get("/__ep_mock/snapshot").json(), clock="manual").get("/__ep_mock/clock").json()["mode"] == "real"


def test_the_file_of_a_saved_export_can_be_had_from_the_restored_store() -> None:
    client = api_client(timings="instant")
    job = add_job(client, {"type": "promotion_job", "job_type": "code_export"}, RULE)
    path = f"/v2/rule-promotions/{job['rule_promotion_id']}/jobs/{job['id']}/file"
    other = restored(client.get("/__ep_mock/snapshot").json())
    files = [each.get(each.get(path).json()["href"]).text for each in (client, other)]
    assert files[0] == files[1] != ""


def test_usages_of_a_deleted_promotion_are_saved() -> None:
    client = api_client()
    promotion = client.created("/v2/promotions", {"data": new_promotion(STANDARD)})
    path = f"/v2/promotions/{promotion['id']}"
    client.created(f"{path}/codes", {"data": {"type": "promotion_codes", "codes": [{"code": "GONE"}]}})
    used = client.post(f"/__ep_mock/promotions/{promotion['id']}/usages", json={"code": "GONE", "customer_email": "ada@example.com"})
    assert client.delete(path).status_code == 204
    other = restored(client.get("/__ep_mock/snapshot").json())
    chosen = {"data": {"usage_ids": [used.json()["id"]]}}
    assert other.post("/v2/promotions/usages/anonymize", json=chosen).json()["data"][0]["customer_email"] == "**"


def test_plans_and_a_pause_are_saved() -> None:
    client = api_client()
    client.post("/__ep_mock/plans", json={"fail": "x", "times": 3})
    client.post("/__ep_mock/worker/pause")
    job = add_job(client, code_generate(1))
    other = restored(client.get("/__ep_mock/snapshot").json())
    assert other.get("/__ep_mock/plans").json() == {"plans": [{"id": "plan-1", "left": 2, "plan": {"fail": "x", "times": 3}}]}
    worker = other.get("/__ep_mock/worker").json()
    assert (worker["paused"], [entry["job"]["id"] for entry in worker["queue"]]) == (True, [job["id"]])
    assert other.post("/__ep_mock/plans", json={"fail": "y"}).json()["id"] == "plan-2"


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        ({"ep_mock_snapshot": 2}, "ep_mock_snapshot does not match: 1"),
        ({"settings": {"codes_limit": -1}}, "codes_limit: expected a number from 0 to 100000000, got -1"),
        ({"settings": {"port": 1}}, "port: not a setting that can be changed here; expected one of "),
        ({"entropy_key": "x"}, "snapshot: Expected `str` matching regex '^[0-9a-f]{64}$' - at `$.entropy_key`"),
        ({"jobs": []}, "snapshot: contradicts itself (KeyError: "),
        ({"unknown": 1}, "snapshot: Object contains unknown field `unknown`"),
    ],
)
def test_what_is_no_snapshot_is_refused_and_nothing_has_changed(change: dict[str, Any], detail: str) -> None:
    client = api_client()
    before = client.get("/__ep_mock/snapshot").content
    response = client.put("/__ep_mock/snapshot", json={**SEEDED, **change})
    assert (response.status_code, response.json()["errors"][0]["detail"][: len(detail)]) == (400, detail)
    assert client.get("/__ep_mock/snapshot").content == before


def test_a_job_in_two_places_is_refused() -> None:
    snapshot = copy.deepcopy(SEEDED)
    snapshot["worker"]["queue"].append(snapshot["worker"]["task"]["job"])
    response = api_client().put("/__ep_mock/snapshot", json=snapshot)
    assert response.status_code == 400
    assert "waits in the queue, but it is processing" in response.json()["errors"][0]["detail"]


def places(node: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Where something stands in a document, for every value in it."""
    inside = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [path, *(place for key, part in inside for place in places(part, (*path, key)))]


PLACES = [place for place in places(SEEDED) if place]
VALUES: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from(
        [0, 1, 10**12, 10**19, 10**21, -(10**21), "", "pending", "completed", "complete", "finish_cancel", [], {}, 0.5, float(10**300)]
    ),
)


@given(place=st.sampled_from(PLACES), value=VALUES)
def test_a_snapshot_that_somebody_has_edited_is_refused_or_does_no_harm(place: tuple[str | int, ...], value: Any) -> None:
    snapshot = copy.deepcopy(SEEDED)
    node: Any = snapshot
    for step in place[:-1]:
        node = node[step]
    node[place[-1]] = value
    # No recording client: what is odd in the content may well be seen in the answers.
    app = create_app(clock="manual", stuck_polls=0)
    client = httpx2.Client(transport=InProcess(app), base_url=HOST, headers={"Authorization": "Bearer of-a-test"}, trust_env=False)
    if client.put("/__ep_mock/snapshot", content=json.dumps(snapshot)).status_code == 400:
        return
    # Whatever was swallowed, nothing fails on it later.
    statuses = [
        client.get(f"/__ep_mock/{path}").status_code for path in ("worker", "jobs", "plans", "settings", "clock", "snapshot", "stores")
    ]
    for family in FAMILIES:
        for promotion in app.gate.enter("default").store.content.promotions[family.name]:
            path = f"/v2/{family.collection}/{quote(promotion)}"
            statuses += [client.get(path + kind).status_code for kind in ("", "/jobs", "/codes", "/usages") if promotion]
    statuses.append(client.post("/__ep_mock/clock/advance", json={"seconds": 5}).status_code)
    statuses.append(client.post("/__ep_mock/clock/advance", json={"idle": True}).status_code)
    assert [status for status in statuses if status >= 500] == []
