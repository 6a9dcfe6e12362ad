"""What all lists have in common: pages, links, meta."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ep_mock.domain.families import FAMILIES, RULE, STANDARD, Family
from tests.bodies import code_export, new_promotion
from tests.client import HOST, ApiClient, api_client
from tests.simulation.stores import use
from tests.web.api.refusals import refused, titles

COUNT = 7


class Lists(NamedTuple):
    """A client, and the paths of lists that have `COUNT` records each, by name."""

    client: ApiClient
    paths: dict[str, str]


def filled() -> Lists:
    client = api_client(timings="instant")
    paths: dict[str, str] = {}
    for family in FAMILIES:
        collection = f"/v2/{family.collection}"
        ids = [
            client.created(collection, {"data": new_promotion(family, name=f"n{number}")})["id"]
            for number in range(COUNT)
        ]
        path = f"{collection}/{ids[0]}"
        codes = [{"code": f"c{number}"} for number in range(COUNT)]
        client.post(f"{path}/codes", json={"data": {"type": "promotion_codes", "codes": codes}})
        for number in range(COUNT):
            client.created(f"{path}/jobs", {"data": code_export()})
            use(client.store, client.store.promotion(family, ids[0]), "c0", order_id=f"o{number}")
            if number and family.keeps_history:
                client.put(path, json={"data": {"name": f"v{number}"}})
        lists = {
            "promotions": collection,
            "codes": f"{path}/codes",
            "jobs": f"{path}/jobs",
            "usages": f"{path}/usages",
        }
        lists["code usages"] = f"{path}/codes/c0/usages"
        if family.keeps_history:
            lists["history"] = f"{path}/history"
        paths |= {f"{family.name} {name}": where for name, where in lists.items()}
    return Lists(client, paths)


@pytest.fixture(scope="module")
def lists() -> Lists:
    return filled()


NAMES = sorted(filled().paths)
each_list = pytest.mark.parametrize("name", NAMES)


def page(lists: Lists, name: str, offset: int, limit: int) -> dict[str, Any]:
    body: dict[str, Any] = lists.client.get(
        f"{lists.paths[name]}?page[offset]={offset}&page[limit]={limit}"
    ).json()
    return body


@each_list
@given(limits=st.lists(st.integers(1, COUNT + 2), min_size=COUNT, max_size=COUNT))
def test_pages_of_any_size_visit_each_record_once_and_in_order(
    lists: Lists, name: str, limits: list[int]
) -> None:
    whole = lists.client.get(lists.paths[name]).json()["data"]
    assert len(whole) == COUNT
    seen: list[Any] = []
    for limit in limits:
        body = page(lists, name, len(seen), limit)
        assert body["meta"]["page"] == {
            "limit": limit,
            "offset": len(seen),
            "current": len(seen) // limit + 1,
            "total": -(-COUNT // limit),
        }
        assert body["meta"]["results"] == {"total": COUNT}
        seen += body["data"]
    assert seen == whole


@each_list
@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
def test_following_next_ends_at_the_last_page_and_prev_leads_back(
    lists: Lists, name: str, limit: int
) -> None:
    body = page(lists, name, 0, limit)
    seen = list(body["data"])
    while body["links"]["current"] != body["links"]["last"]:
        previous = body["links"]["current"]
        body = lists.client.get(body["links"]["next"]).json()
        assert body["links"]["prev"] == previous
        seen += body["data"]
    assert body["links"]["next"] == body["links"]["last"]
    assert seen == lists.client.get(lists.paths[name]).json()["data"]


@each_list
def test_links_have_their_brackets_plain_and_keep_filter_and_sort(lists: Lists, name: str) -> None:
    path = lists.paths[name]
    sort = (
        "&sort=-code"
        if name == "rule codes"
        else "&sort=-used_on"
        if name in ("standard usages", "standard code usages")
        else ""
    )
    links = lists.client.get(f"{path}?page[limit]=2{sort}").json()["links"]
    assert links["next"] == f"{HOST}{path}?page[offset]=2&page[limit]=2{sort}"
    assert list(links) == ["current", "first", "last", "prev", "next"]


@each_list
def test_an_offset_past_the_end_is_an_empty_page(lists: Lists, name: str) -> None:
    body = page(lists, name, 10_000, 25)
    assert (body["data"], body["meta"]["results"]) == ([], {"total": COUNT})


@each_list
@pytest.mark.parametrize(
    ("query", "problems"),
    [
        ("page[limit]=101", [("page[limit]", "number_lte")]),
        ("page[offset]=10001", [("page[offset]", "number_lte")]),
        ("page[limit]=-1", [("page[limit]", "invalid_type")]),
        (
            "page[offset]=1.5&page[limit]=ten",
            [("page[offset]", "invalid_type"), ("page[limit]", "invalid_type")],
        ),
    ],
)
def test_beyond_the_limits_there_are_no_pages(
    lists: Lists, name: str, query: str, problems: list[tuple[str, str]]
) -> None:
    assert titles(refused(lists.client, "GET", f"{lists.paths[name]}?{query}")) == problems


@each_list
def test_at_the_limits_there_are(lists: Lists, name: str) -> None:
    for query in ("page[limit]=100", "page[limit]=0", "page[offset]=10000", "page%5Blimit%5D=100"):
        assert lists.client.get(f"{lists.paths[name]}?{query}").status_code == 200


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_an_empty_list_has_everything_but_records(family: Family) -> None:
    client = api_client()
    path = f"/v2/{family.collection}"
    promotion = client.created(path, {"data": new_promotion(family)})
    client.delete(f"{path}/{promotion['id']}")
    first = f"{HOST}{path}?page[offset]=0&page[limit]=25"
    assert client.get(path).json() == {
        "data": [],
        "links": {"current": first, "first": first, "last": first, "prev": first, "next": first},
        "meta": {"page": {"limit": 25, "offset": 0, "current": 1, "total": 1}, "results": {"total": 0}},
    }


def test_parameters_that_a_list_does_not_have_are_ignored(lists: Lists) -> None:
    for name in NAMES:
        has_sort = name in ("rule codes", "standard usages", "standard code usages")
        query = "include=all&limit=1" if has_sort else "include=all&sort=nonsense"
        assert len(lists.client.get(f"{lists.paths[name]}?{query}").json()["data"]) == COUNT


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("rule codes", "code, -code"),
        ("standard code usages", "used_on, -used_on"),
        (
            "standard usages",
            ", ".join(f"{each}, -{each}" for each in STANDARD.usage_sorts),
        ),
    ],
)
def test_a_list_that_can_be_sorted_says_how(lists: Lists, name: str, expected: str) -> None:
    (error,) = refused(lists.client, "GET", f"{lists.paths[name]}?sort=colour")
    assert error == {
        "status": 400,
        "source": "sort",
        "title": "Bad Request",
        "detail": f"sort: expected one of {expected}, given: 'colour'",
    }


CHANGES = st.lists(st.tuples(st.sampled_from(["delete", "add"]), st.integers(0, 999)), max_size=4)


@given(
    start=st.sets(st.integers(0, 999), min_size=1, max_size=40),
    limit=st.integers(1, 12),
    between=st.lists(CHANGES, max_size=12),
    sort=st.sampled_from(["", "&sort=code"]),
)
def test_a_walk_by_keyset_visits_each_code_once_whatever_changes_behind_it(
    start: set[int], limit: int, between: list[list[tuple[str, int]]], sort: str
) -> None:
    client = api_client(unique_codes=False)
    path = f"/v2/rule-promotions/{client.created('/v2/rule-promotions', {'data': new_promotion(RULE)})['id']}/codes"

    def change(method: str, numbers: set[int]) -> None:
        body = {
            "data": {
                "type": "promotion_codes",
                "codes": [{"code": f"{'C' if number % 2 else 'c'}{number:03}"} for number in numbers],
            }
        }
        assert client.request(method, path, json=body).status_code in (201, 204)

    change("POST", start)
    present, ahead = set(start), sorted(start)
    cursor, seen = "", list[int]()
    while True:
        where = f"&filter=gt(code,{cursor})" if cursor else ""
        codes = [
            code["code"]
            for code in client.get(
                f"{path}?page[limit]={limit}{where}{sort if cursor else '&sort=code'}"
            ).json()["data"]
        ]
        if not codes:
            break
        seen += [int(code[1:]) for code in codes]
        cursor = codes[-1].upper()
        for kind, number in between.pop() if between else []:
            if number > seen[-1]:
                continue
            if kind == "add" and number not in present:
                change("POST", {number})
                present.add(number)
            elif kind == "delete" and number in present:
                change("DELETE", {number})
                present.discard(number)
    assert seen == ahead
    assert {int(code["code"][1:]) for code in client.pages(path)} == present


def test_standard_codes_have_no_keyset() -> None:
    client = api_client()
    path = f"/v2/promotions/{client.created('/v2/promotions', {'data': new_promotion(STANDARD)})['id']}/codes"
    assert refused(client, "GET", f"{path}?filter=gt(code,a)") == [
        {"title": "Bad Request", "detail": "Could not parse the supplied filter"}
    ]
