"""What each list can be filtered by, with every attribute and operator; the grammar itself is tested in
tests/domain.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from ep_mock.domain.families import FAMILIES, RULE, STANDARD, Family
from tests.bodies import code_export, code_generate, new_promotion
from tests.client import ApiClient, api_client
from tests.simulation.stores import use
from tests.web.api.refusals import refused

BAD_FILTER = [{"title": "Bad Request", "detail": "Could not parse the supplied filter"}]
TAG, OTHER_TAG = "b6d3f1de-13a5-4d0f-b43e-4fce6e5d8a21", "0b7a2f39-9d53-4f1a-b0c2-77a8e5a3f7d0"
OPERATORS = ("eq", "lt", "le", "gt", "ge", "in", "like", "ilike", "contains")


def found(client: ApiClient, path: str, filter_text: str, shown: str) -> list[Any]:
    """What `shown` is in the records that a list has with this filter, whether it comes plain or encoded."""
    response = client.get(f"{path}?filter={filter_text.replace('+', '%2B').replace(' ', '+')}")
    assert response.status_code == 200, response.text
    encoded = client.get(f"{path}?filter={quote(filter_text, safe='')}")
    assert encoded.json()["data"] == response.json()["data"]
    return [record[shown] for record in response.json()["data"]]


def rule_set(
    strategy: str, operator: str, *args: Any, children: tuple[dict[str, Any], ...] = ()
) -> dict[str, Any]:
    rules = {
        "strategy": strategy,
        "operator": operator,
        "args": list(args),
        **({"children": list(children)} if children else {}),
    }
    return {"rules": rules, "actions": [{"strategy": "cart_discount", "args": ["percent", 10]}]}


def rule_promotions() -> tuple[ApiClient, str]:
    """Four promotions: A, B, Summer sale and summer SALE 2, the last created first."""
    client = api_client()
    nested = {"strategy": "account_tags", "operator": "contains_any", "args": [TAG]}
    bodies: list[dict[str, Any]] = [
        {
            "name": "summer SALE 2",
            "enabled": False,
            "start": "2025-01-01",
            "rule_set": rule_set("cart_total", "gte", 5000, children=(nested,)),
        },
        {
            "name": "Summer sale",
            "stackable": False,
            "end": "2050-06-01 12:30",
            "rule_set": rule_set("account_tags", "contains_all", TAG, OTHER_TAG),
        },
        {
            "name": "B",
            "override_stacking": True,
            "rule_set": rule_set("cart_custom_attribute", "eq", "vip", "boolean", True),
        },
        {
            "name": "A",
            "start": "2024-01-01T00:00:00Z",
            "rule_set": rule_set("item_sku", "in", "SKU-1", "SKU,2"),
        },
    ]
    for body in bodies:
        promotion = client.created("/v2/rule-promotions", {"data": new_promotion(RULE, **body)})
        codes = {
            "type": "promotion_codes",
            "codes": [{"code": name} for name in ("Shared", f"own {body['name']}")],
        }
        client.post(f"/v2/rule-promotions/{promotion['id']}/codes", json={"data": codes})
    return client, "/v2/rule-promotions"


EVERYTHING = ["A", "B", "Summer sale", "summer SALE 2"]
FOUND = {
    "eq(code,shared)": EVERYTHING,
    "eq(code, OWN b)": ["B"],
    "eq(code,own)": [],
    "like(name,Summer*)": ["Summer sale"],
    "like(name,*ale)": ["Summer sale"],
    "like(name,*m*)": ["Summer sale", "summer SALE 2"],
    "like(name,A)": ["A"],
    "like(name,a)": [],
    "ilike(name,'summer *')": ["Summer sale", "summer SALE 2"],
    "ilike(name,*SALE)": ["Summer sale"],
    "ilike(name,b)": ["B"],
    "eq(enabled,true)": ["A", "B", "Summer sale"],
    "eq(enabled, false)": ["summer SALE 2"],
    "eq(stackable,false)": ["Summer sale"],
    "eq(stackable,true)": ["A", "B", "summer SALE 2"],
    "eq(override_stacking,true)": ["B"],
    "eq(override_stacking,false)": ["A", "Summer sale", "summer SALE 2"],
    "eq(start,2024-01-01)": ["A"],
    "lt(start,2024-01-01)": ["B", "Summer sale"],
    "le(start,2024-01-01 00:00)": ["A", "B", "Summer sale"],
    "gt(start,2024-01-01T00:00:00.000Z)": ["summer SALE 2"],
    "ge(start,2024-01-01T01:00:00+01:00)": ["A", "summer SALE 2"],
    "eq(end,'2050-06-01 12:30')": ["Summer sale"],
    "lt(end,2100-01-01)": ["Summer sale"],
    "le(end,2100-01-01)": EVERYTHING,
    "gt(end,2050-06-01 12:30)": ["A", "B", "summer SALE 2"],
    "ge(end,2100-01-02)": [],
    "eq(rule_set.rules.strategy,cart_total)": ["summer SALE 2"],
    "in(rule_set.rules.strategy,cart_total,item_sku)": ["A", "summer SALE 2"],
    f"contains(rule_set.rules.args,{TAG})": ["Summer sale"],
    "contains(rule_set.rules.args,5000)": ["summer SALE 2"],
    "contains(rule_set.rules.args,true)": ["B"],
    "contains(rule_set.rules.args,'SKU,2')": ["A"],
    r"contains(rule_set.rules.args,SKU\,2)": ["A"],
    "contains(rule_set.rules.args,SKU)": [],
    f"contains(account_tags,{TAG})": ["Summer sale", "summer SALE 2"],
    f"contains(account_tags, {OTHER_TAG})": ["Summer sale"],
    "eq(enabled,true):eq(stackable,true):eq(code,shared)": ["A", "B"],
}


def test_rule_promotions_are_found_by_all_that_is_published() -> None:
    client, path = rule_promotions()
    assert {text: found(client, path, text, "name") for text in FOUND} == FOUND


def test_standard_promotions_are_found_by_their_codes_exactly() -> None:
    client = api_client(timings="instant")
    paths = [
        f"/v2/promotions/{client.created('/v2/promotions', {'data': new_promotion(STANDARD, name=name)})['id']}"
        for name in "AB"
    ]
    client.created(f"{paths[0]}/codes", {"data": {"type": "promotion_codes", "codes": [{"code": "Sale"}]}})
    client.created(f"{paths[1]}/jobs", {"data": code_generate(1)})
    assert found(client, "/v2/promotions", "eq(code,Sale)", "name") == ["A"]
    assert found(client, "/v2/promotions", "eq(code,sale)", "name") == []
    made = client.get(f"{paths[1]}/codes").json()["data"][0]["code"]
    assert found(client, "/v2/promotions", f"eq(code,{made})", "name") == ["B"]


def promotion_of(client: ApiClient, family: Family, **fields: Any) -> str:
    return f"/v2/{family.collection}/{client.created(f'/v2/{family.collection}', {'data': new_promotion(family, **fields)})['id']}"


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_jobs_are_found_by_type_and_status(family: Family) -> None:
    client = api_client(codes_limit=1)
    path = promotion_of(client, family)
    for body, last in (
        (code_export(), True),
        (code_generate(1), True),
        (code_generate(1), True),
        (code_export(), False),
    ):
        client.created(f"{path}/jobs", {"data": body})
        if last:
            client.advance(idle=True)
    jobs = f"{path}/jobs"
    assert found(client, jobs, "eq(job_type,code_generate)", "status") == ["failed", "completed"]
    assert found(client, jobs, "eq(job_type, code_export)", "status") == ["pending", "completed"]
    for synonym in ("completed", "complete"):
        assert found(client, jobs, f"eq(status,{synonym})", "job_type") == ["code_generate", "code_export"]
    assert found(client, jobs, "eq(status,completed):eq(job_type,code_export)", "job_type") == ["code_export"]
    assert found(client, jobs, "eq(status,cancelled)", "status") == []


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_codes_are_found_by_name(family: Family) -> None:
    client = api_client()
    path = promotion_of(client, family)
    client.post(
        f"{path}/codes",
        json={
            "data": {
                "type": "promotion_codes",
                "codes": [{"code": name} for name in ("Sale", "a(b)c", "2024", "it's")],
            }
        },
    )
    codes = f"{path}/codes"
    assert found(client, codes, "eq(code,Sale)", "code") == ["Sale"]
    assert found(client, codes, "eq(code,sale)", "code") == (["Sale"] if family is RULE else [])
    assert found(client, codes, "eq(code,2024)", "code") == ["2024"]
    assert found(client, codes, "eq(code,'a(b)c')", "code") == ["a(b)c"]
    assert found(client, codes, r"eq(code,it\'s)", "code") == ["it's"]
    assert found(client, codes, "eq(code,Sale):eq(code,2024)", "code") == []


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_usages_are_found_by_id_code_and_time(family: Family) -> None:
    client = api_client()
    path = promotion_of(client, family)
    client.post(
        f"{path}/codes",
        json={"data": {"type": "promotion_codes", "codes": [{"code": "Sale"}, {"code": "other"}]}},
    )
    promotion = client.store.promotion(family, path.rpartition("/")[2])
    ids = []
    for code in ("Sale", "other", "Sale"):
        ids.append(use(client.store, promotion, code).id)
        client.advance(to=f"2024-12-0{3 + len(ids)}")
    first, second, third = ids
    for usages in (f"{path}/usages", f"{path}/codes/Sale/usages"):
        of_code = usages.endswith("Sale/usages")
        assert found(client, usages, f"eq(id,{first})", "id") == [first]
        assert found(client, usages, "eq(code,other)", "id") == ([] if of_code else [second])
        assert found(client, usages, "eq(code,sale)", "id") == (
            [] if family is STANDARD else [first, third] if of_code else [third, first]
        )
        assert found(client, usages, "gt(used_on,2024-12-04)", "id") == [third]
        assert set(found(client, usages, "ge(used_on,2024-12-04)", "id")) == (
            {third} if of_code else {second, third}
        )
        assert found(client, usages, "lt(used_on,2024-12-04)", "id") == [first]
        assert set(found(client, usages, "le(used_on,2024-12-04 00:00)", "id")) == (
            {first} if of_code else {first, second}
        )
        assert found(client, usages, "ge(used_on,2024-12-03):lt(used_on,2024-12-04)", "id") == [first]


PUBLISHED: dict[str, dict[str, tuple[str, ...]]] = {
    "jobs": {"job_type": ("eq",), "status": ("eq",)},
    "standard promotions": {"code": ("eq",)},
    "rule promotions": {
        "code": ("eq",),
        "name": ("like", "ilike"),
        "enabled": ("eq",),
        "stackable": ("eq",),
        "override_stacking": ("eq",),
        "start": ("lt", "le", "eq", "gt", "ge"),
        "end": ("lt", "le", "eq", "gt", "ge"),
        "rule_set.rules.strategy": ("eq", "in"),
        "rule_set.rules.args": ("contains",),
        "account_tags": ("contains",),
    },
    "standard codes": {"code": ("eq",)},
    "rule codes": {"code": ("eq", "gt")},
    "usages": {"id": ("eq",), "code": ("eq",), "used_on": ("gt", "ge", "le", "lt")},
}
UNKNOWN = ("description", "id", "uses", "job_type", "used_on", "rule_set.rules", "meta.timestamps.created_at")
VALUES = {
    "enabled": "true",
    "stackable": "true",
    "override_stacking": "true",
    "start": "2025-01-01",
    "end": "2025-01-01",
    "used_on": "2025-01-01",
}


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_every_other_attribute_and_operator_is_refused(family: Family) -> None:
    client = api_client()
    path = promotion_of(client, family)
    client.post(f"{path}/codes", json={"data": {"type": "promotion_codes", "codes": [{"code": "a"}]}})
    lists = {
        "promotions": f"/v2/{family.collection}",
        "codes": f"{path}/codes",
        "jobs": f"{path}/jobs",
        "usages": f"{path}/usages",
        "code usages": f"{path}/codes/a/usages",
    }
    for name, where in lists.items():
        published = PUBLISHED.get(f"{family.name} {name}") or PUBLISHED[name.removeprefix("code ")]
        for attribute in {*UNKNOWN, *published}:
            for operator in OPERATORS:
                text = f"{operator}({attribute},{VALUES.get(attribute, 'x')})"
                expected = 200 if operator in published.get(attribute, ()) else 400
                response = client.get(f"{where}?filter={text}")
                assert response.status_code == expected, f"{where} {text}"
                if expected == 400:
                    assert response.json() == {"errors": BAD_FILTER}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "eq",
        "eq(code)",
        "eq(code,)",
        "eq(code,a",
        "eq(code,a)eq(code,b)",
        "eq(code,a):",
        "EQ(code,a)",
        "eq(code,a,b)",
    ],
)
def test_what_is_no_filter_is_refused(text: str) -> None:
    assert refused(api_client(), "GET", f"/v2/promotions?filter={text}") == BAD_FILTER


@pytest.mark.parametrize("text", ["eq(enabled,yes)", "gt(start,soon)", "eq(end,2025-13-01)"])
def test_a_value_must_be_of_its_kind(text: str) -> None:
    assert refused(api_client(), "GET", f"/v2/rule-promotions?filter={text}") == BAD_FILTER


def test_ten_conditions_and_eight_kilobytes_are_the_most() -> None:
    client = api_client()
    ten = ":".join(["eq(code,a)"] * 10)
    assert client.get(f"/v2/promotions?filter={ten}").status_code == 200
    assert refused(client, "GET", f"/v2/promotions?filter={ten}:eq(code,a)") == BAD_FILTER
    most = f"eq(code,{'a' * (8192 - len('eq(code,)'))})"
    assert client.get("/v2/promotions", params={"filter": most}).status_code == 200
    assert client.get("/v2/promotions", params={"filter": most.replace("a)", "aa)")}).json() == {
        "errors": BAD_FILTER
    }


def test_a_filter_that_was_meant_for_another_list_is_refused_unless_a_setting_leaves_it_out() -> None:
    meant_for_jobs = "eq(status,completed)"
    strict, lenient = api_client(), api_client(foreign_filters="ignore")
    for family in FAMILIES:
        path = promotion_of(strict, family)
        assert refused(strict, "GET", f"{path}/codes?filter={meant_for_jobs}") == BAD_FILTER
        path = promotion_of(lenient, family)
        lenient.post(
            f"{path}/codes",
            json={"data": {"type": "promotion_codes", "codes": [{"code": "a"}, {"code": "b"}]}},
        )
        assert found(lenient, f"{path}/codes", meant_for_jobs, "code") == ["a", "b"]
        assert found(lenient, f"{path}/codes", f"{meant_for_jobs}:eq(code,b)", "code") == ["b"]
        assert refused(lenient, "GET", f"{path}/codes?filter=like(code,a)") == BAD_FILTER
        assert refused(lenient, "GET", f"{path}/codes?filter=eq(status") == BAD_FILTER


def test_a_poll_that_was_answered_before_follows_settings_that_change() -> None:
    client = api_client(foreign_filters="ignore")
    jobs = f"/v2/promotions/{client.created('/v2/promotions', {'data': new_promotion(STANDARD)})['id']}/jobs?filter=eq(colour,red)"
    assert [client.get(jobs).status_code for _ in range(2)] == [200, 200]
    client.patch("/__ep_mock/settings", json={"foreign_filters": "refuse"})
    assert client.get(jobs).status_code == 400
    client.patch("/__ep_mock/settings", json={"foreign_filters": "ignore"})
    assert client.get(jobs).status_code == 200
