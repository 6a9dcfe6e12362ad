"""https: with which files it works, what is said of those that it does not work with, and what clients
get.
"""

from __future__ import annotations

import json
import logging
import socket
import ssl
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from ep_mock import MockServer
from ep_mock.errors import UsageError
from ep_mock.serving.tls import tls_context
from tests.certificates import CERTIFICATE, KEY, KEY_WITH_PASSPHRASE, OTHER_KEY


def problem(certificate: str, key: str) -> str:
    with pytest.raises(UsageError) as error:
        tls_context(certificate, key)
    return str(error.value)


def test_without_a_certificate_there_is_no_tls() -> None:
    assert tls_context("", "") is None


@pytest.mark.parametrize("one_file", [True, False])
def test_clients_that_trust_the_certificate_are_served_and_links_are_https(
    tmp_path: Path, one_file: bool
) -> None:
    certificate, key = CERTIFICATE, KEY
    if one_file:
        (tmp_path / "both.pem").write_text(Path(CERTIFICATE).read_text() + Path(KEY).read_text())
        certificate, key = str(tmp_path / "both.pem"), ""
    trust = ssl.create_default_context(cafile=CERTIFICATE)
    with MockServer(tls_certificate=certificate, tls_key=key) as mock:
        assert mock.url == f"https://127.0.0.1:{mock.port}"
        for url in (mock.url, f"https://localhost:{mock.port}"):
            request = Request(f"{url}/v2/promotions", headers={"Authorization": "Bearer any"})
            with urlopen(request, context=trust) as answer:
                links = json.load(answer)["links"]
            assert {link.partition("/v2/")[0] for link in links.values()} == {url}
    with MockServer(tls_certificate=certificate, tls_key=key, public_url="http://elsewhere.test") as mock:
        request = Request(f"{mock.url}/v2/promotions", headers={"Authorization": "Bearer any"})
        with urlopen(request, context=trust) as answer:
            assert json.load(answer)["links"]["first"].startswith("http://elsewhere.test/v2/")


def test_who_speaks_http_to_it_is_hung_up_on_without_a_word_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.INFO), MockServer(tls_certificate=CERTIFICATE, tls_key=KEY) as mock:
        with socket.create_connection(("127.0.0.1", mock.port)) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert b"HTTP/" not in client.makefile("rb").read()
        assert caplog.messages == []


def test_the_file_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    absent, text = str(tmp_path / "absent.pem"), str(tmp_path / "text.pem")
    Path(text).write_text("no certificate")
    assert problem("", KEY) == "tls_key: a key needs its certificate; give tls_certificate as well"
    assert problem(absent, KEY) == f"tls_certificate: {absent!r} cannot be read: No such file or directory"
    assert problem(CERTIFICATE, absent) == f"tls_key: {absent!r} cannot be read: No such file or directory"
    assert problem("a\0", "") == r"tls_certificate: 'a\x00' cannot be read: embedded null byte"
    assert problem(CERTIFICATE, OTHER_KEY).endswith(" cannot be used: key values mismatch")
    assert problem(CERTIFICATE, "").startswith(
        f"tls_certificate: {CERTIFICATE!r} with the key in the same file cannot be used: "
    )
    assert problem(text, KEY).startswith(
        f"tls_certificate: {text!r} with {KEY!r} as its key cannot be used: "
    )
    with pytest.raises(UsageError, match="tls_certificate: "):
        MockServer(tls_certificate=text)


def test_a_key_with_a_passphrase_is_refused_without_asking_for_it() -> None:
    assert problem(CERTIFICATE, KEY_WITH_PASSPHRASE) == (
        "tls_key: the key has a passphrase, which is not supported; use a key without one"
    )
