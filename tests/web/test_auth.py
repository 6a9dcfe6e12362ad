"""Who may call: bearer tokens in the three modes of auth, and the endpoint that issues them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ep_mock.entropy import Entropy
from ep_mock.web.auth import GRANTS, Token, TokenMint
from tests.client import ApiClient, api_client

LOGIN = {"grant_type": "client_credentials", "client_id": "shop", "client_secret": "s3cret"}
IMPLICIT = {"grant_type": "implicit", "client_id": "shop"}
UNAUTHORIZED = {"errors": [{"status": 401, "title": "Unable to validate access token"}]}
FORBIDDEN = {"errors": [{"status": 403, "title": "Forbidden"}]}
START_SECONDS = 1_733_268_695


def anonymous_client(**settings: Any) -> ApiClient:
    client = api_client(**settings)
    del client.headers["Authorization"]
    return client


def login(client: ApiClient, form: dict[str, str], **options: Any) -> httpx2.Response:
    return client.post("/oauth/access_token", data=form, **options)


def token(client: ApiClient, form: dict[str, str] = LOGIN, **options: Any) -> str:
    text: str = login(client, form, **options).json()["access_token"]
    return text


def ask(client: ApiClient, authorization: str | None, **headers: str) -> httpx2.Response:
    return client.get(
        "/v2/promotions",
        headers=headers if authorization is None else {**headers, "Authorization": authorization},
    )


@pytest.mark.parametrize("form", [LOGIN, IMPLICIT], ids=lambda form: form["grant_type"])
def test_a_login_is_answered_as_published(form: dict[str, str]) -> None:
    response = login(anonymous_client(auth="strict", token_seconds=60), form)
    answer = response.json()
    assert (response.status_code, response.headers["Content-Type"]) == (200, "application/json")
    assert list(answer.items()) == [
        ("access_token", answer["access_token"]),
        ("token_type", "Bearer"),
        ("expires_in", 60),
        ("expires", START_SECONDS + 60),
        ("identifier", form["grant_type"]),
    ]


@pytest.mark.parametrize("mode", ["lenient", "strict"])
@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer ", "bearer    ", "Basic c2hvcDpzM2NyZXQ=", "Token x", "x"]
)
def test_without_a_bearer_token_nobody_gets_in(mode: str, header: str | None) -> None:
    client = anonymous_client(auth=mode)
    response = ask(client, header)
    assert (response.status_code, response.json(), response.headers["WWW-Authenticate"]) == (
        401,
        UNAUTHORIZED,
        "Bearer",
    )


@pytest.mark.parametrize("header", ["Bearer x", "bearer x", "BEARER   x  ", "Bearer a.b"])
def test_lenient_auth_takes_any_bearer_token(header: str) -> None:
    assert ask(anonymous_client(), header).status_code == 200


def test_no_auth_takes_anything() -> None:
    assert ask(anonymous_client(auth="off"), None).status_code == 200


def test_strict_auth_takes_an_issued_token_until_the_clock_of_its_store_says_that_it_has_expired() -> None:
    client = anonymous_client(auth="strict", token_seconds=60)
    bearer = f"Bearer {token(client)}"
    assert ask(client, bearer).status_code == 200
    client.advance(to="2024-12-03T23:32:34.999999999Z")
    assert ask(client, bearer).status_code == 200
    client.advance(to="2024-12-03T23:32:35Z")
    assert (ask(client, bearer).status_code, ask(client, bearer).json()) == (401, UNAUTHORIZED)
    assert ask(client, f"Bearer {token(client)}").status_code == 200


def test_an_implicit_token_gives_no_access_in_strict_auth() -> None:
    for method, path in [
        ("GET", "/v2/promotions"),
        ("POST", "/v2/rule-promotions"),
        ("DELETE", "/v2/promotions/x"),
    ]:
        client = anonymous_client(auth="strict")
        response = client.request(
            method, path, headers={"Authorization": f"Bearer {token(client, IMPLICIT)}"}
        )
        assert (response.status_code, response.json()) == (403, FORBIDDEN)


def test_a_token_of_another_store_or_another_seed_is_worth_nothing() -> None:
    client = anonymous_client(auth="strict")
    elsewhere = {"X-EP-Mock-Store": "elsewhere"}
    bearer = f"Bearer {token(client, headers=elsewhere)}"
    assert ask(client, bearer).status_code == 401
    assert ask(client, bearer, **elsewhere).status_code == 200
    assert ask(anonymous_client(auth="strict", seed="another"), bearer, **elsewhere).status_code == 401


def test_a_token_survives_a_reset_and_equal_servers_issue_equal_ones() -> None:
    client = anonymous_client(auth="strict")
    text = token(client)
    assert token(client) == token(anonymous_client(auth="strict")) == text
    assert token(client, {**LOGIN, "client_id": "another"}) != text
    client.post("/__ep_mock/reset")
    assert ask(client, f"Bearer {text}").status_code == 200
    client.advance(seconds=1)
    assert token(client) != text


def test_a_changed_token_is_refused_wherever_it_was_changed() -> None:
    client = anonymous_client(auth="strict")
    text = token(client)
    body, _, signature = text.partition(".")
    changed = [
        text[:place] + ("B" if text[place] == "A" else "A") + text[place + 1 :] for place in range(len(text))
    ]
    for wrong in [
        *changed,
        text[:-1],
        text + "A",
        body,
        f"{body}.",
        f".{signature}",
        ".",
        "..",
        f"{body}.{signature}.",
    ]:
        assert ask(client, f"Bearer {wrong}").status_code == 401, wrong


@given(st.text(st.characters(codec="latin-1")))
def test_whatever_stands_in_a_token_reading_it_does_no_harm(text: str) -> None:
    assert TokenMint(Entropy("seed")).read(text) is None


@given(
    st.builds(
        Token,
        st.sampled_from(GRANTS),
        st.text(st.characters(codec="utf-8")),
        st.text(),
        st.integers(0, 2**40),
    )
)
def test_a_token_says_what_it_was_issued_for(issued: Token) -> None:
    mint = TokenMint(Entropy("seed", "server"))
    assert mint.read(mint.issue(issued)) == issued
    assert TokenMint(Entropy("seed", "another")).read(mint.issue(issued)) is None


@pytest.mark.parametrize(
    ("form", "accepted"),
    [
        (LOGIN, True),
        ({**LOGIN, "client_secret": "wrong"}, False),
        ({**LOGIN, "client_id": "wrong"}, False),
        (IMPLICIT, True),
        ({**IMPLICIT, "client_id": "wrong"}, False),
        ({**IMPLICIT, "client_secret": "wrong"}, True),
    ],
)
def test_strict_auth_knows_the_configured_client(form: dict[str, str], accepted: bool) -> None:
    response = login(anonymous_client(auth="strict", client_id="shop", client_secret="s3cret"), form)
    if accepted:
        assert response.status_code == 200
    else:
        assert (response.status_code, response.json()) == (401, UNAUTHORIZED)


def test_lenient_auth_does_not_look_at_the_configured_client() -> None:
    assert login(anonymous_client(client_id="another", client_secret="another"), LOGIN).status_code == 200


@pytest.mark.parametrize(
    ("body", "source", "detail"),
    [
        ("", "grant_type", "grant_type must be one of client_credentials, implicit, form-encoded"),
        (
            '{"grant_type": "implicit"}',
            "grant_type",
            "grant_type must be one of client_credentials, implicit, form-encoded",
        ),
        (
            "grant_type=password&client_id=x",
            "grant_type",
            "grant_type must be one of client_credentials, implicit, form-encoded",
        ),
        ("grant_type=implicit", "client_id", "client_id is required"),
        ("grant_type=implicit&client_id=", "client_id", "client_id is required"),
        ("grant_type=client_credentials&client_id=x", "client_secret", "client_secret is required"),
        (
            "grant_type=client_credentials&client_id=x&client_secret=",
            "client_secret",
            "client_secret is required",
        ),
    ],
)
def test_a_login_that_lacks_something_is_told_what(body: str, source: str, detail: str) -> None:
    response = anonymous_client().post("/oauth/access_token", content=body)
    item = {"status": 400, "source": source, "title": "Bad Request", "detail": detail}
    assert (response.status_code, response.json()) == (400, {"errors": [item]})


def test_a_login_is_read_as_a_form_whatever_its_content_type_and_the_first_of_equal_names_counts() -> None:
    form = urlencode([*IMPLICIT.items(), ("grant_type", "client_credentials"), ("unknown", "é+%")])
    for content_type in (
        "application/x-www-form-urlencoded; charset=utf-8",
        "application/json",
        "text/plain",
    ):
        response = anonymous_client().post(
            "/oauth/access_token", content=form, headers={"Content-Type": content_type}
        )
        assert response.json()["identifier"] == "implicit"


@given(st.binary(max_size=200))
def test_a_login_of_any_bytes_is_answered(body: bytes) -> None:
    response = anonymous_client().post("/oauth/access_token", content=body)
    assert response.status_code in (200, 400)


def test_a_login_needs_no_token_and_a_path_of_the_api_that_is_not_served_needs_none_either() -> None:
    client = anonymous_client(auth="strict")
    assert login(client, LOGIN).status_code == 200
    assert client.get("/v2/nothing").status_code == 404
    assert client.patch("/v2/promotions").status_code == 405
