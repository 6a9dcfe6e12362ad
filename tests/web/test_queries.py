"""How a query is read: pages, filters and sorting, encoded or not."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from ep_mock.domain.families import RULE, STANDARD, Family
from tests.bodies import new_promotion
from tests.client import ApiClient, api_client

CODES = ["a b", "a+b", "Ärger", "a,b", "plain"]
BAD_FILTER = {"errors": [{"title": "Bad Request", "detail": "Could not parse the supplied filter"}]}


@pytest.fixture(scope="module")
def client() -> ApiClient:
    client = api_client(timings="instant")
    for family in (STANDARD, RULE):
        root = f"/v2/{family.collection}"
        promotion_id = client.created(root, {"data": new_promotion(family)})["id"]
        items = [{"code": code} for code in CODES]
        client.created(f"{root}/{promotion_id}/codes", {"data": {"type": "promotion_codes", "codes": items}})
    return client


def codes_url(client: ApiClient, family: Family = STANDARD) -> str:
    root = f"/v2/{family.collection}"
    return f"{root}/{client.get(root).json()['data'][0]['id']}/codes"


def listed(client: ApiClient, query: str, family: Family = STANDARD) -> list[str]:
    """The codes that a raw query lists."""
    response = client.get(f"{codes_url(client, family)}?{query}")
    assert response.status_code == 200, response.text
    return [code["code"] for code in response.json()["data"]]


@pytest.mark.parametrize(
    "query",
    [
        "page[limit]=2&page[offset]=1",
        "page%5Blimit%5D=2&page%5Boffset%5D=1",
        "page%5blimit%5d=2&page%5boffset%5d=01",
        "page[offset]=1&page[limit]=2&page[limit]=5&page[offset]=x",
        "&&page[limit]=2&;=;&page[offset]=1&unknown[]=%&=",
        "page%5Boffset]=%31&page[limit%5D=%32",
    ],
)
def test_a_page_may_be_asked_for_with_or_without_encoding_and_the_first_of_equal_names_counts(
    client: ApiClient, query: str
) -> None:
    assert listed(client, query) == CODES[1:3]


@pytest.mark.parametrize(
    ("query", "source", "title", "given"),
    [
        ("page[limit]=101", "page[limit]", "number_lte", "'101'"),
        ("page[limit]=-1", "page[limit]", "invalid_type", "'-1'"),
        ("page[limit]=", "page[limit]", "invalid_type", "''"),
        ("page[limit]=1.0", "page[limit]", "invalid_type", "'1.0'"),
        ("page[limit]=+1", "page[limit]", "invalid_type", "' 1'"),
        ("page[limit]=%D9%A3", "page[limit]", "invalid_type", "'٣'"),
        ("page[offset]=10001", "page[offset]", "number_lte", "'10001'"),
        ("page[offset]=" + "9" * 5000, "page[offset]", "number_lte", repr("9" * 60 + "…")),
        ("page[offset]=1e3", "page[offset]", "invalid_type", "'1e3'"),
        ("page[offset]=%00", "page[offset]", "invalid_type", "'\\x00'"),
    ],
    ids=lambda value: value[:20],
)
def test_a_page_that_does_not_exist_is_refused_with_its_name(
    client: ApiClient, query: str, source: str, title: str, given: str
) -> None:
    most = 100 if "limit" in source else 10_000
    response = client.get(f"{codes_url(client)}?{query}")
    detail = f"{source} must be a whole number from 0 to {most}, given: {given}"
    assert (response.status_code, response.json()) == (
        400,
        {"errors": [{"status": 400, "source": source, "title": title, "detail": detail}]},
    )


def test_all_that_is_wrong_with_a_page_is_told_at_once(client: ApiClient) -> None:
    response = client.get(f"{codes_url(client)}?page[limit]=x&page[offset]=y")
    assert [error["source"] for error in response.json()["errors"]] == ["page[offset]", "page[limit]"]


@pytest.mark.parametrize(
    "path", ["", "/{id}/codes", "/{id}/jobs", "/{id}/usages", "/{id}/codes/plain/usages", "/{id}/history"]
)
@pytest.mark.parametrize("family", [STANDARD, RULE], ids=lambda family: family.name)
def test_every_list_has_pages(client: ApiClient, family: Family, path: str) -> None:
    root = f"/v2/{family.collection}"
    url = root + path.format(id=client.get(root).json()["data"][0]["id"])
    if path.endswith("/history") and not family.keeps_history:
        assert client.get(url).status_code == 404
        return
    assert client.get(f"{url}?page[limit]=0").json()["meta"]["page"]["limit"] == 25
    assert client.get(f"{url}?page[limit]=100&page[offset]=10000").json()["data"] == []
    assert client.get(f"{url}?page[limit]=101").status_code == 400


@pytest.mark.parametrize(
    ("query", "codes"),
    [
        ("filter=eq(code,a+b)", ["a b"]),
        ("filter=eq(code,a%20b)", ["a b"]),
        ("filter=eq(code,a%2Bb)", ["a+b"]),
        ("filter=eq%28code%2Ca%2Bb%29", ["a+b"]),
        ("filter=eq(code,'a,b')", ["a,b"]),
        ("filter=eq(code,a\\,b)", ["a,b"]),
        ('filter=eq(code,"plain")', ["plain"]),
        ("filter=eq(code,%C3%84rger)", ["Ärger"]),
        ("filter=eq(code,plain)&filter=no+filter", ["plain"]),
        ("Filter=no+filter&filter[]=x", CODES),
    ],
)
def test_a_filter_is_decoded_once(client: ApiClient, query: str, codes: list[str]) -> None:
    assert listed(client, query) == codes


BAD_FILTERS = [
    "",
    "eq",
    "eq(code)",
    "eq(code,)",
    "eq(code,x",
    "eq(code,x):",
    "eq(code,x)eq(code,y)",
    "eq(no_such,x)",
    "like(code,x)",
    "eq(code,x,y)",
    "EQ(code,x)",
    "eq(code,'x)",
    "\x00",
    "%",
    "x" * 9000,
    ":".join(["eq(code,x)"] * 11),
    "(" * 5000,
    "eq(code," + "\\" * 4001 + ")",
]


@pytest.mark.parametrize("family", [STANDARD, RULE], ids=lambda family: family.name)
@pytest.mark.parametrize("text", BAD_FILTERS, ids=lambda text: repr(text[:20]))
def test_a_filter_that_cannot_be_used_is_refused_in_the_published_words(
    client: ApiClient, family: Family, text: str
) -> None:
    url = codes_url(client, family)
    for path in (url, url.removesuffix("/codes") + "/usages", f"/v2/{family.collection}"):
        response = client.get(f"{path}?filter={quote(text)}")
        assert (response.status_code, response.json()) == (400, BAD_FILTER), path


def test_the_longest_filters_are_taken(client: ApiClient) -> None:
    assert listed(client, "filter=" + ":".join(["eq(code,plain)"] * 10)) == ["plain"]
    assert listed(client, f"filter=eq(code,'{'x' * 8180}')") == []


@pytest.mark.parametrize(
    ("family", "path", "sort", "accepted"),
    [
        (RULE, "codes", "", "code, -code"),
        (RULE, "codes", "+code", "code, -code"),
        (RULE, "codes", "code,-code", "code, -code"),
        (RULE, "codes", "--code", "code, -code"),
        (STANDARD, "codes/plain/usages", "id", "used_on, -used_on"),
    ],
)
def test_a_list_that_cannot_be_sorted_like_that_says_how_it_can(
    client: ApiClient, family: Family, path: str, sort: str, accepted: str
) -> None:
    response = client.get(f"{codes_url(client, family).removesuffix('codes')}{path}", params={"sort": sort})
    detail = f"sort: expected one of {accepted}, given: {sort!r}"
    item = {"status": 400, "source": "sort", "title": "Bad Request", "detail": detail}
    assert (response.status_code, response.json()) == (400, {"errors": [item]})


@pytest.mark.parametrize(
    ("family", "path"), [(STANDARD, "codes"), (RULE, "usages"), (STANDARD, "jobs"), (RULE, "jobs")]
)
def test_a_list_that_cannot_be_sorted_takes_no_notice_of_sort(
    client: ApiClient, family: Family, path: str
) -> None:
    url = f"{codes_url(client, family).removesuffix('codes')}{path}"
    assert client.get(f"{url}?sort=-no-such").json()["data"] == client.get(url).json()["data"]


def test_rule_codes_are_sorted_without_regard_to_case(client: ApiClient) -> None:
    assert listed(client, "sort=code", RULE) == ["a b", "a+b", "a,b", "plain", "Ärger"]
    assert listed(client, "sort=-code&filter=gt(code,A,B)".replace("A,B", "'A,B'"), RULE) == [
        "Ärger",
        "plain",
    ]
