"""Links of lists and URLs of files: which scheme, host, path and query they have."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ep_mock.domain.families import STANDARD
from tests.bodies import code_generate, new_promotion
from tests.client import HOST, ApiClient, api_client


def client_with_jobs(count: int, **settings: str) -> tuple[ApiClient, str]:
    client = api_client(timings="instant", **settings)
    jobs = f"/v2/promotions/{client.created('/v2/promotions', {'data': new_promotion(STANDARD)})['id']}/jobs"
    for _ in range(count):
        client.created(jobs, {"data": code_generate(1)})
    return client, jobs


def links(client: ApiClient, path: str, host: str | None = None) -> dict[str, str]:
    response = client.get(path, headers={} if host is None else {"Host": host})
    assert response.status_code == 200, response.text
    found: dict[str, str] = response.json()["links"]
    return found


def test_the_links_of_an_empty_list_are_all_the_same_page() -> None:
    page = f"{HOST}/v2/promotions?page[offset]=0&page[limit]=25"
    assert links(api_client(), "/v2/promotions") == dict.fromkeys(
        ("current", "first", "last", "prev", "next"), page
    )


def test_links_lead_from_page_to_page_and_keep_filter_and_sort() -> None:
    client, jobs = client_with_jobs(5)
    kept = "&filter=eq(job_type,code_generate):eq(status,'completed')"
    found = links(
        client,
        f"{jobs}?page[limit]=2&page[offset]=2&filter=eq(job_type%2Ccode_generate):eq(status,'completed')&unknown=x",
    )
    assert found == {
        name: f"{HOST}{jobs}?page[offset]={offset}&page[limit]=2{kept}"
        for name, offset in [("current", 2), ("first", 0), ("last", 4), ("prev", 0), ("next", 4)]
    }


def test_whoever_follows_the_links_sees_every_record_once() -> None:
    client, jobs = client_with_jobs(7)
    seen, url, last = [], f"{jobs}?page[limit]=3", ""
    while url != last:
        answer = client.get(url).json()
        seen += [job["id"] for job in answer["data"]]
        last, url = answer["links"]["current"], answer["links"]["next"]
    assert seen == [job["id"] for job in client.pages(jobs)]
    assert len(set(seen)) == 7


FILTER_CLIENT, FILTER_JOBS = client_with_jobs(2)


@given(st.text(st.characters(codec="utf-8"), max_size=20))
def test_a_filter_comes_back_in_the_links_as_it_was_sent(value: str) -> None:
    quoted = "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
    response = FILTER_CLIENT.get(FILTER_JOBS, params={"filter": f"eq(status,{quoted})", "page[limit]": "1"})
    assert response.status_code == 200
    for url in response.json()["links"].values():
        assert url.isascii()
        assert dict(parse_qsl(urlsplit(url).query))["filter"] == f"eq(status,{quoted})"


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        ("shop.example:8080", "http://shop.example:8080"),
        ("[::1]:80", "http://[::1]:80"),
        ("UPPER", "http://UPPER"),
        *(
            (host, f"{HOST}:80")
            for host in ("", "a b", "evil/?x=", '"><script>', "a@b", "host:port", "[::1", "a:1:2", "a..\tb")
        ),
    ],
)
def test_links_begin_with_the_host_that_the_client_used_or_where_that_is_none_with_the_address_of_the_server(
    host: str, shown: str
) -> None:
    assert (
        links(api_client(), "/v2/promotions", host)["current"]
        == f"{shown}/v2/promotions?page[offset]=0&page[limit]=25"
    )


def test_a_public_url_stands_in_the_place_of_scheme_and_host() -> None:
    client, jobs = client_with_jobs(1, public_url="https://mock.example/base/")
    for host in ("shop.example", ""):
        assert (
            links(client, jobs, host)["next"]
            == f"https://mock.example/base{jobs}?page[offset]=0&page[limit]=25"
        )


def test_a_path_is_shown_as_it_was_sent() -> None:
    client = api_client()
    codes = (
        f"/v2/promotions/{client.created('/v2/promotions', {'data': new_promotion(STANDARD)})['id']}/codes"
    )
    client.created(codes, {"data": {"type": "promotion_codes", "codes": [{"code": "a b/ü"}]}})
    path = f"{codes}/a%20b%2F%C3%BC/usages"
    assert links(client, path)["current"] == f"{HOST}{path}?page[offset]=0&page[limit]=25"
