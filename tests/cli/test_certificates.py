"""Commands that steer a server with a certificate of its own."""

from __future__ import annotations

from pathlib import Path

from ep_mock import MockServer
from tests.certificates import CERTIFICATE, KEY
from tests.cli.shell import Shell


def test_a_certificate_of_ones_own_is_trusted_when_it_is_named(tmp_path: Path) -> None:
    with MockServer(tls_certificate=CERTIFICATE, tls_key=KEY, clock="manual") as server:
        assert Shell(server.url).says("worker", "--ca", CERTIFICATE).startswith("nothing to do")
        assert Shell(server.url, EP_MOCK_CA=CERTIFICATE).says("worker").startswith("nothing to do")
        assert Shell(server.url).fails("worker") == (
            f"ep-mock: the certificate at {server.url} is not trusted (self-signed certificate); name it, or the authority that signed it, "
            "with --ca FILE or EP_MOCK_CA"
        )
        absent = str(tmp_path / "absent.pem")
        assert Shell(server.url).fails("worker", "--ca", absent, code=2) == (
            f"ep-mock: --ca: {absent!r} cannot be read: No such file or directory"
        )
