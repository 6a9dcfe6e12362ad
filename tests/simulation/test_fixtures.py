"""Fixtures: what a description may say, and what a store is like that was filled with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ep_mock.domain.dates import format_nanos
from ep_mock.domain.families import FAMILIES, Family
from ep_mock.errors import UsageError
from ep_mock.fixtures.files import check_request
from ep_mock.fixtures.format import parse_fixture
from ep_mock.fixtures.load import load_fixture
from ep_mock.operations import exports
from ep_mock.simulation.promotion import Promotion
from ep_mock.simulation.store import Store
from ep_mock.snapshots import save
from tests.simulation.stores import MS, SECOND, START, add_promotion, code_documents, codes_of, generate, log_of, new_store, poll

ID = "00000000-0000-4000-8000-00000000000%d"
GENERATE: dict[str, Any] = {"job_type": "code_generate", "parameters": {"number_of_codes": 10}}
EXPORT: dict[str, Any] = {"job_type": "code_export"}
DONE: dict[str, Any] = {"status": "completed", "created_at": -100, "updated_at": -20}


def described(*promotions: Mapping[str, Any], **rest: Any) -> dict[str, Any]:
    return {"ep_mock_fixture": 1, "promotions": [{"family": "rule", "name": "A promotion", **each} for each in promotions], **rest}


def load(store: Store, data: object) -> list[Promotion]:
    """Load a fixture; answers the promotions of both families, in the order in which they came."""
    store.settle()
    load_fixture(store, parse_fixture(data, "f.yaml"), check_request)
    return [promotion for family in store.content.promotions.values() for promotion in family.values()]


def loaded(*promotions: Mapping[str, Any], **rest: Any) -> tuple[Store, list[Promotion]]:
    store = new_store()
    return store, load(store, described(*promotions, **rest))


def jobs_of(store: Store, promotion: Promotion) -> list[dict[str, Any]]:
    return [msgspec.json.decode(item) for item in poll(store, promotion)]


def refusal(data: object, store: Store | None = None) -> str:
    """The error, without the fixture's name; the store is as it was before."""
    store = store or new_store()
    store.settle()
    before = save(store)
    with pytest.raises(UsageError) as error:
        load(store, data)
    assert save(store) == before
    assert str(error.value).startswith("f.yaml: ")
    return str(error.value).removeprefix("f.yaml: ")


def test_family_and_name_are_enough() -> None:
    store, promotions = loaded({"family": "standard"}, {"family": "rule"})
    documents = [promotion.document() for promotion in promotions]
    own = {
        "name": "A promotion",
        "enabled": True,
        "automatic": False,
        "start": "2000-01-01T00:00:00Z",
        "end": "2100-01-01T00:00:00Z",
        "created_by": "ep-mock@example.com",
        "updated_by": "ep-mock@example.com",
        "meta": {"timestamps": {"created_at": "2024-12-03T23:31:35.962Z", "updated_at": "2024-12-03T23:31:35.962Z"}},
    }
    assert documents == [
        {
            **own,
            "type": "promotion",
            "id": promotions[0].id,
            "parent_id": promotions[0].id,
            "description": "Described by a fixture",
            "current": True,
            "promotion_type": "fixed_discount",
            "schema": {"currencies": [{"currency": "USD", "amount": 1000}]},
        },
        {
            **own,
            "type": "rule_promotion",
            "id": promotions[1].id,
            "store_id": store.content.store_id,
            "rule_set": {
                "currencies": ["USD"],
                "rules": {"strategy": "cart_total", "operator": "gte", "args": [5000]},
                "actions": [{"strategy": "cart_discount", "args": ["fixed", 1000]}],
            },
            "stackable": True,
            "override_stacking": False,
        },
    ]


def test_times_are_dates_or_seconds_from_loading() -> None:
    ended = {**GENERATE, "status": "completed", "created_at": "2024-12-03 23:00", "updated_at": -0.5}
    store, (promotion,) = loaded(
        {"start": -60, "end": 3600, "created_at": "2024-12-01", "jobs": [ended], "codes": [{"code": "A", "created_at": -1}]}
    )
    document = promotion.document()
    assert (document["start"], document["end"]) == ("2024-12-03T23:30:35Z", "2024-12-04T00:31:35Z")
    assert document["meta"]["timestamps"]["created_at"] == "2024-12-01T00:00:00.000Z"
    assert jobs_of(store, promotion)[0]["meta"]["timestamps"] == {
        "created_at": "2024-12-03T23:00:00.000Z",
        "updated_at": "2024-12-03T23:31:35.462Z",
    }
    assert msgspec.json.decode(code_documents(store, promotion)[-1])["meta"] == {"timestamps": {"created_at": "2024-12-03T23:31:34.962Z"}}


def test_a_promotion_is_as_old_as_the_oldest_of_what_it_has() -> None:
    _, (promotion,) = loaded({"codes": [{"code": "A", "created_at": -5}], "jobs": [{**EXPORT, "status": "completed", "created_at": -7}]})
    assert promotion.created_at == START - 7 * SECOND


def test_settings_are_those_of_the_store_from_then_on() -> None:
    store, _ = loaded(settings={"codes_limit": 7, "timings": "instant,generate=2s"})
    assert (store.settings.codes_limit, store.content.timings.generate) == (7, 2 * SECOND)


def test_codes_are_listed_as_they_are_described() -> None:
    entries: list[dict[str, Any]] = [
        {"code": "Free"},
        {"code": "Some-Left", "uses": 2, "max_uses": 5, "consume_unit": "per_application", "user": "ada"},
        {"code": "Unused", "max_uses": 4},
        {"code": "Spent", "uses": 0, "max_uses": 1},
        {"code": "Both", "uses": 3},
        {"code": "Shopper", "max_uses_per_shopper": {"max_uses": 1, "includes_guests": True}},
        {"code": "New", "is_for_new_shopper": True},
    ]
    store, (promotion,) = loaded({"codes": entries})
    listed = [msgspec.json.decode(document) for document in code_documents(store, promotion)]
    made = {"created_by": "ep-mock@example.com", "meta": {"timestamps": {"created_at": "2024-12-03T23:31:35.962Z"}}}
    uses: list[dict[str, Any]] = [{}, {}, {"uses": 4}, {}, {"max_uses": 3}, {}, {}]
    ids = [{"id": promotion.book.id_of(promotion.book.key(entry["code"]))} for entry in entries]
    assert listed == [{**entry, **extra, **id_, **made} for entry, extra, id_ in zip(entries, uses, ids, strict=True)]


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_generated_codes_are_those_of_a_seed_and_of_the_described_kind(family: Family) -> None:
    entry = {"generate": 1200, "prefix": "bulk", "length": 10, "max_uses": 2, "consume_unit": family.consume_units[1]}
    promotion = {"family": family.name, "id": ID % 1, "codes_limit": 1200, "start": -1, "end": 60, "codes": [entry]}
    one, (first,) = loaded(promotion)
    other, (second,) = loaded(promotion)
    assert code_documents(one, first) == code_documents(other, second)
    codes = codes_of(one, first)
    assert len(set(codes)) == 1200
    assert {(code[:5], len(code)) for code in codes} == {("bulk-", 5 + 12)}
    document = msgspec.json.decode(code_documents(one, first)[0])
    assert (document["uses"], document["max_uses"], document["consume_unit"]) == (2, 2, family.consume_units[1])


def test_codes_stand_in_order_of_their_creation_and_those_of_ended_jobs_among_them() -> None:
    job = {**GENERATE, "status": "completed", "created_at": -5}
    codes = [{"code": "now"}, {"generate": 2, "prefix": "old", "created_at": -9}, {"code": "older", "created_at": -10}]
    store, (promotion,) = loaded({"codes": codes, "jobs": [job]})
    listed = codes_of(store, promotion)
    assert [code.split("-")[0] for code in listed[:3]] == ["older", "old", "old"]
    assert (listed[-1], len(listed)) == ("now", 14)


def test_a_job_stands_in_its_status_with_a_plausible_history() -> None:
    jobs = [
        {**GENERATE, "status": "completed", "created_at": -90, "updated_at": -80},
        {**GENERATE, "status": "failed", "created_at": -70, "updated_at": -60},
        {**EXPORT, "status": "failed", "error": "disk full", "created_at": -50, "updated_at": -40},
        {**GENERATE, "status": "cancelled", "created_at": -39},
        {**GENERATE, "status": "cancelled", "result": {"generated": 4}, "created_at": -30, "updated_at": -20},
        {**GENERATE, "status": "cancelling", "created_at": -10, "updated_at": -5, "generated_so_far": 6, "deleted_so_far": 1},
    ]
    store, (promotion,) = loaded({"jobs": jobs})
    assert [(job.status, job.error, job.result) for job in promotion.jobs] == [
        ("completed", None, {"generated": 10}),
        ("failed", "codes limit exceeded", None),
        ("failed", "disk full", None),
        ("cancelled", None, None),
        ("cancelled", None, {"generated": 4, "deleted": 4}),
        ("cancelling", None, None),
    ]
    assert [log_of(job) for job in promotion.jobs] == [
        [(-90 * SECOND, "pending"), (-89900 * MS, "processing"), (-80 * SECOND, "completed")],
        [(-70 * SECOND, "pending"), (-69900 * MS, "processing"), (-60 * SECOND, "failed")],
        [(-50 * SECOND, "pending"), (-49900 * MS, "processing"), (-40 * SECOND, "failed")],
        [(-39 * SECOND, "pending"), (-39 * SECOND, "cancelled")],
        [(-30 * SECOND, "pending"), (-29900 * MS, "processing"), (-20 * SECOND, "cancelling"), (-20 * SECOND, "cancelled")],
        [(-10 * SECOND, "pending"), (-9900 * MS, "processing"), (-5 * SECOND, "cancelling")],
    ]
    remembered = [(transition.at, transition.job_id, transition.status) for transition in store.content.transitions]
    told = [(entry.at, job.id, entry.status) for job in promotion.jobs for entry in job.history]
    assert remembered == told == sorted(told, key=lambda each: each[0])


def test_a_processing_job_goes_on_where_it_is() -> None:
    job = {**GENERATE, "status": "processing", "created_at": -9, "updated_at": -8, "generated_so_far": 4}
    store, (promotion,) = loaded({"jobs": [job]})
    assert len(codes_of(store, promotion)) == 4
    store.advance_to(START + 3 * MS)
    assert len(codes_of(store, promotion)) == 7
    store.advance_until_idle()
    assert len(codes_of(store, promotion)) == 10
    assert log_of(promotion.jobs[0]) == [(-9 * SECOND, "pending"), (-8 * SECOND, "processing"), (6 * MS, "completed")]
    assert promotion.jobs[0].result == {"generated": 10}


def test_a_processing_job_without_codes_has_just_begun() -> None:
    store, (promotion,) = loaded({"jobs": [{**GENERATE, "status": "processing", "created_at": -9}]})
    store.advance_until_idle()
    assert log_of(promotion.jobs[0])[-1] == (160 * MS, "completed")


def test_a_processing_job_that_passes_the_limit_fails() -> None:
    store, (promotion,) = loaded({"codes_limit": 12, "codes": [{"generate": 3}], "jobs": [{**GENERATE, "status": "processing"}]})
    store.advance_until_idle()
    assert (promotion.jobs[0].status, promotion.jobs[0].error, len(promotion.book)) == ("failed", "codes limit exceeded", 3)


def test_a_cancelling_job_deletes_what_is_left_of_its_codes() -> None:
    job = {**GENERATE, "status": "cancelling", "generated_so_far": 8, "deleted_so_far": 2}
    store, (promotion,) = loaded({"codes": [{"code": "stays"}], "jobs": [job]})
    assert len(codes_of(store, promotion)) == 7
    store.advance_to(START + 1 * MS)
    assert len(codes_of(store, promotion)) == 5
    store.advance_until_idle()
    assert codes_of(store, promotion) == ["stays"]
    assert promotion.jobs[0].result == {"generated": 8, "deleted": 8}
    assert log_of(promotion.jobs[0])[-1] == (3 * MS, "cancelled")


def test_pending_jobs_wait_in_order_of_arrival_behind_the_one_in_hands() -> None:
    store, promotions = loaded(
        {"name": "third", "jobs": [{**GENERATE, "created_at": -1}]},
        {"name": "first", "jobs": [{**GENERATE, "created_at": -3}]},
        {"name": "busy", "jobs": [{**EXPORT, "status": "processing", "created_at": -9}]},
        {"name": "second", "family": "standard", "jobs": [{**GENERATE, "created_at": -2}]},
    )
    names = {promotion.id: promotion.fields["name"] for promotion in promotions}
    transitions = store.advance_until_idle()
    assert [(each.at - START, names[each.promotion_id], each.status) for each in transitions] == [
        (150 * MS, "busy", "completed"),
        (250 * MS, "first", "processing"),
        (410 * MS, "first", "completed"),
        (510 * MS, "second", "processing"),
        (670 * MS, "second", "completed"),
        (770 * MS, "third", "processing"),
        (930 * MS, "third", "completed"),
    ]


def test_a_pending_job_is_still_pending_at_the_first_look() -> None:
    store, (promotion,) = loaded({"jobs": [{**GENERATE, "created_at": -86400}]})
    assert [job["status"] for job in jobs_of(store, promotion)] == ["pending"]
    store.advance_to_next()
    assert log_of(promotion.jobs[0]) == [(-86400 * SECOND, "pending"), (100 * MS, "processing")]


def test_a_job_that_is_in_the_middle_of_its_work_can_be_cancelled() -> None:
    store, (promotion,) = loaded({"jobs": [{**GENERATE, "status": "processing", "generated_so_far": 7}]})
    store.worker.cancel(promotion.jobs[0], store.now)
    store.advance_until_idle()
    assert (promotion.jobs[0].status, promotion.jobs[0].result) == ("cancelled", {"generated": 7, "deleted": 7})
    assert codes_of(store, promotion) == []


@pytest.mark.parametrize(
    ("job", "left"),
    [
        ({}, 10),
        ({"result": {"generated": 10}}, 10),
        ({"result": {"generated": 10, "deleted": 10}}, 0),
        ({"result": {"generated": 9, "deleted": 4}}, 5),
        ({"codes_left": 3}, 3),
        ({"codes_left": 0}, 0),
    ],
)
def test_the_codes_of_a_completed_job_are_there_unless_it_says_otherwise(job: dict[str, Any], left: int) -> None:
    store, (promotion,) = loaded({"jobs": [{**GENERATE, **job, "status": "completed"}]})
    assert len(codes_of(store, promotion)) == left


def test_a_completed_export_has_a_file_with_the_codes() -> None:
    jobs = [{**EXPORT, "status": "completed", "created_at": -2}, {**GENERATE, "status": "processing", "generated_so_far": 5}]
    store, (promotion,) = loaded({"codes": [{"code": "A", "uses": 1, "max_uses": 2}, {"code": "B"}], "jobs": jobs})
    path, _, query = exports.file_url(store, promotion, promotion.jobs[0]).partition("?")
    pairs = dict(pair.split("=") for pair in query.split("&"))
    file = b"".join(exports.open_file(store, promotion.id, path.split("/")[-1], pairs)).decode()
    assert [line.split(",")[:3] for line in file.splitlines()] == [["code", "uses", "max_uses"], ["A", "1", "2"], ["B", "", ""]]


def test_a_fixture_joins_what_the_store_has() -> None:
    store = new_store()
    mine = add_promotion(store)
    job = generate(store, mine, 5)
    store.advance_to_next()
    load(store, described({"jobs": [{**GENERATE, "created_at": -60}]}))
    assert store.worker.queued == 1
    transitions = store.advance_until_idle()
    assert [(each.job_id == job.id, each.status) for each in transitions] == [
        (True, "completed"),
        (False, "processing"),
        (False, "completed"),
    ]


BAD_VALUES: list[tuple[object, str]] = [
    ([], 'expected an object that begins with "ep_mock_fixture": 1'),
    (None, 'expected an object that begins with "ep_mock_fixture": 1'),
    ({"promotions": []}, 'expected an object that begins with "ep_mock_fixture": 1'),
    ({"ep_mock_fixture": 2}, "ep_mock_fixture: expected 1, the only version so far, got 2"),
    ({"ep_mock_fixture": True}, "ep_mock_fixture: expected 1, the only version so far, got true"),
    ({"ep_mock_fixture": 1, "x": {1}, "y": object()}, "it is not what JSON can hold: Encoding objects of type object is unsupported"),
    (described({"name": "\ud800"}), "a text in it has half a surrogate pair"),
    (described(promotion=[]), 'unknown key "promotion"; expected one of ep_mock_fixture, description, settings, promotions'),
    (described(promotions={}), "promotions: expected array, got object"),
    (described(promotions=[5]), "promotions[0]: expected an object, got 5"),
    (described({"family": "rules"}), 'promotions[0].family: expected one of standard, rule, got "rules"'),
    (described(promotions=[{"name": "x"}]), "promotions[0]: missing: family"),
    (described(promotions=[{"family": "rule"}]), "promotions[0]: name is required"),
    (
        described({"job": []}),
        'promotions[0]: unknown key "job"; expected one of family, id, created_at, codes_limit, codes, jobs, name, description, enabled, '
        "automatic, rule_set, priority, stackable, override_stacking, type, start, end",
    ),
    (described({"id": "A"}), 'promotions[0].id: expected a UUID in lower case, got "A"'),
    (described({"codes_limit": -1}), "promotions[0].codes_limit: expected int >= 0"),
    (described({"codes": "A"}), "promotions[0].codes: expected array, got str"),
    (described({"codes": ["A"]}), 'promotions[0].codes[0]: expected an object, got "A"'),
    (described({"codes": [{"code": 12345678}]}), "promotions[0].codes[0].code: expected str, got int"),
    (described({"codes": [{"code": ""}]}), "promotions[0].codes[0].code: expected str of length >= 1"),
    (
        described({"codes": [{"code": "A", "uses": 2, "max_uses": 1}]}),
        "promotions[0].codes[0].uses: expected what is left of max_uses, at most 1, got 2",
    ),
    (
        described({"codes": [{"code": "A", "consume_unit": "per_cart"}]}),
        'promotions[0].codes[0].consume_unit: expected one of per_checkout, per_application, got "per_cart"',
    ),
    (
        described({"family": "standard", "codes": [{"code": "A", "is_for_new_shopper": True}]}),
        'promotions[0].codes[0]: unknown key "is_for_new_shopper"; expected one of code, user, uses, max_uses, consume_unit, created_at',
    ),
    (described({"codes": [{"generate": 0}]}), "promotions[0].codes[0].generate: expected int >= 1"),
    (described({"codes": [{"generate": 1, "length": 17}]}), "promotions[0].codes[0].length: expected int <= 16"),
    (
        described({}, {}, {"jobs": [{**EXPORT, "status": "done"}]}),
        'promotions[2].jobs[0].status: expected one of pending, processing, completed, failed, cancelling, cancelled, got "done"',
    ),
    (
        described({"jobs": [{"job_type": "import"}]}),
        'promotions[0].jobs[0].job_type: expected one of code_generate, code_export, got "import"',
    ),
    (
        described({"jobs": [{**GENERATE, "parameters": {"count": 1}}]}),
        'promotions[0].jobs[0].parameters: unknown key "count"; '
        "expected one of number_of_codes, max_uses_per_code, consume_unit, code_prefix, code_length",
    ),
    (
        described({"jobs": [{**EXPORT, "parameters": {}}]}),
        "promotions[0].jobs[0].parameters: only a code_generate job has it; this one is a pending code_export job",
    ),
    (
        described({"jobs": [{**EXPORT, "status": "completed", "result": {"generated": 1}}]}),
        "promotions[0].jobs[0].result: only a completed or cancelled code_generate job has it; this one is a completed code_export job",
    ),
    (
        described({"jobs": [{**GENERATE, "status": "completed", "error": "no"}]}),
        "promotions[0].jobs[0].error: only a failed job has it; this one is a completed code_generate job",
    ),
    (
        described({"jobs": [{**GENERATE, "status": "cancelled", "codes_left": 1}]}),
        "promotions[0].jobs[0].codes_left: only a completed code_generate job has it; this one is a cancelled code_generate job",
    ),
    (
        described({"jobs": [{**GENERATE, "generated_so_far": 1}]}),
        "promotions[0].jobs[0].generated_so_far: only a processing or cancelling code_generate job has it; "
        "this one is a pending code_generate job",
    ),
]


@pytest.mark.parametrize(("data", "problem"), BAD_VALUES)
def test_a_value_that_cannot_be_is_named_with_what_was_expected(data: object, problem: str) -> None:
    assert refusal(data) == problem


CONTRADICTIONS: list[tuple[dict[str, Any], str]] = [
    (described(settings={"codes_limits": 1}), "settings: codes_limits: not a setting that can be changed here; did you mean codes_limit?"),
    (described(settings={"codes_limit": "many"}), "settings: codes_limit: expected int, got 'many'"),
    (described(settings={"port": 1}), "settings: port: not a setting that can be changed here"),
    (described({"enabled": "yes"}), "promotions[0].enabled: Invalid type. Expected: boolean, given: string"),
    (described({"family": "standard", "promotion_type": "percent_discount"}), "promotions[0]: schema is required"),
    (described({"start": "2025-01-02", "end": "2025-01-01"}), "promotions[0]: start must be before end"),
    (described({"start": "soon"}), "promotions[0].start: "),
    (described({"end": 1e30}), "promotions[0].end: expected at most 864000000 seconds before or after the fixture is loaded, got 1e30"),
    (described({"priority": 1}, {"priority": 1}), "promotions[1]: Priority already in use in another running or scheduled promotion"),
    (described({}, {}, settings={"promotions_limit": 1}), "promotions[1]: Only 1 promotions are allowed per store"),
    (described({"id": ID % 1}, {"id": ID % 1}), f"promotions[1].id: {ID % 1} is the id of promotions[0] already"),
    (
        described({"id": ID % 1, "jobs": [{**EXPORT, "id": ID % 1}]}),
        f"promotions[0].jobs[0].id: {ID % 1} is the id of promotions[0] already",
    ),
    (described({"codes": [{"code": "A"}, {"code": "a"}]}), "promotions[0].codes[1].code: 'a' is there already, at promotions[0].codes[0]"),
    (
        described({"family": "standard", "codes": [{"code": "A"}]}, {"family": "standard", "codes": [{"code": "A"}]}),
        "promotions[1].codes[0].code: 'A' is a code of another unexpired promotion: promotions[0].codes[0]",
    ),
    (described({"codes": [{"code": "A", "is_for_new_shopper": True, "uses": 1}]}), "promotions[0].codes[0]: "),
    (
        described({"codes": [{"code": "A", "max_uses_per_shopper": {"includes_guests": True}}]}),
        "promotions[0].codes[0].max_uses_per_shopper: Has a dependency on max_uses",
    ),
    (described({"automatic": True, "codes": [{"code": "A"}]}), "promotions[0].codes: Cannot add codes to automatic promotion"),
    (described({"automatic": True, "jobs": [GENERATE]}), "promotions[0].jobs[0]: Cannot add codes to automatic promotion"),
    (
        described({"codes_limit": 5, "codes": [{"generate": 6}]}),
        "promotions[0].codes: with those of its jobs it has 6. Only 5 promotion codes are allowed per promotion",
    ),
    (
        described({"codes": [{"generate": 12000}]}, settings={"codes_limit": 12000, "long_codes_limit": 1000}),
        "promotions[0].codes: with those of its jobs it has 12000. "
        "Only 1000 promotion codes are allowed per promotion that lasts more than 365 days",
    ),
    (
        described({"codes_limit": 10, "codes": [{"code": "A"}], "jobs": [{**GENERATE, "status": "completed"}]}),
        "promotions[0].codes: with those of its jobs it has 11. Only 10 promotion codes are allowed per promotion",
    ),
    (
        described({"codes_limit": 10, "codes": [{"code": "A"}], "jobs": [{**GENERATE, "status": "processing", "generated_so_far": 1}]}),
        "promotions[0].jobs[0].generated_so_far: expected 0, for the job fails: 10 codes besides 1 pass the limit of 10",
    ),
    (described({"jobs": [{"job_type": "code_generate"}]}), "promotions[0].jobs[0]: parameters is required"),
    (
        described({"jobs": [{**GENERATE, "parameters": {"number_of_codes": "ten"}}]}),
        "promotions[0].jobs[0].parameters.number_of_codes: Invalid type. Expected: integer, given: string",
    ),
    (described({"jobs": [{**EXPORT, "name": "n" * 51}]}), "promotions[0].jobs[0].name: String length must be less than or equal to 50"),
    (
        described({"codes_limit": 9, "jobs": [GENERATE]}),
        "promotions[0].jobs[0].parameters.number_of_codes: Only 9 promotion codes are allowed per promotion",
    ),
    (
        described({"jobs": [{**EXPORT, **DONE, "updated_at": -10}, {**EXPORT, **DONE, "created_at": -50}]}),
        "promotions[0].jobs[1].created_at: expected a time when the job of the promotion before it, promotions[0].jobs[0], has ended, "
        f"at {format_nanos(START - 10 * SECOND)}",
    ),
    (
        described({"jobs": [{**EXPORT, "created_at": -50}, {**EXPORT, **DONE, "updated_at": -10}]}),
        "promotions[0].jobs[0].created_at: expected a time when the job of the promotion before it, promotions[0].jobs[1], has ended, ",
    ),
    (
        described({"codes": [{"generate": 1_500_000}]}, {"codes": [{"generate": 600_000}]}, settings={"codes_limit": 10_000_000}),
        "promotions[1].codes: expected at most 2000000 codes in all promotions of a fixture; load several",
    ),
    (described({"jobs": [GENERATE, EXPORT]}), "promotions[0].jobs[1]: Only 1 pending or processing job is allowed per promotion."),
    (
        described({"jobs": [{**GENERATE, "status": "processing"}]}, {"jobs": [{**EXPORT, "status": "cancelling"}]}),
        "promotions[1].jobs[0].status: the worker has one job in its hands at a time, and that is promotions[0].jobs[0]",
    ),
    (
        described({"jobs": [{**EXPORT, "status": "failed"}]}),
        "promotions[0].jobs[0].error: missing: only a code_generate job fails without saying why",
    ),
    (
        described({"jobs": [{**GENERATE, "status": "processing", "generated_so_far": 10}]}),
        "promotions[0].jobs[0].generated_so_far: a processing job that makes 10 has made 9 at most, got 10",
    ),
    (
        described({"jobs": [{**GENERATE, "status": "cancelling", "generated_so_far": 3, "deleted_so_far": 3}]}),
        "promotions[0].jobs[0].deleted_so_far: expected fewer than generated_so_far, which is 3, got 3",
    ),
    (
        described({"jobs": [{**GENERATE, "status": "completed", "result": {"generated": 11}}]}),
        "promotions[0].jobs[0].result.generated: expected at most number_of_codes, which is 10, got 11",
    ),
    (
        described({"jobs": [{**GENERATE, "status": "completed", "result": {"generated": 1, "deleted": 2}}]}),
        "promotions[0].jobs[0].result.deleted: expected at most generated, which is 1, got 2",
    ),
    (
        described({"jobs": [{**GENERATE, "status": "completed", "codes_left": 11}]}),
        "promotions[0].jobs[0].codes_left: expected at most what its result says, which is 10, got 11",
    ),
    (
        described({"jobs": [{**EXPORT, "created_at": -1, "updated_at": 0}]}),
        "promotions[0].jobs[0].updated_at: a pending job has not changed since created_at; leave it out",
    ),
    (
        described({"jobs": [{**EXPORT, "status": "completed", "updated_at": -1}]}),
        "promotions[0].jobs[0].updated_at: it comes before created_at",
    ),
    (
        described({"jobs": [{**EXPORT, "created_at": 1}]}),
        "promotions[0].jobs[0].created_at: expected a time that has passed, such as -3600 for an hour ago; "
        "it is 2024-12-03T23:31:35.962680423Z, got 1",
    ),
    (described({"jobs": [{**EXPORT, "created_at": "yesterday"}]}), "promotions[0].jobs[0].created_at: 'yesterday' is not a date: "),
    (
        described({"created_at": 0, "codes": [{"code": "A", "created_at": -1}]}),
        "promotions[0].created_at: a code or job of the promotion is older, from 2024-12-03T23:31:34.962680423Z",
    ),
]


@pytest.mark.parametrize(("data", "problem"), CONTRADICTIONS)
def test_a_contradiction_is_named_and_nothing_is_loaded(data: dict[str, Any], problem: str) -> None:
    assert refusal(data).startswith(problem)


def test_jobs_of_one_promotion_may_follow_each_other_without_a_pause() -> None:
    jobs = [{**EXPORT, **DONE}, {**EXPORT, **DONE, "created_at": -20}, {**GENERATE, "created_at": -20}]
    store, (promotion,) = loaded({"jobs": jobs})
    assert [job["status"] for job in jobs_of(store, promotion)] == ["pending", "completed", "completed"]


def test_a_cancelled_job_may_have_lasted_longer_where_the_settings_allow_it() -> None:
    slow = {**GENERATE, **DONE, "status": "cancelled", "result": {"generated": 4}}
    loaded({"jobs": [slow, {**EXPORT, "created_at": -50}]}, settings={"cancelling_blocks": False})


def test_what_the_store_has_already_is_refused_and_nothing_is_loaded() -> None:
    store = new_store()
    first = described(
        {"family": "standard", "id": ID % 1, "codes": [{"code": "A"}], "jobs": [{**GENERATE, "id": ID % 2, "status": "processing"}]}
    )
    load(store, first)
    store.settle()
    assert refusal(first, store) == f"promotions[0].id: {ID % 1} is the id of a promotion of the store already"
    assert (
        refusal(described({"jobs": [{**EXPORT, "id": ID % 2}]}), store)
        == f"promotions[0].jobs[0].id: {ID % 2} is the id of a job of the store already"
    )
    code = described({"family": "standard", "codes": [{"code": "A"}]})
    assert (
        refusal(code, store) == "promotions[0].codes[0].code: 'A' is a code of another unexpired promotion: a promotion that the store has"
    )
    in_hands = described({"jobs": [{**EXPORT, "status": "processing"}]})
    assert (
        refusal(in_hands, store)
        == f"promotions[0].jobs[0].status: the worker has one job in its hands at a time, and that is job {ID % 2} of the store"
    )


def test_expired_promotions_may_share_a_code_and_settings_may_allow_it() -> None:
    pair: list[dict[str, Any]] = [
        {"family": "standard", "codes": [{"code": "A"}]},
        {"family": "standard", "end": -1, "codes": [{"code": "A"}]},
    ]
    loaded(*pair)
    loaded(pair[0], pair[0], settings={"unique_codes": False})
    loaded({"codes": [{"code": "A"}]}, {"codes": [{"code": "A"}]})


JOBS_THAT_END = st.one_of(
    st.builds(lambda left: {**GENERATE, "status": "completed", "codes_left": left}, st.integers(0, 10)),
    st.builds(lambda made: {**GENERATE, "status": "cancelled", "result": {"generated": made, "deleted": made}}, st.integers(0, 10)),
    st.sampled_from(
        [
            {**GENERATE, "status": "cancelled"},
            {**GENERATE, "status": "failed", "error": "codes limit exceeded"},
            {**EXPORT, "status": "completed", "name": "export"},
            {**EXPORT, "status": "failed", "error": "no room"},
            {**EXPORT, "status": "cancelled"},
        ]
    ),
)
JOBS_IN_HANDS = st.one_of(
    st.builds(lambda made: {**GENERATE, "status": "processing", "generated_so_far": made}, st.integers(0, 9)),
    st.builds(
        lambda made, gone: {**GENERATE, "status": "cancelling", "generated_so_far": made, "deleted_so_far": min(gone, max(made - 1, 0))},
        st.integers(0, 10),
        st.integers(0, 10),
    ),
    st.sampled_from([{**EXPORT, "status": "processing"}, {**EXPORT, "status": "cancelling"}]),
)
PENDING = st.sampled_from([GENERATE, EXPORT])


@st.composite
def valid_fixtures(draw: st.DrawFn) -> dict[str, Any]:
    """Up to four promotions; one job at most in the worker's hands, and it and pending ones the last of their promotions."""
    busy = draw(st.integers(0, 3))
    promotions = []
    for number in range(draw(st.integers(0, 4))):
        family = draw(st.sampled_from(FAMILIES))
        jobs = draw(st.lists(JOBS_THAT_END, max_size=3))
        if number == busy:
            jobs.append(draw(JOBS_IN_HANDS))
        elif draw(st.booleans()):
            jobs.append(draw(PENDING))
        moments = sorted(draw(st.lists(st.integers(-1000, 0), min_size=len(jobs), max_size=len(jobs))))
        codes: list[dict[str, Any]] = []
        for index in range(draw(st.integers(0, 4))):
            if draw(st.booleans()):
                codes.append({"generate": draw(st.integers(1, 40)), "prefix": draw(st.sampled_from(["", "x", "x-"]))})
            else:
                most = draw(st.none() | st.integers(0, 5))
                uses = {} if most is None else {"uses": draw(st.integers(0, most)), "max_uses": most}
                codes.append({"code": f"{draw(st.text('aB1 /é-', max_size=4))}!{number}.{index}", **uses})
        jobs = [{**job, "created_at": at} for job, at in zip(jobs, moments, strict=True)]
        promotions.append({"family": family.name, "name": str(number), "codes": codes, "jobs": jobs})
    return described(*promotions)


def visible(job: dict[str, Any]) -> int:
    """How many codes of a described job are there."""
    return int(job.get("codes_left", job.get("generated_so_far", 0) - job.get("deleted_so_far", 0)))


@given(valid_fixtures())
def test_a_store_lists_what_a_fixture_describes_and_every_job_comes_to_its_end(data: dict[str, Any]) -> None:
    store = new_store()
    by_name = {promotion.fields["name"]: promotion for promotion in load(store, data)}
    assert set(by_name) == {entry["name"] for entry in data["promotions"]}
    for entry in data["promotions"]:
        promotion = by_name[entry["name"]]
        statuses = [job["status"] for job in reversed(jobs_of(store, promotion))]
        assert statuses == [job.get("status", "pending") for job in entry["jobs"]]
        listed = [msgspec.json.decode(code) for code in code_documents(store, promotion)]
        named = {code["code"]: (code.get("uses"), code.get("max_uses")) for code in listed}
        assert len(named) == len(listed)
        for code in entry["codes"]:
            if "code" in code:
                assert named[code["code"]] == (code.get("uses"), code.get("max_uses"))
        described_codes = sum(code.get("generate", 1) for code in entry["codes"])
        assert len(listed) == described_codes + sum(map(visible, entry["jobs"]))
    store.advance_until_idle()
    for entry in data["promotions"]:
        promotion = by_name[entry["name"]]
        kept = sum(code.get("generate", 1) for code in entry["codes"])
        for job, was in zip(promotion.jobs, entry["jobs"], strict=True):
            status = was.get("status", "pending")
            generates = job.parameters is not None
            if status in ("pending", "processing"):
                assert (job.status, job.result) == ("completed", {"generated": 10} if generates else None)
                kept += 10 if generates else 0
            elif status == "cancelling":
                made = was.get("generated_so_far", 0)
                assert (job.status, job.result) == ("cancelled", {"generated": made, "deleted": made} if generates else None)
            else:
                assert (job.status, job.error) == (status, was.get("error"))
                kept += was.get("codes_left", 0)
            if job.status == "completed" and not generates:
                assert exports.file_url(store, promotion, job)
        assert len(codes_of(store, promotion)) == kept


def test_equal_seeds_and_fixtures_give_equal_stores() -> None:
    data = described(
        {"codes": [{"generate": 30}], "jobs": [{**GENERATE, "status": "processing", "generated_so_far": 3}]}, {"jobs": [GENERATE]}
    )
    stores = [new_store(), new_store()]
    for store in stores:
        load(store, data)
        store.advance_until_idle()
    assert save(stores[0]) == save(stores[1])


def test_an_id_that_is_drawn_is_none_that_the_fixture_gives() -> None:
    # A fixture may have been written from an earlier run with the same seed.
    _, drawn = loaded({}, {"jobs": [EXPORT]})
    ids = [drawn[0].id, drawn[1].id, drawn[1].jobs[0].id]
    for known in ids:
        _, promotions = loaded({"jobs": [EXPORT]}, {"id": known})
        all_ids = {promotion.id for promotion in promotions} | {promotions[0].jobs[0].id}
        assert (len(promotions), len(all_ids), promotions[1].id) == (2, 3, known)
