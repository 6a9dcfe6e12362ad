"""Exported files: what is in them, when there is one, and how long its URL lives."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from ep_mock.domain.families import FAMILIES, RULE, STANDARD, Family
from ep_mock.operations import exports
from tests.bodies import HALF_A_YEAR, code_export, code_generate, new_promotion
from tests.client import HOST, ApiClient, api_client
from tests.simulation.stores import MS, SECOND, START

HEADER = "code,uses,max_uses,consume_unit,user,created_by,created_at"


class Exporting:
    """A promotion with three codes that is exported over HTTP."""

    def __init__(self, family: Family = STANDARD, **settings: Any) -> None:
        self.client: ApiClient = api_client(**settings)
        self.collection = f"/v2/{family.collection}"
        self.promotion = self.client.created(self.collection, {"data": new_promotion(family, **HALF_A_YEAR)})[
            "id"
        ]
        self.path = f"{self.collection}/{self.promotion}"
        self.client.created(f"{self.path}/jobs", {"data": code_generate(3, max_uses_per_code=2)})
        self.client.advance(idle=True)

    def start(self) -> str:
        """Start an export; answers its job's path."""
        return f"{self.path}/jobs/{self.client.created(self.path + '/jobs', {'data': code_export()})['id']}"

    def href(self, job: str) -> str:
        """The address of a finished export's file."""
        response = self.client.get(f"{job}/file")
        assert (response.status_code, list(response.json())) == (200, ["href"])
        href: str = response.json()["href"]
        return href

    def codes(self) -> list[str]:
        return [code["code"] for code in self.client.pages(f"{self.path}/codes")]


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_an_export_has_the_codes_as_they_were_when_the_worker_took_it_up(family: Family) -> None:
    exporting = Exporting(family)
    client = exporting.client
    job = exporting.start()
    first, second, third = exporting.codes()
    client.delete(f"{exporting.path}/codes/{first}")
    client.advance(next=True)
    client.delete(f"{exporting.path}/codes/{second}")
    client.advance(idle=True)
    response = client.get(exporting.href(job), headers={"Authorization": ""})
    unit = family.consume_units[0]
    # The codes were made when their job was taken up.
    rest = f"2,2,{unit},,ep-mock@example.com,2024-12-03T23:31:36.062Z"
    assert response.text == f"{HEADER}\r\n{second},{rest}\r\n{third},{rest}\r\n"
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    # 0.253 s for the three codes, 0.1 s until the pick-up, 0.1502 s for the two that were left.
    name = f"{job.rpartition('/')[2]}_20241203_233136_codes.csv"
    assert response.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    assert exporting.codes() == [third]


def test_the_address_has_the_published_shape() -> None:
    exporting = Exporting()
    job = exporting.start()
    exporting.client.advance(idle=True)
    expires = (exporting.client.store.now + 3600 * SECOND) // SECOND
    shape = (
        rf"{HOST}/files/[^/]+/{exporting.promotion}/{job.rpartition('/')[2]}_20241203_233136_codes\.csv"
        rf"\?Expires={expires}&Signature=[0-9a-f]{{40}}&Key-Pair-Id=K[0-9A-F]{{13}}"
    )
    assert re.fullmatch(shape, exporting.href(job))


def test_an_export_of_no_codes_is_a_header() -> None:
    exporting = Exporting()
    for code in exporting.codes():
        exporting.client.delete(f"{exporting.path}/codes/{code}")
    job = exporting.start()
    exporting.client.advance(idle=True)
    assert exporting.client.get(exporting.href(job)).text == HEADER + "\r\n"


def test_until_it_is_completed_there_is_no_file() -> None:
    exporting = Exporting()
    client, job = exporting.client, exporting.start()
    details = []
    for _ in range(2):
        response = client.get(f"{job}/file")
        details.append((response.status_code, response.json()))
        client.advance(next=True)
    assert details == [
        (
            422,
            {
                "errors": [
                    {
                        "status": "422",
                        "title": "Unprocessable Entity",
                        "detail": f"Job has no file to download. Job status: {status}",
                    }
                ]
            },
        )
        for status in ("pending", "processing")
    ]
    assert client.get(f"{job}/file").status_code == 200


@pytest.mark.parametrize("ending", ["cancelled", "cancelling", "completed"])
def test_a_job_that_exports_nothing_never_has_a_file(ending: str) -> None:
    exporting = Exporting(RULE)
    client = exporting.client
    if ending == "completed":
        job = f"{exporting.path}/jobs/{client.get(exporting.path + '/jobs').json()['data'][0]['id']}"
    else:
        job = exporting.start()
        client.advance(next=True)
        client.post(f"{job}/cancel")
        client.advance(**({"idle": True} if ending == "cancelled" else {"seconds": 0}))
    response = client.get(f"{job}/file")
    assert (response.status_code, response.json()["errors"][0]["detail"]) == (
        422,
        f"Job has no file to download. Job status: {ending}",
    )


def test_the_address_expires_by_the_stores_clock_and_a_new_one_can_be_had() -> None:
    exporting = Exporting(export_url_seconds=60)
    client, job = exporting.client, exporting.start()
    client.advance(idle=True)
    href = exporting.href(job)
    expires = int(client.get(href).url.params["Expires"])
    statuses = []
    for moment in (expires * SECOND - 1, expires * SECOND, expires * SECOND + 1):
        client.store.advance_to(moment)
        statuses.append(client.get(href).status_code)
    assert statuses == [200, 200, 403]
    assert client.get(href).json() == {
        "errors": [
            {
                "status": 403,
                "title": "Forbidden",
                "detail": "the URL expired at 2024-12-03T23:32:36Z by the store's clock; ask for the job's file again",
            }
        ]
    }
    again = exporting.href(job)
    assert again != href
    assert client.get(again).status_code == 200


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Expires=1", "Expires=2"),
        ("Signature=", "Signature=0"),
        ("Key-Pair-Id=K", "Key-Pair-Id=L"),
        ("_codes.csv", "_cod%65s2.csv"),
        ("&", "&x="),
    ],
)
def test_an_address_that_was_changed_is_worth_nothing(old: str, new: str) -> None:
    exporting = Exporting()
    client, job = exporting.client, exporting.start()
    client.advance(idle=True)
    href = exporting.href(job)
    assert client.get(href).status_code == 200
    response = client.get(href.replace(old, new, 1))
    detail = "the URL's signature is not valid; use the href of the job's file unchanged"
    assert (response.status_code, response.json()["errors"]) == (
        403,
        [{"status": 403, "title": "Forbidden", "detail": detail}],
    )


def test_the_address_belongs_to_its_promotion_and_store() -> None:
    exporting = Exporting()
    client, job = exporting.client, exporting.start()
    other = client.created(exporting.collection, {"data": new_promotion(STANDARD)})["id"]
    client.advance(idle=True)
    href = exporting.href(job)
    assert client.get(href.replace(exporting.promotion, other)).status_code == 403
    client.get(exporting.collection, headers={"X-EP-Mock-Store": "another"})
    assert client.get(href.replace("/files/default/", "/files/another/")).status_code == 403


def test_deleting_the_promotion_or_a_reset_takes_the_file_away() -> None:
    statuses = []
    for end in ("delete", "reset"):
        exporting = Exporting()
        client, job = exporting.client, exporting.start()
        client.advance(idle=True)
        href = exporting.href(job)
        if end == "delete":
            assert client.delete(exporting.path).status_code == 204
        else:
            assert client.post("/__ep_mock/reset").status_code == 204
        statuses.append((client.get(f"{job}/file").status_code, client.get(href).status_code))
    assert statuses == [(404, 404), (404, 404)]


def test_each_export_keeps_its_own_file() -> None:
    exporting = Exporting()
    client = exporting.client
    jobs = []
    for _ in range(2):
        jobs.append(exporting.start())
        client.advance(idle=True)
        client.created(f"{exporting.path}/jobs", {"data": code_generate(2)})
        client.advance(idle=True)
    assert [client.get(exporting.href(job)).text.count("\r\n") - 1 for job in jobs] == [3, 5]


def test_a_large_file_comes_in_pieces() -> None:
    exporting = Exporting(codes_limit=5000, timings="instant")
    client = exporting.client
    client.created(f"{exporting.path}/jobs", {"data": code_generate(4997)})
    job = exporting.start()
    client.advance(idle=True)
    text = client.get(exporting.href(job)).text
    lines = text.split("\r\n")
    assert (len(lines), lines[0], lines[-1]) == (5002, HEADER, "")
    assert [line.partition(",")[0] for line in lines[1:-1]] == exporting.codes()


def test_the_clock_of_the_file_is_the_moment_of_completion() -> None:
    exporting = Exporting(timings="documented")
    client, job = exporting.client, exporting.start()
    client.advance(idle=True)
    completed = client.store.now
    client.advance(seconds=3600)
    # 1 s + 1 s + 3 · 5.7 ms for the codes, then 1 s + 5 s + 3 ms.
    assert completed == START + 8020 * MS + 100_000
    assert "_20241203_233143_codes.csv?" in exporting.href(job)


@pytest.mark.parametrize("end", ["failed", "cancelled"])
def test_an_export_that_fails_or_is_cancelled_keeps_no_codes(end: str) -> None:
    exporting = Exporting()
    client = exporting.client
    if end == "failed":
        client.post("/__ep_mock/plans", json={"fail": "out of paper"})
    job = exporting.start()
    client.advance(next=True)
    promotion = client.store.promotion(STANDARD, exporting.promotion)
    assert len(promotion.exports) == 1
    if end == "cancelled":
        client.post(f"{job}/cancel")
    client.advance(idle=True)
    assert client.get(f"{exporting.path}/jobs").json()["data"][0]["status"] == end
    assert promotion.exports == {}


def test_a_snapshot_names_what_has_the_same_codes_as_an_export_and_restores_each_file() -> None:
    exporting = Exporting()
    client = exporting.client
    jobs = []
    for change in (None, None, "new", None):
        if change is not None:
            client.created(
                f"{exporting.path}/codes", {"data": {"type": "promotion_codes", "codes": [{"code": change}]}}
            )
        jobs.append(exporting.start())
        client.advance(idle=True)
    files = [client.get(exporting.href(job)).content for job in jobs]
    snapshot = client.get("/__ep_mock/snapshot").json()
    first, second, *rest = snapshot["worker"]["exports"].values()
    assert len(first[0]["keys"]) == 3
    assert [second, *rest] == [jobs[0].rpartition("/")[2], exporting.promotion, exporting.promotion]
    assert client.put("/__ep_mock/snapshot", json=snapshot).status_code == 200
    assert [client.get(exporting.href(job)).content for job in jobs] == files
    promotion = client.store.promotion(STANDARD, exporting.promotion)
    assert len({id(captured) for captured in promotion.exports.values()}) == 2
    assert client.get("/__ep_mock/snapshot").json()["worker"]["exports"] == snapshot["worker"]["exports"]


def test_a_snapshot_in_which_an_export_names_nothing_is_refused() -> None:
    exporting = Exporting()
    exporting.start()
    exporting.client.advance(idle=True)
    snapshot = exporting.client.get("/__ep_mock/snapshot").json()
    for name in snapshot["worker"]["exports"]:
        snapshot["worker"]["exports"][name] = "nobody"
    response = exporting.client.put("/__ep_mock/snapshot", json=snapshot)
    assert response.status_code == 400


def test_a_download_goes_on_with_the_codes_it_began_with() -> None:
    """Although the promotion changes and the file is gone meanwhile."""
    exporting = Exporting(codes_limit=10_000, timings="instant")
    client = exporting.client
    client.created(f"{exporting.path}/jobs", {"data": code_generate(4997)})
    job = exporting.start()
    client.advance(idle=True)
    address = urlsplit(exporting.href(job))
    promotion = client.store.promotion(STANDARD, exporting.promotion)
    pieces = exports.open_file(
        client.store, promotion.id, address.path.rpartition("/")[2], dict(parse_qsl(address.query))
    )
    begun = next(pieces)
    promotion.exports.clear()
    codes = exporting.codes()
    client.delete(f"{exporting.path}/codes/{codes[0]}")
    client.created(
        f"{exporting.path}/codes", {"data": {"type": "promotion_codes", "codes": [{"code": "new"}]}}
    )
    lines = b"".join([begun, *pieces]).decode().split("\r\n")
    assert [line.partition(",")[0] for line in lines[1:-1]] == codes
