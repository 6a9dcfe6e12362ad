"""Which path belongs to which operation."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote_to_bytes

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from starlette.types import Receive, Scope, Send

from ep_mock.domain.families import RULE, STANDARD, Family
from ep_mock.errors import ApiError
from ep_mock.web.app import create_app
from ep_mock.web.routes import RouteTable
from tests.answers import documents
from tests.asgi import request
from tests.bodies import new_promotion
from tests.client import ApiClient, api_client

DOCUMENTED = [
    (operation.method, operation.path) for document in documents() for operation in document.operations
]
OPERATIONS = [*DOCUMENTED, *(("HEAD", path) for method, path in DOCUMENTED if method == "GET")]
METHODS = [*sorted({method for method, _ in OPERATIONS}), "OPTIONS", "BREW"]
WORDS = sorted({word for _, path in OPERATIONS for word in path.split("/")[1:] if not word.startswith("{")})


def table() -> RouteTable[str]:
    routes: RouteTable[str] = RouteTable()
    for method, path in DOCUMENTED:
        routes.add(method, path, f"{method} {path}")
    return routes


ROUTES = table()


def naive_match(method: str, raw_path: bytes) -> tuple[str, tuple[str, ...]] | set[str]:
    """The endpoint and its parameters, or the methods that the path has: fixed segments win, from the
    left.
    """
    found = []
    for own_method, template in OPERATIONS:
        segments = [
            re.sub(r"\{code\}", "([^/].*)", re.sub(r"\{(?!code)\w+\}", "([^/]+)", part))
            for part in template.split("/")
        ]
        match = re.fullmatch("/".join(segments).encode(), raw_path, re.DOTALL)
        if match:
            found.append(
                ([part.startswith("{") for part in template.split("/")], own_method, template, match.groups())
            )
    found.sort(key=lambda entry: entry[0])
    for _, own_method, template, values in found:
        if own_method == method:
            return f"{'GET' if method == 'HEAD' else method} {template}", tuple(
                unquote_to_bytes(value).decode(errors="replace") for value in values
            )
    return {own_method for _, own_method, _, _ in found}


segments = st.sampled_from([word.encode() for word in WORDS]) | st.sampled_from(
    [
        b"",
        b".",
        b"..",
        b"x",
        b"%2F",
        b"%",
        b"%zz",
        b"%ff",
        b"a%20b",
        b"\xc3\xa9",
        b"\xff",
        b"{code}",
        b"usages",
        b"codes",
    ]
)
templates = st.sampled_from(OPERATIONS).flatmap(
    lambda entry: st.tuples(
        *(segments if part.startswith("{") else st.just(part.encode()) for part in entry[1].split("/")[1:])
    )
)


@given(
    st.sampled_from(METHODS),
    templates | st.lists(segments, max_size=8).map(tuple),
    st.lists(segments, max_size=2),
)
@example("DELETE", (b"v2", b"promotions", b"x", b"codes", b"a"), [b"", b"usages"])
def test_a_path_belongs_to_the_operation_that_a_naive_search_finds(
    method: str, path: tuple[bytes, ...], more: list[bytes]
) -> None:
    raw_path = b"".join(b"/" + segment for segment in (*path, *more))
    expected = naive_match(method, raw_path)
    if isinstance(expected, tuple):
        assert ROUTES.find(method, raw_path) == expected
        return
    with pytest.raises(ApiError) as caught:
        ROUTES.find(method, raw_path)
    assert caught.value.status == (405 if expected else 404)
    assert set(caught.value.headers.get("Allow", "").replace(",", "").split()) == expected


@pytest.mark.parametrize(
    "raw_path",
    [
        b"",
        b"*",
        b"v2",
        b"*/v2/promotions",
        b"x/__ep_mock/reset",
        b"?/__ep_mock/reset",
        b"//v2/promotions",
        b"http://x/v2/promotions",
        b"/" * 5000,
        b"/v2/promotions/" + b"x/" * 3000,
    ],
)
def test_what_is_no_path_of_ours_is_not_found(raw_path: bytes) -> None:
    with pytest.raises(ApiError) as caught:
        ROUTES.find("GET", raw_path)
    assert caught.value.status == 404


def test_paths_and_methods_come_and_go_without_being_mixed_up() -> None:
    routes: RouteTable[int] = RouteTable()
    routes.add("GET", "/a/{id}", 1)
    assert routes.find("GET", b"/a/b") == (1, ("b",))
    routes.add("GET", "/a/b", 2)
    assert routes.find("GET", b"/a/b") == (2, ())
    with pytest.raises(ApiError):
        routes.find("PUT", b"/a/b")


def promotion_with(client: ApiClient, family: Family, *codes: str) -> str:
    root = f"/v2/{family.collection}"
    promotion_id = client.created(root, {"data": new_promotion(family)})["id"]
    body = {"data": {"type": "promotion_codes", "codes": [{"code": code} for code in codes]}}
    client.created(f"{root}/{promotion_id}/codes", body)
    return f"{root}/{promotion_id}/codes"


ODD_CODES = [
    "a/b",
    "usages",
    "a/usages",
    "/",
    "a//b",
    "100%",
    "50%25",
    "a b",
    "ü-ß",
    "x?y",
    "x#y",
    "a+b",
    "..",
    "{code}",
    "jobs",
]


@pytest.mark.parametrize("family", [STANDARD, RULE], ids=lambda family: family.name)
def test_a_code_with_anything_in_it_is_reached_when_it_is_encoded(family: Family) -> None:
    client = api_client()
    codes_url = promotion_with(client, family, "kept", *ODD_CODES)
    for code in ODD_CODES:
        segment = quote(code, safe="").replace(".", "%2E")
        usages = client.get(f"{codes_url}/{segment}/usages")
        assert (usages.status_code, usages.json()["data"]) == (200, []), code
        assert client.delete(f"{codes_url}/{segment}").status_code == 204, code
        assert client.delete(f"{codes_url}/{segment}").status_code == 404, code
    assert [code["code"] for code in client.get(codes_url).json()["data"]] == ["kept"]


@pytest.mark.parametrize("code", ["a/b", "a/usages", "usages", "ü", "a//b"])
def test_a_code_that_comes_raw_is_reached_as_well(code: str) -> None:
    client = api_client()
    codes_url = promotion_with(client, STANDARD, code)
    _, parameters = ROUTES.find("DELETE", f"{codes_url}/{code}".encode())
    assert parameters == (codes_url.split("/")[3], code)
    assert client.delete(f"{codes_url}/{code}").status_code == 204


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PATCH", "/v2/promotions", "GET, HEAD, POST"),
        ("BREW", "/v2/promotions", "GET, HEAD, POST"),
        ("OPTIONS", "/v2/promotions/x", "DELETE, GET, HEAD, PUT"),
        ("GET", "/v2/rule-promotions/x/jobs/y", None),
        ("GET", "/v2/promotions/x/codes/y", "DELETE"),
        ("POST", "/v2/promotions/x/codes/y/usages", "DELETE, GET, HEAD"),
        ("GET", "/oauth/access_token", "POST"),
        ("DELETE", "/v2/promotions/usages/anonymize", "POST"),
        ("POST", "/files/default/x/y.csv", "GET, HEAD"),
        ("PATCH", "/v2/promotions/usages/jobs", "GET, HEAD, POST"),
        ("GET", "/v2/promotions/", None),
        ("GET", "/v2//promotions", None),
        ("GET", "/v2/promotions/x/codes/", None),
        ("GET", "/V2/promotions", None),
        ("GET", "/", None),
    ],
)
def test_a_wrong_method_names_the_right_ones_and_a_wrong_path_is_not_found(
    method: str, path: str, allowed: str | None
) -> None:
    response = api_client().request(method, path)
    if allowed is None:
        assert response.status_code == 404
        assert response.json() == {
            "errors": [{"detail": f"ep-mock serves nothing at {path}", "status": 404, "title": "Not Found"}]
        }
    else:
        assert (response.status_code, response.headers["Allow"]) == (405, allowed)
        detail = f"{method} is not allowed here; allowed: {allowed}"
        assert response.json() == {
            "errors": [{"status": 405, "title": "Method Not Allowed", "detail": detail}]
        }


def test_a_server_that_leaves_out_the_raw_path_is_served_all_the_same() -> None:
    app = create_app(clock="manual")

    async def without_raw_path(scope: Scope, receive: Receive, send: Send) -> None:
        await app({key: value for key, value in scope.items() if key != "raw_path"}, receive, send)

    assert request(without_raw_path, "GET", b"/v2/promotions").status == 200
