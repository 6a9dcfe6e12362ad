"""Whether a secret survives anywhere."""

from __future__ import annotations

import json
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ep_mock.traffic.redaction import is_secret, redacted_body, redacted_headers, redacted_query

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
    "pwd",
    "passphrase",
    "private_key",
    "sessionId",
    "assertion",
    "client_assertion",
    "bearer",
]
WORDS = [
    ("client", "secret"), ("access", "token"), ("pass", "word"), ("db", "pwd"), ("pass", "phrase"), ("private", "key"), ("api", "key"),
    ("access", "key"), ("session", "id"), ("saml", "assertion"), ("user", "authorization"), ("id", "jwt"), ("o", "auth"),
]  # fmt: skip
SPELLINGS = [
    "_".join,
    "-".join,
    ".".join,
    "".join,
    lambda words: "_".join(words).upper(),
    lambda words: "-".join(words).title(),
    lambda words: words[0] + "".join(word.title() for word in words[1:]),
    lambda words: "my" + "".join(word.title() for word in words) + "2",
]
spelled = st.builds(
    lambda spell, words: str(spell(words)), st.sampled_from(SPELLINGS), st.sampled_from(WORDS)
)
names = st.sampled_from(NAMES) | spelled
harmless = st.dictionaries(
    st.sampled_from(["grant_type", "client_id", "name", "x"]), st.text(max_size=5), max_size=3
)


@given(names, harmless)
def test_a_secret_leaves_its_name_only(name: str, others: dict[str, str]) -> None:
    pairs = {**others, name: SECRET}
    headers = redacted_headers([(key.lower().encode(), value.encode()) for key, value in pairs.items()])
    assert headers.split(b"\n")[-2:] == [name.lower().encode(), b"[redacted]"]
    for escaped in (
        urlencode(pairs),
        "&".join(f"{''.join(f'%{byte:02X}' for byte in key.encode())}={quote(pairs[key])}" for key in pairs),
    ):
        query = redacted_query(escaped.encode())
        assert SECRET.encode() not in query
        assert len(query.split(b"&")) == len(pairs)
        assert SECRET.encode() not in redacted_body(escaped.encode())


@given(names, harmless, st.booleans())
def test_a_secret_in_json_is_taken_out_however_deep_and_however_spelled(
    name: str, others: dict[str, str], escaped: bool
) -> None:
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
        b'{"client_secret": "hunter2-Zm9v=',
        b'{"a": 1, "password": "hunter2-Zm9v", "b": "c=d",}',
        b"{'password': 'hunter2-Zm9v', 'b': 'c=d'}",
        b"a=<password>hunter2-Zm9v</password>",
        b'<user password="hunter2-Zm9v"/>',
        b"a=b&c=d password hunter2-Zm9v",
        '{"password": "hunter2-Zm9v",}'.encode("utf-16-le"),
        b'{"password": "hunter2-Zm9v", "n": ' + b"1" * 5000 + b"}",
        b'{"password": "hunter2-Zm9v", "n": ' + b"[" * 100_000,
    ],
)
def test_what_cannot_be_read_and_may_hold_a_secret_is_taken_out_as_a_whole(body: bytes) -> None:
    assert redacted_body(body) == b"[redacted]"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b'{"data":{"name": 5.0}}',
        b"grant_type=implicit&client_id=x",
        b"\xff\xfe",
        b"50 off",
        b'{"a": "50% off", "a": 1.50}',
    ],
)
def test_a_body_without_a_sign_of_a_secret_is_kept_byte_for_byte(body: bytes) -> None:
    assert redacted_body(body) == body


def test_a_signed_url_keeps_all_but_its_signature() -> None:
    query = b"Expires=1733272295&Signature=0123abcd&Key-Pair-Id=KABC"
    assert redacted_query(query) == b"Expires=1733272295&Signature=[redacted]&Key-Pair-Id=KABC"


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        (b'{"password": "hunter2-Zm9v", "password": "hunter2-Zm9v"}', {"password": "[redacted]"}),
        (b'{"a": {"password": "hunter2-Zm9v"}, "a": 1}', {"a": 1}),
        (b'{"a": [[{"pass\\u0077ord": ["hunter2-Zm9v"]}]]}', {"a": [[{"password": "[redacted]"}]]}),
        (b'\xef\xbb\xbf{"Pass Word": "hunter2-Zm9v"}', {"Pass Word": "[redacted]"}),
        ('{"password": "hunter2-Zm9v"}'.encode("utf-16"), {"password": "[redacted]"}),
        (b'{"password": "hunter2-Zm9v", "half": "\\ud83d"}', {"password": "[redacted]", "half": "\ud83d"}),
    ],
)
def test_no_way_to_write_json_hides_a_secret(body: bytes, kept: object) -> None:
    assert json.loads(redacted_body(body)) == kept


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        (b"a=1;password=hunter2-Zm9v&b=2", b"a=1;password=[redacted]&b=2"),
        (b"pass%77ord=hunter2-Zm9v", b"pass%77ord=[redacted]"),
        (b"user[password]=hunter2-Zm9v", b"user[password]=[redacted]"),
        (b'a=1&{"password":"hunter2-Zm9v"}', b"a=1&[redacted]"),
        (b'{"password":"hunter2-Zm9v=', b"[redacted]"),
        (b"password%3Ahunter2-Zm9v", b"[redacted]"),
        (b"a&password", b"a&password"),
    ],
)
def test_no_way_to_write_a_query_hides_a_secret(query: bytes, kept: bytes) -> None:
    assert redacted_query(query) == kept


@pytest.mark.parametrize(
    "name",
    ["author", "authors", "co-author", "authority", "key", "Key-Pair-Id", "Idempotency-Key", "keyword", "name", "code", "codes",
     "max_uses_per_shopper", "session_count", "passenger", "bypass", "compass", "assert", "cooking", "created_by"],
)  # fmt: skip
def test_innocent_names_keep_their_values(name: str) -> None:
    assert not is_secret(name.encode())
    body = json.dumps({"data": {name: "50% off", "n": 1.50}}).encode()
    assert redacted_body(body) == body
