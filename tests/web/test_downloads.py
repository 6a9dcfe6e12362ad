"""The exported file behind its signed URL: who gets it, how long, and in what pieces."""

from __future__ import annotations

import csv
import io
import re
import tracemalloc
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import httpx2
import pytest

from ep_mock.domain.families import RULE, STANDARD, Family
from tests.asgi import request
from tests.bodies import code_export, code_generate, new_promotion
from tests.client import HOST, ApiClient, api_client

HEADER = "code,uses,max_uses,consume_unit,user,created_by,created_at"
BAD_SIGNATURE = "the URL's signature is not valid; use the href of the job's file unchanged"


class Exported:
    """A promotion with one finished export.

    Attributes:
        client: without a token.
        url: where the promotion is.
        job_url: where the export job is.
        href: the URL of its file.
    """

    def __init__(
        self,
        family: Family = STANDARD,
        codes: tuple[dict[str, Any], ...] = ({"code": "one"},),
        **settings: Any,
    ) -> None:
        self.client = api_client(timings="instant", **settings)
        root = f"/v2/{family.collection}"
        self.url = f"{root}/{self.client.created(root, {'data': new_promotion(family)})['id']}"
        if codes:
            self.client.created(
                f"{self.url}/codes", {"data": {"type": "promotion_codes", "codes": list(codes)}}
            )
        self.job_url = (
            f"{self.url}/jobs/{self.client.created(f'{self.url}/jobs', {'data': code_export()})['id']}"
        )
        self.href = self.ask()

    def ask(self, **headers: str) -> str:
        response = self.client.get(f"{self.job_url}/file", headers=headers)
        assert response.status_code == 200, response.text
        assert list(response.json()) == ["href"]
        href: str = response.json()["href"]
        return href

    def fetch(self, href: str | None = None) -> httpx2.Response:
        return self.client.get(href or self.href, headers={"Authorization": ""})


def refusal(response: httpx2.Response) -> tuple[int, Any]:
    assert list(response.json()) == ["errors"]
    return response.status_code, response.json()["errors"]


def forbidden(detail: str) -> tuple[int, Any]:
    return 403, [{"status": 403, "title": "Forbidden", "detail": detail}]


@pytest.mark.parametrize("family", [STANDARD, RULE], ids=lambda family: family.name)
def test_a_url_has_the_published_shape_and_its_file_needs_no_token(family: Family) -> None:
    exported = Exported(
        family, ({"code": 'a,"b"\r\n'}, {"code": "ü", "uses": 3, "user": "u@example.com"}), auth="lenient"
    )
    job, promotion = exported.job_url.rsplit("/", 1)[1], exported.url.rsplit("/", 1)[1]
    assert re.fullmatch(
        rf"{HOST}/files/default/{promotion}/{job}_20241203_233135_codes\.csv\?Expires=1733272295&Signature=[0-9a-f]{{40}}&Key-Pair-Id=K[0-9A-F]{{13}}",
        exported.href,
    )
    response = exported.fetch()
    assert (response.status_code, response.headers["Content-Type"]) == (200, "text/csv; charset=utf-8")
    assert (
        response.headers["Content-Disposition"] == f'attachment; filename="{job}_20241203_233135_codes.csv"'
    )
    at = "2024-12-03T23:31:35.962Z"
    assert response.text.split("\r\n", 1)[0] == HEADER
    assert list(csv.reader(io.StringIO(response.text, newline="")))[1:] == [
        ['a,"b"\r\n', "", "", "", "", "ep-mock@example.com", at],
        ["ü", "3", "3", "", "u@example.com", "ep-mock@example.com", at],
    ]


def test_a_file_of_no_codes_is_its_header() -> None:
    assert Exported(codes=()).fetch().text == HEADER + "\r\n"


def test_a_file_shows_the_codes_as_they_were_when_the_job_was_taken_up() -> None:
    exported = Exported()
    before = exported.fetch().content
    exported.client.delete(f"{exported.url}/codes/one")
    exported.client.created(f"{exported.url}/jobs", {"data": code_generate(3)})
    assert exported.fetch().content == exported.fetch(exported.ask()).content == before


def test_a_url_is_valid_until_the_clock_of_its_store_passes_its_end_and_asking_again_gives_another() -> None:
    exported = Exported(export_url_seconds=60)
    exported.client.advance(to="2024-12-03T23:32:35Z")
    assert exported.fetch().status_code == 200
    exported.client.advance(seconds=0.5)
    detail = "the URL expired at 2024-12-03T23:32:35Z by the store's clock; ask for the job's file again"
    assert refusal(exported.fetch()) == forbidden(detail)
    assert exported.fetch(exported.ask()).status_code == 200


def changed_urls(href: str) -> list[str]:
    parts = urlsplit(href)
    query = dict(parse_qsl(parts.query))

    def with_query(**changes: str | None) -> str:
        pairs = {name.replace("_", "-"): value for name, value in changes.items()}
        return urlunsplit(
            parts._replace(
                query=urlencode(
                    {name: value for name, value in {**query, **pairs}.items() if value is not None}
                )
            )
        )

    path, name = parts.path.rsplit("/", 1)
    return [
        with_query(Expires=str(int(query["Expires"]) + 1)),
        with_query(Expires=f"0{query['Expires']}"),
        with_query(Expires="x"),
        with_query(Expires=None),
        with_query(Signature=query["Signature"].upper()),
        with_query(Signature=query["Signature"][:-1]),
        with_query(Signature=""),
        with_query(Signature="é"),
        with_query(Signature=None),
        with_query(Key_Pair_Id="K0"),
        with_query(Key_Pair_Id=None),
        urlunsplit(parts._replace(query="")),
        urlunsplit(parts._replace(path=f"{path}/x{name}")),
        urlunsplit(parts._replace(path=f"{path}/{quote('../', safe='')}{name}")),
        urlunsplit(parts._replace(path=f"/files/default/another/{name}")),
    ]


def test_a_changed_url_is_refused_wherever_it_was_changed() -> None:
    exported = Exported()
    for href in changed_urls(exported.href):
        assert href != exported.href
        assert refusal(exported.fetch(href)) == forbidden(BAD_SIGNATURE), href


def test_a_url_is_worth_nothing_in_another_store_or_on_another_server() -> None:
    exported = Exported()
    elsewhere = exported.href.replace("/files/default/", "/files/elsewhere/")
    exported.client.get(
        "/v2/promotions", headers={"Authorization": "Bearer x", "X-EP-Mock-Store": "elsewhere"}
    )
    assert refusal(exported.fetch(elsewhere)) == forbidden(BAD_SIGNATURE)
    assert refusal(api_client(seed="another").get(exported.href)) == forbidden(BAD_SIGNATURE)


def test_a_made_up_url_makes_no_store() -> None:
    exported = Exported()
    response = exported.fetch(exported.href.replace("/files/default/", "/files/unheard-of/"))
    detail = "the file is gone, for there is no such store"
    assert refusal(response) == (404, [{"detail": detail, "status": 404, "title": "Not Found"}])
    assert [store["name"] for store in exported.client.get("/__ep_mock/stores").json()["stores"]] == [
        "default"
    ]


def test_the_store_is_named_by_the_url_and_not_by_a_header() -> None:
    exported = Exported()
    assert exported.client.get(exported.href, headers={"X-EP-Mock-Store": "elsewhere"}).status_code == 200


@pytest.mark.parametrize("change", ["promotion", "store"])
def test_a_url_dies_with_its_promotion_and_with_its_store(change: str) -> None:
    exported = Exported()
    if change == "promotion":
        exported.client.delete(exported.url)
    else:
        exported.client.post("/__ep_mock/reset")
    detail = "the file is gone, for its promotion was deleted or the store was reset"
    assert refusal(exported.fetch()) == (404, [{"detail": detail, "status": 404, "title": "Not Found"}])


def test_a_url_begins_with_the_host_that_the_client_used_or_with_the_public_url() -> None:
    exported = Exported()
    assert exported.ask(Host="shop.example:81").startswith("http://shop.example:81/files/default/")
    assert Exported(public_url="https://mock.example").href.startswith("https://mock.example/files/default/")


@pytest.mark.parametrize(
    ("timings", "status"), [("documented", "pending"), ("documented,pickup=0", "processing")]
)
def test_a_job_that_has_not_ended_has_no_file(timings: str, status: str) -> None:
    client = api_client(timings=timings)
    jobs = f"/v2/promotions/{client.created('/v2/promotions', {'data': new_promotion(STANDARD)})['id']}/jobs"
    job = client.created(jobs, {"data": code_export()})
    detail = f"Job has no file to download. Job status: {status}"
    response = client.get(f"{jobs}/{job['id']}/file")
    assert refusal(response) == (422, [{"status": "422", "title": "Unprocessable Entity", "detail": detail}])


def test_a_generate_job_never_has_a_file() -> None:
    exported = Exported()
    job = exported.client.created(f"{exported.url}/jobs", {"data": code_generate(1)})
    detail = "Job has no file to download. Job status: completed"
    response = exported.client.get(f"{exported.url}/jobs/{job['id']}/file")
    assert refusal(response) == (422, [{"status": "422", "title": "Unprocessable Entity", "detail": detail}])


def test_a_large_file_leaves_in_pieces_and_never_stands_in_memory_as_a_whole() -> None:
    exported = Exported(codes=(), codes_limit=30_000, long_codes_limit=30_000)
    exported.client.created(f"{exported.url}/jobs", {"data": code_generate(30_000)})
    exported.job_url = f"{exported.url}/jobs/{exported.client.created(f'{exported.url}/jobs', {'data': code_export()})['id']}"
    sizes, peak = download(exported.client, exported.ask())
    assert len(sizes) == 32
    assert sum(sizes) > 1_500_000
    assert max(sizes) < 100_000
    assert peak < 600_000


def download(client: ApiClient, href: str) -> tuple[list[int], int]:
    """The sizes of the pieces of a file, and the most memory that was taken while they were made, themselves
    included.
    """
    parts = urlsplit(href)
    tracemalloc.start()
    try:
        answer = request(client.app, "GET", parts.path.encode(), query=parts.query.encode(), headers=[])
        return [len(piece) for piece in answer.pieces], tracemalloc.get_traced_memory()[1] - len(answer.body)
    finally:
        tracemalloc.stop()
