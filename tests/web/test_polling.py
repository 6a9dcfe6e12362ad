"""A poll that finds nothing new is answered with what was said before. Nobody may ever see the difference."""

from __future__ import annotations

from typing import Any

import pytest

from ep_mock.domain.families import FAMILIES, STANDARD, Family
from tests.bodies import code_generate, new_promotion
from tests.client import ApiClient, api_client


def jobs_path(client: ApiClient, family: Family) -> str:
    base = f"/v2/{family.collection}"
    return f"{base}/{client.created(base, {'data': new_promotion(family)})['id']}/jobs"


def statuses(client: ApiClient, path: str) -> list[str]:
    return [job["status"] for job in client.get(path).json()["data"]]


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_polls_see_every_change_of_a_job_and_nothing_else(family: Family) -> None:
    client = api_client(timings="pickup=1s,generate=1s")
    path = jobs_path(client, family)
    seen: list[list[str]] = []
    client.created(path, {"data": code_generate(1)})
    for _ in range(3):
        seen += [statuses(client, path), statuses(client, path)]
        client.advance(next=True)
    client.created(path, {"data": code_generate(1)})
    seen.append(statuses(client, path))
    assert seen == [["pending"]] * 2 + [["processing"]] * 2 + [["completed"]] * 2 + [["pending", "completed"]]


def test_an_answer_is_given_again_only_to_the_same_question() -> None:
    client = api_client(timings="instant")
    path = jobs_path(client, STANDARD)
    for _ in range(3):
        client.created(path, {"data": code_generate(1)})
        client.advance(idle=True)
    questions: list[tuple[str, dict[str, str]]] = [
        (path, {}),
        (f"{path}?page[limit]=1", {}),
        (f"{path}?page[limit]=1&page[offset]=1", {}),
        (f"{path}?filter=eq(status,failed)", {}),
        (path, {"host": "other.test"}),
        (path, {"host": "not a host"}),
    ]

    def answer(question: tuple[str, dict[str, str]]) -> Any:
        target, headers = question
        return client.get(target, headers=headers).json()

    asked_alone = [answer(question) for question in questions]
    for question, expected in zip(questions, asked_alone, strict=True):
        assert [answer(question), answer(question)] == [expected, expected]
    assert len({str(expected) for expected in asked_alone}) == len(questions)


def test_a_changed_setting_counts_at_once() -> None:
    client = api_client(stuck_polls=2)
    path = jobs_path(client, STANDARD)
    client.created(path, {"data": code_generate(1)})
    assert [client.get(path).status_code for _ in range(3)] == [200, 200, 503]
    client.request("PATCH", "/__ep_mock/settings", json={"stuck_polls": 4})
    assert [client.get(path).status_code for _ in range(2)] == [200, 503]
