"""Access to the control plane, and secrets in its answers."""

from __future__ import annotations

import json
import logging
from typing import Any

import httpx2
import pytest

from ep_mock import MockServer
from ep_mock.domain.families import STANDARD
from tests.bodies import code_export, new_promotion
from tests.client import api_client

LOOPBACK = ("http://127.0.0.1:8080", "http://[::1]:8080", "http://[::ffff:127.0.0.1]:8080")
VERBS = (
    ("GET", "/__ep_mock/health"),
    ("GET", "/__ep_mock/requests"),
    ("POST", "/__ep_mock/reset"),
    ("POST", "/__ep_mock/clock/advance"),
    ("DELETE", "/__ep_mock/faults"),
    ("OPTIONS", "/__ep_mock/reset"),
    ("GET", "/__ep_mock/nothing"),
)


def refusal(answer: httpx2.Response) -> tuple[int, str]:
    """Status and detail of a refusal."""
    (item,) = answer.json()["errors"]
    return answer.status_code, item["detail"]


@pytest.mark.parametrize(("method", "path"), VERBS)
@pytest.mark.parametrize("base", ["http://ep-mock.test", *LOOPBACK])
@pytest.mark.parametrize(
    "origin",
    ["https://evil.test", "null", "http://127.0.0.1:9999", "http://localhost.evil.test:8080", "", "file://"],
)
def test_a_page_of_another_origin_is_refused_always(method: str, path: str, base: str, origin: str) -> None:
    client = api_client()
    status, detail = refusal(client.request(method, base + path, headers={"Origin": origin}))
    hint = "if the origin is yours, allow it with --allowed-origins"
    refused = f"the control plane refuses calls from web pages of another origin, here {origin!r}; {hint}"
    assert (status, detail) == (403, refused)


@pytest.mark.parametrize(("method", "path"), VERBS)
@pytest.mark.parametrize("base", LOOPBACK)
@pytest.mark.parametrize(
    "host", ["evil.test", "evil.test:8080", "localhost.evil.test", "127.0.0.1.evil.test", "notlocalhost"]
)
@pytest.mark.parametrize("origin", [None, "own"])
def test_a_name_that_was_made_to_point_here_is_refused_on_loopback(
    method: str, path: str, base: str, host: str, origin: str | None
) -> None:
    headers = {"Host": host} | ({"Origin": f"http://{host}"} if origin else {})
    status, detail = refusal(api_client().request(method, base + path, headers=headers))
    assert status == 403
    assert host in detail


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:8080",
        "localhost",
        "LOCALHOST.:8080",
        "mock.localhost",
        "[::1]:8080",
        "10.0.0.7",
        "mock",
        "a.lan.test",
        "",
    ],
)
def test_names_of_this_machine_and_those_that_were_named_pass(host: str) -> None:
    client = api_client(allowed_hosts=("mock", "*.lan.test"))
    assert client.get("http://127.0.0.1:8080/__ep_mock/clock", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    ("settings", "host"),
    [
        ({"allowed_hosts": ("*",)}, "any.test"),
        ({"host": "mock.internal"}, "mock.internal"),
        ({"public_url": "http://mock.test:81"}, "mock.test"),
    ],
)
def test_the_settings_name_hosts(settings: dict[str, Any], host: str) -> None:
    client = api_client(**settings)
    assert client.get("http://127.0.0.1/__ep_mock/clock", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("base", ["http://testserver", "http://mock", "http://192.0.2.1:8080"])
def test_off_loopback_and_in_process_any_host_will_do(base: str) -> None:
    assert api_client().get(f"{base}/__ep_mock/clock", headers={"Host": "whatever.test"}).status_code == 200


@pytest.mark.parametrize("base", ["http://127.0.0.1:8080", "http://localhost:8080"])
def test_the_mocks_own_pages_may_call(base: str) -> None:
    assert api_client().get(f"{base}/__ep_mock/clock", headers={"Origin": base}).status_code == 200


def test_a_refused_call_brings_no_store_into_being() -> None:
    client = api_client()
    client.get("/__ep_mock/clock", headers={"Origin": "https://evil.test", "X-EP-Mock-Store": "new"})
    assert "new" not in [store["name"] for store in client.get("/__ep_mock/stores").json()["stores"]]


def test_the_api_answers_any_origin_and_the_control_plane_none() -> None:
    client = api_client()
    assert (
        client.get("/v2/promotions", headers={"Origin": "https://app.test"}).headers[
            "access-control-allow-origin"
        ]
        == "*"
    )
    for method, path in VERBS:
        assert (
            "access-control-allow-origin"
            not in client.request(method, path, headers={"Origin": "https://app.test"}).headers
        )


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"X-EP-Mock-Token": "wrong"}, 401),
        ({"X-EP-Mock-Token": ""}, 401),
        ({"Authorization": "Bearer wrong"}, 401),
        ({"Authorization": "Basic hunter2"}, 401),
        ({"X-EP-Mock-Token": "wrong", "Authorization": "Bearer hunter2"}, 401),
        ({"X-EP-Mock-Token": "hunter2"}, 200),
        ({"Authorization": "Bearer hunter2"}, 200),
    ],
)
def test_a_token_is_asked_for_where_there_is_one(headers: dict[str, str], status: int) -> None:
    client = api_client(control_token="hunter2")
    del client.headers["authorization"]
    answer = client.get("/__ep_mock/clock", headers=headers)
    assert answer.status_code == status
    if status == 401:
        assert refusal(answer) == (401, "the control plane needs its token in the header X-EP-Mock-Token")
    assert client.get("/__ep_mock/health").status_code == 200
    assert client.get("/v2/promotions", headers={"Authorization": "Bearer x"}).status_code == 200


def test_the_control_plane_can_be_turned_off() -> None:
    client = api_client(control=False)
    for method, path in VERBS[:-1]:
        assert refusal(client.request(method, path)) == (
            404,
            "the control plane is off; start ep-mock with --control",
        )
    assert client.get("/v2/promotions").status_code == 200


def test_bodies_of_control_calls_have_their_own_limit() -> None:
    client = api_client(max_control_body_bytes=100, max_body_bytes=50)
    answer = client.post("/__ep_mock/requests/find", content=b" " * 90 + b"{}")
    assert answer.status_code == 200
    assert refusal(client.post("/__ep_mock/requests/find", content=b" " * 99 + b"{}")) == (
        413,
        "the request body is larger than 100 bytes",
    )
    assert refusal(client.post("/v2/promotions", content=b"x" * 51)) == (
        413,
        "the request body is larger than 50 bytes",
    )
    assert client.get("/__ep_mock/requests").json()["requests"][0]["outcome"] == "refused"


SECRET = "hunter2Zm9vYmFy"


def leak(client: httpx2.Client) -> list[str]:
    """Send a secret in every way that a client can; return the texts that nothing may contain afterwards."""
    form = {"grant_type": "client_credentials", "client_id": "me", "client_secret": SECRET}
    token = client.post("/oauth/access_token", data=form).json()["access_token"]
    client.post("/oauth/access_token/", data=form)
    client.post("/oauth/token", json=form)
    client.post(
        f"/oauth/access_token?client_secret={SECRET}",
        content=f"grant_type=implicit&client%5fsecret={SECRET}&client_id=me",
    )
    client.post("/oauth/access_token", files={"client_secret": SECRET})
    client.get(
        "/v2/promotions",
        headers={"Authorization": f"Bearer {token}", "Cookie": f"session={SECRET}", "X-Acme-Secret": SECRET},
    )
    client.get(
        "/v2/promotions",
        headers={
            "Authorization": f"Basic {SECRET}",
            "X-Moltin-Auth-Token": SECRET,
            "Referer": f"http://x/?t={SECRET}",
        },
    )
    client.get(f"/v2/promotions?access_token={SECRET}&page[limit]=1")
    client.post("/v2/promotions", json={"data": {"password": {"deep": [SECRET]}, "name": "x"}})
    promotion = client.post("/v2/promotions", json={"data": new_promotion(STANDARD)}).json()["data"]
    jobs = f"/v2/promotions/{promotion['id']}/jobs"
    job = client.post(jobs, json={"data": code_export()}).json()["data"]
    client.post("/__ep_mock/clock/advance", json={"idle": True}, headers={"X-EP-Mock-Token": SECRET})
    href = client.get(f"{jobs}/{job['id']}/file").json()["href"]
    assert client.get(href).status_code == 200
    return [SECRET, token, httpx2.URL(href).params["Signature"]]


def test_no_secret_is_found_in_journal_faults_snapshot_and_log(caplog: pytest.LogCaptureFixture) -> None:
    headers = {"X-EP-Mock-Token": SECRET, "Authorization": "Bearer of-a-test"}
    with (
        caplog.at_level(logging.DEBUG),
        MockServer(clock="manual", control_token=SECRET, client_secret=SECRET, access_log=True) as mock,
        httpx2.Client(base_url=mock.url, headers=headers, trust_env=False) as client,
    ):
        client.post("/__ep_mock/faults", json={"match": {"method": "GET"}, "times": 0, "delay": 1e-6})
        secrets = leak(client)
        kept = [
            client.get(f"/__ep_mock/{name}").text for name in ("requests", "faults", "snapshot", "settings")
        ]
    requests = json.loads(kept[0])["requests"]
    assert [entry["outcome"] for entry in requests].count("served") >= 8
    assert {entry["headers"].get("x-ep-mock-token") for entry in requests} == {"[redacted]"}
    own = [
        record.getMessage() for record in caplog.records if not record.name.startswith(("httpx", "httpcore"))
    ]
    assert len([line for line in own if "HTTP/1.1" in line]) > len(requests)
    for text in [*kept, *own]:
        for secret in secrets:
            assert secret not in text
