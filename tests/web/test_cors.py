"""Calls from a browser: the API lets any origin read its answers, nothing else does."""

from __future__ import annotations

import pytest

from tests.client import api_client

ORIGIN = {"Origin": "https://shop.example"}
PREFLIGHT = {
    **ORIGIN,
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization,x-moltin-language",
}


@pytest.mark.parametrize(
    "path", ["/v2/promotions", "/v2/rule-promotions/x/jobs/y/cancel", "/v2/nothing", "/oauth/access_token"]
)
def test_a_preflight_is_allowed_whatever_it_wants_to_send(path: str) -> None:
    client = api_client(auth="strict")
    del client.headers["Authorization"]
    response = client.options(path, headers=PREFLIGHT)
    assert (response.status_code, response.content) == (204, b"")
    assert {name: value for name, value in response.headers.items() if name.startswith("access-control")} == {
        "access-control-allow-origin": "*",
        "access-control-allow-methods": "GET, POST, PUT, DELETE, OPTIONS",
        "access-control-allow-headers": "authorization,x-moltin-language",
    }


def test_a_preflight_that_names_no_headers_may_send_the_usual_ones() -> None:
    response = api_client().options(
        "/v2/promotions", headers={**ORIGIN, "Access-Control-Request-Method": "GET"}
    )
    assert response.headers["Access-Control-Allow-Headers"] == "Authorization, Content-Type"


def test_a_plain_options_request_is_no_preflight() -> None:
    response = api_client().options("/v2/promotions", headers=ORIGIN)
    assert (response.status_code, response.headers["Access-Control-Allow-Origin"]) == (405, "*")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v2/promotions", 200),
        ("POST", "/v2/promotions", 400),
        ("PATCH", "/v2/promotions", 405),
        ("DELETE", "/v2/promotions/x", 404),
        ("GET", "/v2/nothing", 404),
        ("POST", "/oauth/access_token", 400),
    ],
)
def test_any_origin_may_read_any_answer_of_the_api(method: str, path: str, status: int) -> None:
    client = api_client()
    response = client.request(method, path, headers=ORIGIN)
    assert (response.status_code, response.headers["Access-Control-Allow-Origin"]) == (status, "*")
    assert "Access-Control-Allow-Origin" not in client.request(method, path).headers


@pytest.mark.parametrize(
    "path", ["/__ep_mock/health", "/__ep_mock/clock", "/__ep_mock", "/__ep_mock/nothing", "/nothing"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_nobody_elsewhere_may_read_the_control_plane(path: str, method: str) -> None:
    response = api_client().request(method, path, headers=PREFLIGHT)
    assert response.status_code in (403, 404)
    assert not any(name.startswith("access-control") for name in response.headers)
