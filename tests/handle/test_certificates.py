"""Servers with self-signed certificates, and handles that trust them."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ep_mock import MockServer
from ep_mock.errors import UsageError
from ep_mock.handle import Handle, UnreachableError
from tests.certificates import CERTIFICATE, KEY


@pytest.fixture(scope="module")
def server() -> Iterator[MockServer]:
    with MockServer(tls_certificate=CERTIFICATE, tls_key=KEY, clock="manual") as server:
        yield server


@pytest.mark.parametrize(
    "verify", [CERTIFICATE, Path(CERTIFICATE), ssl.create_default_context(cafile=CERTIFICATE), False]
)
def test_a_handle_that_trusts_the_certificate_reaches_the_server(server: MockServer, verify: Any) -> None:
    with Handle.connect(server.url, verify=verify) as handle:
        assert handle.clock.read().mode == "manual"
        assert handle.of_store("other").clock.read().mode == "manual"


def test_the_error_for_an_untrusted_certificate_says_what_to_write(server: MockServer) -> None:
    with Handle.connect(server.url) as handle, pytest.raises(UnreachableError) as error:
        handle.clock.read()
    assert str(error.value) == (
        f"the certificate at {server.url} is not trusted (self-signed certificate); name it, or the authority that signed it, "
        "with verify='ca.pem' (pytest: --ep-mock-ca, the command ep-mock: --ca)"
    )


def test_a_certificate_for_another_name_is_an_error(
    server: MockServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    addresses = socket.getaddrinfo("127.0.0.1", server.port, type=socket.SOCK_STREAM)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: addresses)
    url = f"https://mock.test:{server.port}"
    with Handle.connect(url, verify=CERTIFICATE) as handle, pytest.raises(UnreachableError) as error:
        handle.clock.read()
    assert str(error.value) == (
        f"the certificate at {url} is for another name (Hostname mismatch, certificate is not valid for 'mock.test'); "
        "call the server by a name in it"
    )


def test_an_invalid_file_is_an_error_before_anything_is_sent(tmp_path: Path) -> None:
    (tmp_path / "text.pem").write_text("no certificate")
    for verify, told in (
        (
            str(tmp_path / "absent.pem"),
            f"verify: {str(tmp_path / 'absent.pem')!r} cannot be read: No such file or directory",
        ),
        (tmp_path / "text.pem", f"verify: {str(tmp_path / 'text.pem')!r} has no certificate in PEM format"),
        (None, "verify: expected True, False, the path of a PEM file or an ssl.SSLContext, got None"),
    ):
        with pytest.raises(UsageError) as error:
            Handle.connect("https://localhost", verify=verify)  # type: ignore[arg-type]
        assert str(error.value) == told


def test_a_server_without_https_is_an_error() -> None:
    with MockServer() as plain:
        url = plain.url.replace("http:", "https:")
        with Handle.connect(url) as handle, pytest.raises(UnreachableError) as error:
            handle.health()
    assert str(error.value).startswith(f"the server at {url} does not speak https (")
    assert str(error.value).endswith("; is its address http://...?")
