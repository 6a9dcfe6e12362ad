"""Every published example, replayed whole."""

from __future__ import annotations

from typing import Any

import pytest

from tests.client import HOST
from tests.replay.differences import DIFFERENCES, NOT_REPLAYED
from tests.replay.exchanges import Exchange, Replay, exchanges
from tests.replay.patterns import mismatches

EXAMPLES = exchanges()
REPLAYED = [exchange for exchange in EXAMPLES if exchange.name not in NOT_REPLAYED]


@pytest.mark.parametrize("exchange", REPLAYED, ids=lambda exchange: exchange.name)
def test_an_example_is_answered_as_published_but_for_the_listed_differences(exchange: Exchange) -> None:
    replay = Replay.of(exchange)
    response = replay.send(exchange.request or {})
    assert (response.status_code, response.headers["Content-Type"]) == (
        exchange.status,
        "application/json",
    ), response.text
    body = response.json()
    promotion = replay.made.get("promotion") or _own_id(body)
    url = HOST + response.request.url.raw_path.decode().partition("?")[0]
    found = list(mismatches(exchange.body, body, promotion=promotion, url=url))
    listed = [
        (difference, place)
        for difference in DIFFERENCES
        if difference.example == exchange.name
        for place in difference.places
    ]
    unexpected = [
        mismatch
        for mismatch in found
        if not any(difference.explains(mismatch, place) for difference, place in listed)
    ]
    assert unexpected == []
    gone = [
        (difference, place)
        for difference, place in listed
        if not any(difference.explains(mismatch, place) for mismatch in found)
    ]
    assert gone == [], "listed in differences.py, but not there any more"


def test_the_lists_name_examples_that_there_are() -> None:
    names = {exchange.name for exchange in EXAMPLES}
    assert {difference.example for difference in DIFFERENCES} | set(NOT_REPLAYED) <= names
    assert {exchange.name for exchange in EXAMPLES if exchange.request is None} == set(NOT_REPLAYED)
    assert all(difference.reason for difference in DIFFERENCES)


def test_the_published_requests_for_jobs_are_taken_as_they_are() -> None:
    sent = {
        exchange.name: (exchange.request or {})["body"]
        for exchange in REPLAYED
        if ".jobs.create." in exchange.name and exchange.status == 201
    }
    assert {name: (body["data"]["type"], body["data"]["job_type"]) for name, body in sent.items()} == {
        "rule.jobs.create.export": ("promotion_codes", "code_export"),
        "rule.jobs.create.generate": ("promotion_codes", "code_generate"),
        "standard.jobs.create.export": ("promotion_job", "code_export"),
        "standard.jobs.create.generate": ("promotion_job", "code_generate"),
        "standard.jobs.create.one": ("promotion_job", "code_generate"),
    }


@pytest.mark.parametrize(
    "name", ["standard.jobs.create.export", "standard.jobs.create.generate", "standard.jobs.create.one"]
)
def test_the_requests_for_standard_jobs_are_taken_without_data_too(name: str) -> None:
    exchange = next(exchange for exchange in EXAMPLES if exchange.name == name)
    replay = Replay.of(exchange)
    request = exchange.request or {}
    response = replay.send({**request, "body": request["body"]["data"]})
    url = HOST + response.request.url.raw_path.decode()
    assert response.status_code == 201
    assert list(mismatches(exchange.body, response.json(), promotion=replay.made["promotion"], url=url)) == []


def _own_id(body: Any) -> str | None:
    data = body.get("data")
    return data.get("id") if isinstance(data, dict) else None
