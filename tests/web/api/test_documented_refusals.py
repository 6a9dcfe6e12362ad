"""The errors that the project's documents give as examples are the ones that a client gets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ep_mock.contract.documents import load_document
from ep_mock.domain.families import FAMILIES, Family
from tests.bodies import code_export, code_generate, new_promotion
from tests.client import ApiClient, api_client

Provoke = Callable[[ApiClient, str], Any]


def codes(*names: str) -> dict[str, Any]:
    return {"data": {"type": "promotion_codes", "codes": [{"code": name} for name in names]}}


def job(**body: Any) -> dict[str, Any]:
    return {"data": body}


def automatic(client: ApiClient, path: str) -> Any:
    client.put(path, json={"data": {"automatic": True}})
    return client.post(f"{path}/codes", json=codes("a"))


def twice(client: ApiClient, path: str) -> Any:
    client.post(f"{path}/codes", json=codes("a"))
    return client.post(f"{path}/codes", json=codes("a"))


def second_job(client: ApiClient, path: str) -> Any:
    client.created(f"{path}/jobs", job(**code_export()))
    return client.post(f"{path}/jobs", json=job(**code_export()))


def early_file(client: ApiClient, path: str) -> Any:
    made = client.created(f"{path}/jobs", job(**code_export()))
    client.advance(next=True)
    return client.get(f"{path}/jobs/{made['id']}/file")


def too_long(client: ApiClient, path: str) -> Any:
    client.put(path, json={"data": {"start": "2024-12-01", "end": "2025-01-01"}})
    client.created(f"{path}/jobs", job(**code_generate(1000)))
    client.advance(idle=True)
    client.post(f"{path}/codes", json=codes("one-more"))
    return client.put(path, json={"data": {"end": "2026-01-01"}})


PROVOKED: dict[str, Provoke] = {
    "NotJson": lambda client, path: client.put(path, content=b'{"data": '),
    "BadFilter": lambda client, path: client.get(f"{path}/codes?filter=code"),
    "BadPage": lambda client, path: client.get(f"{path}/codes?page[limit]=101"),
    "UnknownPromotion": lambda client, path: client.get(f"{path}x"),
    "UnknownJob": lambda client, path: client.get(f"{path}/jobs/x/file"),
    "WrongMethod": lambda client, path: client.patch(path),
    "CompressedBody": lambda client, path: client.put(
        path, content=b"x", headers={"Content-Encoding": "gzip"}
    ),
    "TooManyJobs": second_job,
    "TooManyCodes": lambda client, path: client.post(f"{path}/jobs", json=job(**code_generate(1001))),
    "CodesLimitReached": lambda client, path: client.post(
        f"{path}/codes", json=codes(*map(str, range(1001)))
    ),
    "LastsTooLong": too_long,
    "NoFile": early_file,
    "DuplicateCode": twice,
    "AutomaticPromotion": automatic,
    "SeveralProblems": lambda client, path: client.post(
        f"{path}/jobs",
        json=job(
            type="promotion_job", job_type="code_generate", name="x" * 51, parameters={"number_of_codes": "1"}
        ),
    ),
    "NoToken": lambda client, path: client.get(path, headers={"Authorization": ""}),
}
ELSEWHERE = {
    "MissingProperty": "the published example, replayed",
    "ImplicitToken": "the published example, replayed",
    "LargeBody": "tests of the edge",
    "RateLimited": "needs a rate limit",
    "TimeStandsStill": "tests of stuck polls",
}


def error_examples(family: Family) -> dict[str, Any]:
    examples = load_document(family.name).raw["components"]["examples"]
    return {
        name: example["value"] for name, example in examples.items() if list(example["value"]) == ["errors"]
    }


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
@pytest.mark.parametrize("name", PROVOKED)
def test_a_documented_error_is_the_one_that_comes(family: Family, name: str) -> None:
    client = api_client(**({"codes_limit": 2000, "long_codes_limit": 1000} if name == "LastsTooLong" else {}))
    promotion = client.created(f"/v2/{family.collection}", {"data": new_promotion(family)})
    response = PROVOKED[name](client, f"/v2/{family.collection}/{promotion['id']}")
    assert response.json() == error_examples(family)[name]


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_every_documented_error_is_provoked_here_or_elsewhere(family: Family) -> None:
    assert set(error_examples(family)) == {*PROVOKED, *ELSEWHERE}
