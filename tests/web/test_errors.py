"""Every error document of the API, whole, and what becomes of a defect of ep-mock's own."""

from __future__ import annotations

import logging
import re
from typing import Any

import httpx2
import pytest

from ep_mock.domain.families import FAMILIES, RULE, STANDARD, Family
from tests.bodies import code_export, code_generate, new_promotion
from tests.client import HOST, ApiClient, InProcess, api_client

UNKNOWN = "11111111-2222-4333-8444-555555555555"


class World:
    """A store with a promotion that takes codes, an automatic one, one that has ended with codes, and jobs.

    Attributes:
        root: where the promotions of the family are.
        url: where the one is that takes codes. It has one code, `taken`, and a finished, an unfinished and an
            export job.
    """

    def __init__(self, family: Family) -> None:
        self.family = family
        self.client = api_client(
            codes_limit=3, long_codes_limit=3, promotions_limit=4, reenable_codes_limit=0
        )
        self.root = f"/v2/{family.collection}"
        self.url = self.promotion(name="open", priority=1)
        self.automatic = self.promotion(name="automatic", automatic=True)
        self.ended = self.promotion(name="ended", end="2001-01-01")
        self.post(f"{self.url}/codes", codes("taken"))
        self.post(f"{self.ended}/codes", codes("old"))
        self.done = self.post(f"{self.url}/jobs", code_generate(1)).json()["data"]["id"]
        self.client.advance(idle=True)

    def promotion(self, **fields: Any) -> str:
        if not self.family.ranks_promotions:
            fields.pop("priority", None)
        return f"{self.root}/{self.client.created(self.root, {'data': new_promotion(self.family, **fields)})['id']}"

    def post(self, url: str, data: dict[str, Any]) -> httpx2.Response:
        return self.client.post(url, json={"data": data})


def codes(*names: str, **fields: Any) -> dict[str, Any]:
    return {"type": "promotion_codes", "codes": [{"code": name, **fields} for name in names]}


@pytest.fixture(params=FAMILIES, ids=lambda family: family.name)
def world(request: pytest.FixtureRequest) -> World:
    return World(request.param)


def refusal(response: httpx2.Response) -> tuple[int, Any]:
    assert response.headers["Content-Type"] == "application/json"
    assert list(response.json()) == ["errors"]
    return response.status_code, response.json()["errors"]


def not_found(what: str) -> tuple[int, Any]:
    return 404, [{"detail": f"{what} not found", "status": 404, "title": "Not Found"}]


def test_an_unknown_promotion_is_not_found_wherever_it_is_named(world: World) -> None:
    url = f"{world.root}/{UNKNOWN}"
    calls: list[tuple[str, str]] = [
        ("GET", ""),
        ("PUT", ""),
        ("DELETE", ""),
        ("GET", "/codes"),
        ("POST", "/codes"),
        ("DELETE", "/codes"),
    ]
    calls += [
        ("DELETE", "/codes/x"),
        ("GET", "/jobs"),
        ("POST", "/jobs"),
        ("POST", "/jobs/x/cancel"),
        ("GET", "/jobs/x/file"),
    ]
    calls += [("GET", "/usages"), ("GET", "/codes/x/usages")]
    for method, path in calls:
        assert refusal(world.client.request(method, url + path)) == not_found("promotion"), (method, path)
    other = world.root.replace("rule-", "") if world.family is RULE else "/v2/rule-promotions"
    assert refusal(world.client.get(f"{other}/{world.url.rsplit('/', 1)[1]}")) == not_found("promotion")


def test_an_unknown_job_or_code_is_not_found(world: World) -> None:
    for method, path in [("POST", f"/jobs/{UNKNOWN}/cancel"), ("GET", f"/jobs/{UNKNOWN}/file")]:
        assert refusal(world.client.request(method, world.url + path)) == not_found("job")
    for method, path in [
        ("DELETE", "/codes/no-such"),
        ("GET", "/codes/no-such/usages"),
        ("DELETE", f"/codes/{UNKNOWN}"),
    ]:
        assert refusal(world.client.request(method, world.url + path)) == not_found("promotion code")
    assert world.client.delete(f"{world.url}/jobs/{world.done}").status_code == 404


def test_a_job_for_an_automatic_promotion_or_for_too_many_codes_is_refused(world: World) -> None:
    article = "an " if world.family is STANDARD else ""
    no_codes = {
        "status": "422",
        "title": "No codes allowed",
        "detail": f"Cannot add codes to {article}automatic promotion",
    }
    assert refusal(world.post(f"{world.automatic}/jobs", code_generate(1))) == (422, [no_codes])
    assert refusal(world.post(f"{world.automatic}/codes", codes("x"))) == (422, [no_codes])
    too_many = {
        "status": 400,
        "source": "data.parameters.number_of_codes",
        "title": "Too many promotion codes",
        "detail": "Only 3 promotion codes are allowed per promotion",
    }
    assert refusal(world.post(f"{world.url}/jobs", code_generate(4))) == (400, [too_many])


def test_a_second_job_is_refused_until_the_first_has_ended(world: World) -> None:
    world.client.created(f"{world.url}/jobs", {"data": code_generate(1)})
    item = {
        "status": "400",
        "title": "Too many jobs",
        "detail": "Only 1 pending or processing job is allowed per promotion.",
    }
    for body in (code_generate(1), code_export()):
        assert refusal(world.post(f"{world.url}/jobs", body)) == (400, [item])
    world.client.advance(idle=True)
    assert world.post(f"{world.url}/jobs", code_export()).status_code == 201


def test_a_job_that_has_ended_cannot_be_cancelled(world: World) -> None:
    stop = "." if world.family is RULE else ""
    detail = f"Only pending or processing jobs can be cancelled{stop}"
    item = {"status": "422", "title": "Unprocessable Entity", "detail": detail}
    assert refusal(world.client.post(f"{world.url}/jobs/{world.done}/cancel")) == (422, [item])


def test_codes_that_are_there_or_too_many_are_refused_all_together(world: World) -> None:
    before = world.client.get(f"{world.url}/codes").json()
    duplicate = {"status": "422", "title": "Duplicate code", "detail": "Promotion code already in use"}
    assert refusal(world.post(f"{world.url}/codes", codes("new", "taken"))) == (422, [duplicate])
    assert refusal(world.post(f"{world.url}/codes", codes("new", "new"))) == (422, [duplicate])
    too_many = {
        "status": "422",
        "title": "Too many promotion codes",
        "detail": "Only 3 promotion codes are allowed per promotion",
    }
    assert refusal(world.post(f"{world.url}/codes", codes("a", "b"))) == (422, [too_many])
    assert world.client.get(f"{world.url}/codes").json() == before


def test_a_standard_code_of_another_promotion_is_a_duplicate_until_that_one_has_ended() -> None:
    world = World(STANDARD)
    other = world.promotion(name="other")
    assert refusal(world.post(f"{other}/codes", codes("taken")))[0] == 422
    assert world.post(f"{other}/codes", codes("old")).status_code == 201


def test_a_promotion_that_ends_before_it_starts_or_is_one_too_many_is_refused(world: World) -> None:
    dates = {"status": "422", "title": "Unprocessable Entity", "detail": "start must be before end"}
    backwards = new_promotion(world.family, start="2025-01-01", end="2025-01-01")
    assert refusal(world.post(world.root, backwards)) == (422, [dates])
    assert refusal(
        world.client.put(world.url, json={"data": {"type": world.family.promotion_type, "end": "1999-01-01"}})
    ) == (422, [dates])
    world.promotion(name="fourth", enabled=False)
    full = {
        "status": "422",
        "title": "Unprocessable Entity",
        "detail": "Only 4 promotions are allowed per store",
    }
    assert refusal(world.post(world.root, new_promotion(world.family, enabled=False))) == (422, [full])


def test_a_promotion_that_has_ended_with_too_many_codes_cannot_run_again(world: World) -> None:
    item = {"status": "422", "title": "Unprocessable Entity", "detail": ""}
    if world.family is STANDARD:
        item = {"status": 422, "source": "request", "title": "Unprocessable Entity", "detail": ""}  # type: ignore[dict-item]
    later = {"type": world.family.promotion_type, "end": "2090-01-01"}
    assert refusal(world.client.put(world.ended, json={"data": later})) == (422, [item])


def test_a_rule_promotion_needs_a_priority_of_its_own() -> None:
    world = World(RULE)
    detail = "Priority already in use in another running or scheduled promotion"
    item = {"title": "Duplicate Priority", "status": "422", "detail": detail}
    assert refusal(world.post(world.root, new_promotion(RULE, priority=1))) == (422, [item])


def test_unknown_usages_are_named(world: World) -> None:
    response = world.post(f"{world.root}/usages/anonymize", {"usage_ids": [UNKNOWN]})
    item: dict[str, Any] = {
        "status": "404",
        "title": "Could not anonymize some usages",
        "detail": "Usages not found.",
    }
    if world.family is RULE:
        item = {"status": 404, "title": "Usages Not Found", "detail": "Some usage IDs could not be found."}
    assert refusal(response) == (404, [{**item, "meta": {"usage_ids": [UNKNOWN]}}])


def test_a_body_that_does_not_fit_is_told_in_the_published_words(world: World) -> None:
    assert refusal(
        world.post(f"{world.url}/jobs", {"type": "promotion_job", "job_type": "code_generate"})
    ) == (
        400,
        [{"status": 400, "source": "parameters", "title": "required", "detail": "parameters is required"}],
    )
    assert refusal(
        world.client.post(f"{world.url}/codes", json={"data": {"type": "promotion_codes", "codes": "x"}})
    ) == (
        400,
        [
            {
                "status": 400,
                "source": "data.codes",
                "title": "invalid_type",
                "detail": "Invalid type. Expected: array, given: string",
            }
        ],
    )


def test_on_a_clock_that_stands_still_polling_in_vain_is_told_in_the_end(world: World) -> None:
    client = api_client(stuck_polls=2)
    jobs = f"{world.root}/{client.created(world.root, {'data': new_promotion(world.family)})['id']}/jobs"
    client.created(jobs, {"data": code_generate(1)})
    assert [client.get(jobs).status_code for _ in range(3)] == [200, 200, 503]
    status, errors = refusal(client.get(jobs))
    assert (status, errors[0]["status"], errors[0]["title"]) == (503, 503, "Time stands still")
    assert "POST /__ep_mock/clock/advance" in errors[0]["detail"]


def failing_client(monkeypatch: pytest.MonkeyPatch, **settings: Any) -> tuple[httpx2.Client, ApiClient]:
    """A client that takes any answer, of a server whose list of jobs is broken, and the usual client of
    it.
    """

    def fail(*_: object) -> None:
        raise ZeroDivisionError("a secret of the inside")

    monkeypatch.setattr("ep_mock.operations.jobs.list_jobs", fail)
    usual = api_client(**settings)
    return httpx2.Client(transport=InProcess(usual.app), base_url=HOST, headers=usual.headers), usual


def test_a_defect_is_the_published_500_and_only_the_log_knows_more(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, world: World
) -> None:
    client, usual = failing_client(monkeypatch)
    url = f"{world.root}/{usual.created(world.root, {'data': new_promotion(world.family)})['id']}"
    with caplog.at_level(logging.ERROR, "ep_mock"):
        response = client.get(f"{url}/jobs", headers={"Origin": "https://shop.example"})
    status, errors = refusal(response)
    detail = "There was an internal server error, you can report with your request id."
    request_id = errors[0]["request_id"]
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", request_id)
    assert (status, errors) == (
        500,
        [{"status": 500, "title": "Internal Server Error", "detail": detail, "request_id": request_id}],
    )
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert [record.getMessage() for record in caplog.records] == [
        f"GET {url}/jobs failed; request_id {request_id}"
    ]
    assert caplog.records[0].exc_info is not None
    assert caplog.records[0].exc_info[0] is ZeroDivisionError


def test_after_a_defect_the_store_goes_on_and_each_one_has_an_id_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client, usual = failing_client(monkeypatch)
    promotion = usual.created("/v2/promotions", {"data": new_promotion(STANDARD)})
    url = f"/v2/promotions/{promotion['id']}"
    ids = {client.get(f"{url}/jobs").json()["errors"][0]["request_id"] for _ in range(3)}
    assert len(ids) == 3
    assert usual.created(f"{url}/jobs", {"data": code_generate(1)})["status"] == "pending"
    assert usual.get(url).json()["data"] == promotion
