"""The shipped fixtures and the page about fixtures: all load, answer by the contract, and have what they promise."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ep_mock.domain.lifecycle import STATUSES
from ep_mock.fixtures.files import read_fixture, shipped_fixtures
from tests.client import ApiClient, api_client

DOCS = Path(__file__).parent.parent / "docs" / "fixtures.md"
PATHS = ("/v2/promotions", "/v2/rule-promotions")


def everything(client: ApiClient) -> dict[str, tuple[int, list[tuple[str, str]]]]:
    """Of each promotion, by its path: how many codes it has, and name and status of its jobs, oldest first. All over HTTP."""
    found = {}
    for path in PATHS:
        for promotion in reversed(list(client.pages(path))):
            own = f"{path}/{promotion['id']}"
            codes = client.get(f"{own}/codes").json()["meta"]["results"]["total"]
            found[own] = codes, [(job.get("name", ""), job["status"]) for job in reversed(list(client.pages(f"{own}/jobs")))]
    return found


def test_these_are_shipped_and_each_says_what_it_is_for() -> None:
    assert list(shipped_fixtures()) == ["campaign", "cancelling", "empty", "full", "large", "nearly-full"]
    for name in shipped_fixtures():
        assert read_fixture(name).description


def test_the_empty_store_is_empty() -> None:
    assert everything(api_client(fixtures=("empty",))) == {}


def test_the_campaign_has_jobs_in_all_statuses_but_cancelling_and_all_of_them_end() -> None:
    client = api_client(fixtures=("campaign",))
    standard, rule = "/v2/promotions/00000000-0000-4000-8000-00000000000", "/v2/rule-promotions/10000000-0000-4000-8000-00000000000"
    ended = {
        f"{standard}1": [("First leaflet", "completed"), ("A leaflet too many", "failed"), ("For the printer", "completed")],
        f"{standard}2": [("Stopped in the middle", "cancelled")],
        f"{rule}3": [("Cancelled while it waited", "cancelled")],
    }
    before = everything(client)
    assert before == {
        f"{standard}1": (73, [*ended[f"{standard}1"], ("Second leaflet", "processing")]),
        f"{standard}2": (0, [*ended[f"{standard}2"], ("Waiting for the worker", "pending")]),
        f"{rule}3": (3, [*ended[f"{rule}3"], ("For the newsletter", "pending")]),
        f"{rule}4": (5, []),
        f"{rule}5": (0, []),
    }
    assert {status for _, jobs in before.values() for _, status in jobs} == set(STATUSES) - {"cancelling"}
    client.advance(idle=True)
    assert everything(client) == {
        f"{standard}1": (133, [*ended[f"{standard}1"], ("Second leaflet", "completed")]),
        f"{standard}2": (20, [*ended[f"{standard}2"], ("Waiting for the worker", "completed")]),
        f"{rule}3": (3, [*ended[f"{rule}3"], ("For the newsletter", "completed")]),
        f"{rule}4": (5, []),
        f"{rule}5": (0, []),
    }
    for own, job, codes in ((f"{standard}1", "13", 33), (f"{rule}3", "32", 3)):
        href = client.get(f"{own}/jobs/20000000-0000-4000-8000-0000000000{job}/file").json()["href"]
        assert client.get(href).text.count("\r\n") == 1 + codes


def test_a_cancelling_job_deletes_its_codes_and_the_next_one_waits() -> None:
    client = api_client(fixtures=("cancelling",))
    rule, standard = "/v2/rule-promotions/10000000-0000-4000-8000-000000000006", "/v2/promotions/00000000-0000-4000-8000-000000000007"
    assert everything(client) == {standard: (0, [("Just enough", "pending")]), rule: (40, [("Far too many", "cancelling")])}
    client.advance(idle=True)
    assert everything(client) == {standard: (10, [("Just enough", "completed")]), rule: (0, [("Far too many", "cancelled")])}
    assert client.get(f"{rule}/jobs").json()["data"][0]["result"] == {"generated": 60, "deleted": 60}


@pytest.mark.parametrize(
    ("name", "fitting", "too_many"),
    [("nearly-full", 5, 6), ("full", None, 1), ("large", None, None)],
)
def test_promotions_near_their_limit(name: str, fitting: int | None, too_many: int | None) -> None:
    for count, expected in ((fitting, "completed"), (too_many, "failed")):
        if count is None:
            continue
        client = api_client(fixtures=(name,))
        for own in everything(client):
            body = {"type": "promotion_job", "job_type": "code_generate", "parameters": {"number_of_codes": count}}
            client.created(f"{own}/jobs", {"data": body})
            client.advance(idle=True)
            assert client.get(f"{own}/jobs").json()["data"][0]["status"] == expected


def test_the_sizes_are_as_promised() -> None:
    sizes = {name: [codes for codes, _ in everything(api_client(fixtures=(name,))).values()] for name in ("nearly-full", "full", "large")}
    assert sizes == {"nearly-full": [995, 995], "full": [1000, 1000], "large": [12000, 12000]}


def test_every_fixture_of_the_page_loads(tmp_path: Path) -> None:
    blocks = re.findall(r"```(yaml|json)\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) >= 2
    for number, (suffix, text) in enumerate(blocks):
        path = tmp_path / f"{number}.{suffix}"
        path.write_text(text, encoding="utf-8")
        client = api_client(fixtures=(str(path),))
        client.advance(idle=True)
        assert everything(client)


def test_the_page_names_every_shipped_fixture() -> None:
    text = DOCS.read_text(encoding="utf-8")
    assert [name for name in shipped_fixtures() if f"`{name}`" not in text] == []
