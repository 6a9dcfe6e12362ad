"""Promotions, codes, jobs, plans, faults and settings, through a handle."""

from __future__ import annotations

from pathlib import Path

import pytest

from ep_mock.domain.families import FamilyName
from ep_mock.errors import UsageError
from ep_mock.handle import Handle, Promotion, RefusedError
from tests.client import START
from tests.handle.callers import call, generate_job


@pytest.mark.parametrize("family", ["standard", "rule"])
def test_a_promotion_is_what_the_api_answers_and_knows_its_family(mock: Handle, family: FamilyName) -> None:
    created = mock.promotions.create(family, name="Summer")
    assert (created["name"], created.family) == ("Summer", family)
    assert call(mock, "GET", created.path) == (200, {"data": dict(created)})
    assert mock.promotions.list(family) == [created] == [mock.promotions.get(created)]
    assert mock.promotions.get(created.id, family) == created
    mock.promotions.delete(created)
    assert mock.promotions.list(family) == []


def test_a_promotion_can_be_created_with_any_fields(mock: Handle) -> None:
    made = mock.promotions.create(name="Winter", automatic=True, end="2030-01-01", description="cold")
    assert (made["automatic"], made["description"]) == (True, "cold")
    with pytest.raises(RefusedError) as refused:
        mock.promotions.create(enabled="perhaps")
    assert str(refused.value).startswith("POST /v2/promotions was refused with 400: ")
    assert (refused.value.status, refused.value.errors[0]["source"]) == (400, "data.enabled")


@pytest.mark.parametrize("family", ["standard", "rule"])
def test_codes_are_made_counted_and_used(mock: Handle, family: FamilyName) -> None:
    promotion = mock.promotions.create(family)
    mock.codes.create(promotion, "WINTER", {"code": "SUMMER", "uses": 3})
    assert (mock.codes.count(promotion), [code["code"] for code in mock.codes.list(promotion)]) == (
        2,
        ["WINTER", "SUMMER"],
    )
    usage = mock.codes.use(promotion, "SUMMER", times_used=2, customer_id="c-1")
    assert (usage.promotion_id, usage.family, usage.code, usage.times_used, usage.uses_left) == (
        promotion.id,
        family,
        "SUMMER",
        2,
        1,
    )


def test_all_pages_of_codes_are_listed(mock: Handle) -> None:
    promotion = mock.promotions.create()
    mock.jobs.generate(promotion, 250)
    mock.clock.until_idle()
    codes = mock.codes.list(promotion)
    assert len({code["code"] for code in codes}) == len(codes) == mock.codes.count(promotion) == 250


@pytest.mark.parametrize("family", ["standard", "rule"])
def test_a_job_goes_from_start_to_end(mock: Handle, family: FamilyName) -> None:
    promotion = mock.promotions.create(family)
    job = mock.jobs.generate(promotion, 5, name="nightly", code_prefix="sun")
    assert (job.promotion_id, job.family, job.job_type, job.name, job.status) == (
        promotion.id,
        family,
        "code_generate",
        "nightly",
        "pending",
    )
    moved = mock.clock.until_idle()
    assert [(each.job_id, each.status) for each in moved.transitions] == [
        (job.id, "processing"),
        (job.id, "completed"),
    ]
    ended = mock.jobs.get(job)
    assert (ended.status, ended.result) == ("completed", {"generated": 5})
    assert [entry.status for entry in mock.jobs.history(job.id).history] == [
        "pending",
        "processing",
        "completed",
    ]
    assert {code["code"][:4] for code in mock.codes.list(promotion)} == {"sun-"}


def test_an_export_gives_its_file(mock: Handle) -> None:
    promotion = mock.promotions.create()
    mock.codes.create(promotion, "SUMMER")
    job = mock.jobs.export(promotion)
    with pytest.raises(RefusedError, match=r"/file was refused with"):
        mock.jobs.file(job)
    mock.clock.until_idle()
    assert b"SUMMER" in mock.jobs.file(job)


def test_jobs_are_listed_and_cancelled(mock: Handle) -> None:
    first, second = mock.promotions.create(), mock.promotions.create("rule")
    waiting, other = mock.jobs.generate(first, 5), mock.jobs.export(second)
    assert mock.jobs.cancel(waiting).status == "cancelled"
    assert [job.id for job in mock.jobs.list()] == [other.id, waiting.id]
    assert [job.id for job in mock.jobs.list(status="cancelled")] == [waiting.id]
    assert (
        [job.id for job in mock.jobs.list(family="rule")]
        == [job.id for job in mock.jobs.list(promotion=second)]
        == [other.id]
    )


def test_plans_decide_what_happens_to_the_next_jobs(mock: Handle) -> None:
    promotion = mock.promotions.create()
    mock.fail_next_job("out of memory", after_codes=2, name="first")
    mock.stall_next_job(name="second")
    assert [plan["plan"] for plan in mock.plans()] == [
        {"fail": "out of memory", "after_codes": 2, "name": "first"},
        {"stuck": "processing", "name": "second"},
    ]
    jobs = []
    for name in ("first", "second"):
        jobs.append(mock.jobs.generate(promotion, 5, name=name))
        mock.clock.until_idle()
    assert [(job.status, job.error) for job in map(mock.jobs.get, jobs)] == [
        ("failed", "out of memory"),
        ("processing", None),
    ]
    plan = mock.plan(timings="instant", times=3)
    mock.plan(lose_race=True)
    mock.delete_plan(plan)
    assert [each["plan"] for each in mock.plans()] == [{"lose_race": True}]
    mock.delete_plan()
    assert mock.plans() == []


def test_faults_affect_the_code_under_test_and_not_the_handle(mock: Handle) -> None:
    fault = mock.fault(error="rate_limited", retry_after=7, times=0)
    promotion = mock.promotions.create()
    assert call(mock, "GET", promotion.path)[0] == 429
    assert [(each["id"], each["strikes"]) for each in mock.faults()] == [(fault, 1)]
    mock.delete_fault(fault)
    assert call(mock, "GET", promotion.path)[0] == 200
    mock.fault(connection="reset")
    mock.delete_fault()
    assert mock.faults() == []


def test_a_rate_limit_affects_the_code_under_test_and_not_the_handle(mock: Handle) -> None:
    with pytest.raises(RefusedError, match="rate_limit: needs a clock that runs"):
        mock.rate_limit(2)
    mock.reset(clock="scaled", clock_scale=1e-6)
    mock.rate_limit(2)
    promotion = mock.promotions.create()
    assert [call(mock, "GET", promotion.path)[0] for _ in range(3)] == [200, 200, 429]
    assert mock.promotions.get(promotion) == promotion
    mock.rate_limit(0)
    assert call(mock, "GET", promotion.path)[0] == 200


def test_settings_are_changed_until_the_next_reset(mock: Handle) -> None:
    before = mock.settings()
    assert mock.settings(codes_limit=3) == {**before, "codes_limit": 3}
    mock.reset(clock="scaled", clock_scale=60, author="me@example.com")
    assert mock.settings() == {**before, "author": "me@example.com"}
    reading = mock.clock.read()
    assert (reading.mode, reading.scale) == ("scaled", 60)
    mock.reset()
    assert (mock.settings(), mock.clock.now) == (before, START)


def test_time_is_set_and_moved(mock: Handle) -> None:
    assert mock.clock.read().mode == "manual"
    assert mock.clock.advance(1.5).advanced == 1.5
    assert mock.clock.advance_to("2025-01-31").now == mock.clock.now == "2025-01-31T00:00:00.000000000Z"
    assert mock.clock.set("poll", now="2025-02-01T00:00:00Z").now == "2025-02-01T00:00:00.000000000Z"
    promotion = mock.promotions.create()
    mock.jobs.generate(promotion, 5)
    assert [each.status for each in mock.clock.next().transitions] == ["processing"]


def test_the_worker_pauses_and_steps(mock: Handle) -> None:
    promotion = mock.promotions.create()
    assert mock.worker.pause().paused
    job = mock.jobs.generate(promotion, 5)
    assert [(entry.position, entry.job.id) for entry in mock.worker.read().queue] == [(1, job.id)]
    assert [each.status for each in mock.worker.step().transitions] == ["processing"]
    work = mock.worker.read().current
    assert work is not None
    assert (work.job.id, work.activity, work.of) == (job.id, "generate", 5)
    assert not mock.worker.resume().paused


def test_a_snapshot_brings_everything_back(mock: Handle) -> None:
    promotion = mock.promotions.create()
    mock.jobs.generate(promotion, 5)
    saved = mock.snapshot()
    mock.clock.until_idle()
    mock.promotions.delete(promotion)
    mock.restore(saved)
    assert mock.snapshot() == saved
    assert [job.status for job in mock.jobs.list()] == ["pending"]


def test_fixtures_are_data_files_or_names_of_shipped_ones(mock: Handle, tmp_path: Path) -> None:
    (loaded,) = mock.load_fixture(
        {
            "ep_mock_fixture": 1,
            "promotions": [{"family": "rule", "name": "Summer", "codes": [{"generate": 10}]}],
        }
    )
    assert (loaded.family, loaded.name, loaded.codes, loaded.jobs) == ("rule", "Summer", 10, [])
    path = tmp_path / "shop.yaml"
    path.write_text("ep_mock_fixture: 1\npromotions:\n  - {family: standard, name: Winter}\n")
    assert [each.name for each in mock.load_fixture(str(path))] == ["Winter"]
    assert len(mock.load_fixture("campaign")) > 1
    with pytest.raises(UsageError, match="'champagne' is no shipped fixture"):
        mock.load_fixture("champagne")
    with pytest.raises(RefusedError, match="POST /__ep_mock/fixtures was refused with 400"):
        mock.load_fixture({"ep_mock_fixture": 2})


def test_stores_of_one_server_are_separate(mock: Handle) -> None:
    other = mock.of_store("other")
    other.promotions.create()
    assert (other.store, other.client_id, other.url) == ("other", "other", mock.url)
    assert {store.name for store in mock.stores()} >= {"default", "other"}
    assert mock.promotions.list() == []
    mock.delete_store("other")
    assert other.promotions.list() == []
    other.delete_store()
    assert "other" not in {store.name for store in mock.stores()}


def test_requests_of_a_handle_are_not_in_the_journal(mock: Handle) -> None:
    promotion = mock.promotions.create()
    mock.codes.create(promotion, "SUMMER")
    mock.jobs.cancel(mock.jobs.generate(promotion, 3))
    assert mock.token
    assert mock.requests.all() == []
    call(mock, "POST", f"{promotion.path}/jobs", generate_job(3))
    assert [request.operation for request in mock.requests.all()] == ["create_job"]


def test_the_server_describes_itself(mock: Handle) -> None:
    assert mock.health()["status"] == "ok"
    assert sorted(mock.documents()) == ["control", "rule", "standard"]
    assert mock.document("rule") == mock.documents()["rule"]
    assert mock.docs().startswith("<!doctype html>")


def test_a_promotion_given_by_its_id_needs_its_family() -> None:
    rule = Promotion({"id": "1", "type": "rule_promotion"})
    assert (rule.path, rule.family) == ("/v2/rule-promotions/1", "rule")
