"""What may come as the body of a request, and what is told when it cannot be used."""

from __future__ import annotations

import gzip
import json
from typing import Any

import httpx2
import pytest

from ep_mock.domain.families import RULE, STANDARD, Family
from ep_mock.web.app import create_app
from tests.asgi import request
from tests.bodies import code_generate, new_promotion
from tests.client import ApiClient, api_client

URL = "/v2/promotions"
BODY = {"data": new_promotion(STANDARD)}
RAW = json.dumps(BODY).encode()
TOKEN = (b"authorization", b"Bearer of-a-test")
BEGINS = "The request body is not acceptable: it begins with"
EXPECTED = 'expected a JSON object such as {"data": {...}}'


def post(content: bytes, client: ApiClient | None = None) -> httpx2.Response:
    return (client or api_client()).post(URL, content=content)


def refusal(response: httpx2.Response) -> tuple[int, Any]:
    assert list(response.json()) == ["errors"]
    return response.status_code, response.json()["errors"]


@pytest.mark.parametrize(
    ("content", "detail"),
    [
        (b"", f"The request body is empty: {EXPECTED}"),
        (b" \r\n\t", f"The request body is empty: {EXPECTED}"),
        (
            b"grant_type=implicit&a=b",
            f"The request body is not JSON: invalid character at byte 0 (line 1, column 1); {EXPECTED}",
        ),
        (b"\xef\xbb\xbf" + RAW, f"{BEGINS} a byte order mark; send UTF-8 without one; {EXPECTED}"),
        (
            b'{"data":\n  {',
            f"The request body is not JSON: it ends too early at byte 12 (line 2, column 4); {EXPECTED}",
        ),
        (b'{"data": "\xff"}', f"The request body is not UTF-8 at byte 10 (line 1, column 11); {EXPECTED}"),
        (b'{"data": "\\ud800"}', None),
        (
            b'{"data": NaN}',
            f"The request body is not JSON: invalid character at byte 9 (line 1, column 10); {EXPECTED}",
        ),
        (b"{'data': 1}", None),
        (RAW + RAW, None),
        (
            gzip.compress(RAW, mtime=0),
            f"{BEGINS} the mark of gzip; send it as it is, not compressed; {EXPECTED}",
        ),
        (b'{"data": 1e999}', "The request body is not acceptable: a number in it is out of range"),
        (b"[" * 100_000, "The request body is not acceptable: it is nested more than 128 levels deep"),
        (
            b"[" * 200 + b"]" * 200,
            "The request body is not acceptable: it is nested more than 128 levels deep",
        ),
        (
            b'{"data":' * 129 + b"{}" + b"}" * 129,
            "The request body is not acceptable: it is nested more than 128 levels deep",
        ),
        (RAW.decode().encode("utf-16-le"), None),
        (
            b"\xff\xfe" + RAW.decode().encode("utf-16-le"),
            f"{BEGINS} a byte order mark of UTF-16 or UTF-32; send UTF-8; {EXPECTED}",
        ),
        (
            b"\xfe\xff" + RAW.decode().encode("utf-16-be"),
            f"{BEGINS} a byte order mark of UTF-16; send UTF-8; {EXPECTED}",
        ),
        (
            b"\0\0\xfe\xff" + RAW.decode().encode("utf-32-be"),
            f"{BEGINS} a byte order mark of UTF-32; send UTF-8; {EXPECTED}",
        ),
    ],
    ids=lambda value: repr(value[:12]) if isinstance(value, bytes) else "",
)
def test_a_body_that_cannot_be_read_is_one_error_that_names_the_place(
    content: bytes, detail: str | None
) -> None:
    status, errors = refusal(post(content))
    assert (status, len(errors), errors[0]["status"], errors[0]["title"]) == (400, 1, 400, "Bad Request")
    assert (
        errors[0]["detail"].startswith("The request body is not ")
        if detail is None
        else errors[0]["detail"] == detail
    )


@pytest.mark.parametrize(
    ("content", "given"),
    [(b"null", "null"), (b"[]", "array"), (b'"x"', "string"), (b"1.0", "integer"), (b"true", "boolean")],
)
def test_json_that_is_no_object_is_of_the_wrong_type(content: bytes, given: str) -> None:
    item = {
        "status": 400,
        "source": "(root)",
        "title": "invalid_type",
        "detail": f"Invalid type. Expected: object, given: {given}",
    }
    assert refusal(post(content)) == (400, [item])


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "application/json",
        "application/vnd.api+json",
        "text/plain",
        "application/x-www-form-urlencoded",
        "x",
        "a/b; charset=x",
    ],
)
def test_json_is_taken_under_any_content_type(content_type: str | None) -> None:
    headers = {} if content_type is None else {"Content-Type": content_type}
    assert api_client().post(URL, content=RAW, headers=headers).status_code == 201


def test_white_space_around_the_json_does_no_harm() -> None:
    assert post(b"\r\n\t " + RAW + b"\n\n").status_code == 201


def test_a_whole_number_may_be_written_as_a_fraction_and_a_huge_one_is_told_to_be_too_large() -> None:
    client = api_client()
    jobs = f"{URL}/{client.created(URL, BODY)['id']}/jobs"
    for text in ("5.0", "0.5e1", "5"):
        created = client.post(
            jobs, content=json.dumps({"data": code_generate(0)}).replace(": 0", f": {text}")
        )
        assert (created.status_code, created.json()["data"]["parameters"]) == (201, {"number_of_codes": 5})
        client.advance(idle=True)
    for text in ("1e300", "9" * 19, "9" * 400, "-1e300"):
        assert (
            client.post(
                jobs, content=json.dumps({"data": code_generate(0)}).replace(": 0", f": {text}")
            ).status_code
            == 400
        )


def test_the_limit_of_a_body_is_kept_to_the_byte() -> None:
    client = api_client(max_body_bytes=len(RAW))
    assert post(RAW, client).status_code == 201
    detail = f"the request body is larger than {len(RAW)} bytes"
    item = {"status": 413, "title": "Request Entity Too Large", "detail": detail}
    assert refusal(post(RAW + b" ", client)) == (413, [item])
    assert refusal(client.post("/oauth/access_token", content=RAW + b" ")) == (413, [item])


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "GZIP, br", "zstd"])
@pytest.mark.parametrize("path", [URL, "/oauth/access_token", "/__ep_mock/plans", "/__ep_mock/reset"])
def test_a_compressed_body_is_refused_by_the_name_of_its_coding(coding: str, path: str) -> None:
    client = api_client()
    response = client.post(path, content=gzip.compress(RAW), headers={"Content-Encoding": coding})
    detail = f"the request body is encoded as {coding!r}; send it without Content-Encoding, as it is"
    assert refusal(response) == (415, [{"status": 415, "title": "Unsupported Media Type", "detail": detail}])
    assert response.headers["accept-encoding"] == "identity"


def test_a_coding_that_changes_nothing_or_comes_without_a_body_does_no_harm() -> None:
    client = api_client()
    for coding in ("identity", "Identity ", ""):
        assert client.post(URL, content=RAW, headers={"Content-Encoding": coding}).status_code == 201
    assert client.post("/__ep_mock/reset", headers={"Content-Encoding": "gzip"}).status_code == 204
    assert (
        client.request(
            "GET", URL, content=gzip.compress(RAW), headers={"Content-Encoding": "gzip"}
        ).status_code
        == 200
    )


@pytest.mark.parametrize("announced", [b"9" * 30, b"1000"])
def test_a_body_that_is_announced_as_too_large_is_refused_unread(announced: bytes) -> None:
    status, reads = call_piecewise([b"{}"], (b"content-length", announced), max_body_bytes=999)
    assert (status, reads) == (413, 0)


def test_a_body_in_pieces_is_put_together_and_refused_as_soon_as_it_is_too_large() -> None:
    pieces = [RAW[place : place + 100] for place in range(0, len(RAW), 100)]
    assert call_piecewise([*pieces, b""]) == (201, len(pieces) + 1)
    assert call_piecewise([b"x" * 100] * 1000, max_body_bytes=1050) == (413, 11)


@pytest.mark.parametrize(
    "header", [(b"content-length", b"-5"), (b"content-length", "٣".encode()), (b"content-length", b"x")]
)
def test_an_announced_length_that_is_none_is_not_looked_at(header: tuple[bytes, bytes]) -> None:
    assert call_piecewise([RAW], header) == (201, 1)


def call_piecewise(pieces: list[bytes], *headers: tuple[bytes, bytes], **settings: Any) -> tuple[int, int]:
    """The status of the answer to a POST whose body comes in pieces, and how many of them were read."""
    answer = request(
        create_app(clock="manual", **settings), "POST", URL.encode(), headers=[TOKEN, *headers], pieces=pieces
    )
    return answer.status, answer.reads


def test_a_client_that_leaves_before_its_body_is_complete_gets_nothing_and_changes_nothing() -> None:
    app = create_app(clock="manual")
    assert request(app, "POST", URL.encode(), headers=[TOKEN], pieces=[RAW[:9], None]).status == 0
    assert app.stores.get_or_create("default").store.state.promotions[STANDARD].keys() == set()


@pytest.mark.parametrize("family", [STANDARD, RULE], ids=lambda family: family.name)
def test_all_that_is_wrong_with_a_body_is_told_at_once(family: Family) -> None:
    data = {**new_promotion(family), "enabled": "yes", "start": "soon", "type": 5}
    del data["name"]
    status, errors = refusal(api_client().post(f"/v2/{family.collection}", json={"data": data}))
    assert status == 400
    assert {error["source"]: error["title"] for error in errors}.items() >= {
        ("name", "required"),
        ("data.enabled", "invalid_type"),
        ("data.start", "format"),
    }


def test_a_get_request_with_a_body_is_answered_as_without() -> None:
    response = api_client(max_body_bytes=1).request("GET", URL, content=b"{ no JSON")
    assert response.status_code == 200


def test_a_cancel_may_carry_any_body() -> None:
    client = api_client()
    jobs = f"{URL}/{client.created(URL, BODY)['id']}/jobs"
    for content in (b"", b"{}", b"{ no JSON", b"\xff"):
        job = client.created(jobs, {"data": code_generate(1)})
        assert (
            client.post(f"{jobs}/{job['id']}/cancel", content=content).json()["data"]["status"] == "cancelled"
        )
