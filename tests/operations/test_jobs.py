"""What a job looks like: as it is created, as it is listed, in either family."""

from __future__ import annotations

import json

import pytest

from ep_mock.domain.families import FAMILIES, RULE, STANDARD, Family
from ep_mock.domain.paging import Page
from ep_mock.operations import jobs
from tests.bodies import code_generate
from tests.simulation.stores import EVERYTHING, MS, add_promotion, at, export, generate, new_store, poll

SENT = {"code_length": 9, "code_prefix": "Sale ", "consume_unit": "", "max_uses_per_code": 2, "surprise": 1}


@pytest.mark.parametrize(
    ("family", "order"),
    [
        (STANDARD, ["number_of_codes", "consume_unit", "max_uses_per_code", "code_length", "code_prefix"]),
        (RULE, ["number_of_codes", "max_uses_per_code", "consume_unit", "code_prefix", "code_length"]),
    ],
    ids=["standard", "rule"],
)
def test_a_new_job_echoes_its_parameters_in_the_published_order(family: Family, order: list[str]) -> None:
    store = new_store()
    promotion = add_promotion(store, family)
    sent = {**SENT, "consume_unit": family.consume_units[1], "number_of_codes": 3}
    job = jobs.create_job(store, promotion, {**code_generate(3), "name": " a name ", "parameters": sent})
    moment = "2024-12-03T23:31:35.962680423Z"
    document = job.document(nanoseconds=True)
    assert list(document.items()) == [
        ("type", "promotion_job"),
        ("id", job.id),
        (family.owner_key, promotion.id),
        ("job_type", "code_generate"),
        ("name", " a name "),
        ("parameters", {key: sent[key] for key in order}),
        ("status", "pending"),
        ("meta", {"timestamps": {"created_at": moment, "updated_at": moment}}),
    ]
    assert list(document["parameters"]) == order


def test_what_was_not_sent_is_not_shown() -> None:
    store = new_store()
    promotion = add_promotion(store)
    job = generate(store, promotion, 3)
    assert job.document()["parameters"] == {"number_of_codes": 3}
    assert "name" not in job.document()


def test_a_length_sent_as_text_becomes_a_number() -> None:
    store = new_store(timings="instant")
    promotion = add_promotion(store, RULE)
    job = generate(store, promotion, 1, code_length="16")
    assert job.document()["parameters"] == {"number_of_codes": 1, "code_length": 16}
    store.settle()
    assert len(promotion.book.page(0, 1)[0].code.replace("-", "")) == 16


def test_an_export_shows_neither_parameters_nor_a_result() -> None:
    store = new_store()
    promotion = add_promotion(store, RULE)
    job = jobs.create_job(
        store,
        promotion,
        {"type": "promotion_codes", "job_type": "code_export", "parameters": {"number_of_codes": 5}},
    )
    store.advance_until_idle()
    assert list(job.document()) == ["type", "id", "rule_promotion_id", "job_type", "status", "meta"]
    assert job.status == "completed"


def test_a_completed_job_shows_its_times_in_milliseconds_cut_off() -> None:
    store = new_store()
    promotion = add_promotion(store)
    job = generate(store, promotion, 5)
    store.advance_until_idle()
    assert list(job.document().items())[4:] == [
        ("parameters", {"number_of_codes": 5}),
        ("status", "completed"),
        # .962680423 and .962680423 + 0.255
        (
            "meta",
            {
                "timestamps": {
                    "created_at": "2024-12-03T23:31:35.962Z",
                    "updated_at": "2024-12-03T23:31:36.217Z",
                }
            },
        ),
        ("result", {"generated": 5}),
    ]


@pytest.mark.parametrize(
    ("family", "key"), [(RULE, "generate_result"), (STANDARD, "result")], ids=["rule", "standard"]
)
def test_a_switch_gives_the_result_of_rule_jobs_its_older_name(family: Family, key: str) -> None:
    store = new_store(timings="instant", rule_result_key="generate_result")
    promotion = add_promotion(store, family)
    job = generate(store, promotion, 5)
    store.settle()
    assert list(job.document())[-1] == key
    assert job.document()[key] == {"generated": 5}


def test_jobs_are_listed_newest_first_page_by_page() -> None:
    store = new_store(timings="instant")
    promotion = add_promotion(store)
    made = [export(store, promotion).id for _ in range(5)]
    store.settle()
    pages = [jobs.list_jobs(store, promotion, Page(offset, 2), None) for offset in (0, 2, 4, 6)]
    assert [[json.loads(item)["id"] for item in page.items] for page in pages] == [
        [made[4], made[3]],
        [made[2], made[1]],
        [made[0]],
        [],
    ]
    assert {page.total for page in pages} == {5}


def test_jobs_can_be_filtered_by_type_and_status() -> None:
    store = new_store(codes_limit=3)
    promotion = add_promotion(store)
    for count in (3, 1):
        generate(store, promotion, count)
        store.advance_until_idle()
    export(store, promotion)
    found = {
        text: [
            json.loads(item)["status"] for item in jobs.list_jobs(store, promotion, EVERYTHING, text).items
        ]
        for text in (
            "eq(status,completed)",
            "eq(status, complete)",
            "eq(status,failed)",
            "eq(job_type,code_export)",
            "eq(job_type,code_generate)",
            "eq(job_type,code_generate):eq(status,completed)",
            "eq(job_type,code_export):eq(status,completed)",
            "eq(status,nonsense)",
        )
    }
    assert found == {
        "eq(status,completed)": ["completed"],
        "eq(status, complete)": ["completed"],
        "eq(status,failed)": ["failed"],
        "eq(job_type,code_export)": ["pending"],
        "eq(job_type,code_generate)": ["failed", "completed"],
        "eq(job_type,code_generate):eq(status,completed)": ["completed"],
        "eq(job_type,code_export):eq(status,completed)": [],
        "eq(status,nonsense)": [],
    }


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_what_lists_show_follows_every_change(family: Family) -> None:
    store = new_store()
    promotion = add_promotion(store, family)
    generate(store, promotion, 5)
    seen = []
    for moment in (0, 100 * MS, 255 * MS):
        at(store, moment)
        job = json.loads(poll(store, promotion)[0])
        seen.append((job["status"], job["meta"]["timestamps"]["updated_at"]))
    assert seen == [
        ("pending", "2024-12-03T23:31:35.962Z"),
        ("processing", "2024-12-03T23:31:36.062Z"),
        ("completed", "2024-12-03T23:31:36.217Z"),
    ]
    assert poll(store, promotion)[0] is poll(store, promotion)[0], "encoded once"
