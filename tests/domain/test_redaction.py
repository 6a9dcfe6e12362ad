"""Whether a secret survives anywhere."""

from __future__ import annotations

import json
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ep_mock.domain.redaction import redacted_body, redacted_headers, redacted_query

SECRET = "hunter2-Zm9v"
NAMES = [
    "client_secret",
    "Client-Secret",
    "access_token",
    "refresh_token",
    "password",
    "Authorization",
    "X-EP-Mock-Token",
    "X-Acme-Secret",
    "Cookie",
    "Set-Cookie",
    "api_key",
    "X-Api-Key",
    "Signature",
]
names = st.sampled_from(NAMES)
harmless = st.dictionaries(st.sampled_from(["grant_type", "client_id", "name", "x"]), st.text(max_size=5), max_size=3)


@given(names, harmless)
def test_a_secret_leaves_its_name_only(name: str, others: dict[str, str]) -> None:
    pairs = {**others, name: SECRET}
    headers = redacted_headers([(key.lower().encode(), value.encode()) for key, value in pairs.items()])
    assert headers.split(b"\n")[-2:] == [name.lower().encode(), b"[redacted]"]
    for escaped in (urlencode(pairs), "&".join(f"{''.join(f'%{byte:02X}' for byte in key.encode())}={quote(pairs[key])}" for key in pairs)):
        query = redacted_query(escaped.encode())
        assert SECRET.encode() not in query
        assert len(query.split(b"&")) == len(pairs)
        assert SECRET.encode() not in redacted_body(escaped.encode())


@given(names, harmless, st.booleans())
def test_a_secret_in_json_is_taken_out_however_deep_and_however_spelled(name: str, others: dict[str, str], escaped: bool) -> None:
    key = "".join(f"\\u{ord(letter):04x}" for letter in name) if escaped else name
    body = f'{{"data": [{json.dumps(others)}, {{"{key}": ["{SECRET}"]}}]}}'
    assert json.loads(redacted_body(body.encode())) == {"data": [others, {name: "[redacted]"}]}


@pytest.mark.parametrize(
    "body",
    [
        b"--b\r\nContent-Disposition: form-data; name=client_secret\r\n\r\nhunter2-Zm9v\r\n--b--",
        b'{"client_secret": "hunter2-Zm9v"',
        b"<token>hunter2-Zm9v</token>",
        b"client_secret: hunter2-Zm9v",
        b"a=b&client_secret hunter2-Zm9v",
    ],
)
def test_what_cannot_be_read_and_may_hold_a_secret_is_taken_out_as_a_whole(body: bytes) -> None:
    assert redacted_body(body) == b"[redacted]"


@pytest.mark.parametrize("body", [b"", b'{"data":{"name": 5.0}}', b"grant_type=implicit&client_id=x", b"\xff\xfe", b"50 off"])
def test_a_body_without_a_sign_of_a_secret_is_kept_byte_for_byte(body: bytes) -> None:
    assert redacted_body(body) == body


def test_a_signed_url_keeps_all_but_its_signature() -> None:
    query = b"Expires=1733272295&Signature=0123abcd&Key-Pair-Id=KABC"
    assert redacted_query(query) == b"Expires=1733272295&Signature=[redacted]&Key-Pair-Id=KABC"
