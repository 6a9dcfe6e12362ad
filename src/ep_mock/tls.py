"""The server's side of TLS: what it shows to clients that call it by https."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Never

from ep_mock.errors import UsageError

if TYPE_CHECKING:
    from ssl import SSLContext


def tls_context(certificate: str, key: str) -> SSLContext | None:
    """A context with a certificate and its private key, of which nothing is asked for the client; None without a certificate.

    Args:
        certificate: a PEM file, the server's certificate first and then those between it and its authority.
        key: a PEM file without a passphrase; empty where the certificate's file holds the key as well.

    Raises:
        UsageError: naming the setting whose file cannot be used.
    """
    if not certificate:
        if key:
            raise UsageError("tls_key: a key is of no use without the certificate that it is for; give tls_certificate as well")
        return None
    import ssl

    for setting, path in (("tls_certificate", certificate), ("tls_key", key)):
        _check_readable(setting, path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(certificate, key or None, password=_refuse_passphrase)
    except ssl.SSLError as error:
        reason = (error.reason or "a part of it is missing or not in PEM format").lower().replace("_", " ")
        holder = f"{key!r} as its key" if key else "the key in the same file"
        raise UsageError(f"tls_certificate: {certificate!r} with {holder} cannot be used: {reason}") from None
    return context


def _check_readable(setting: str, path: str) -> None:
    """OpenSSL would not say which of the files it is."""
    try:
        if path:
            with Path(path).open("rb"):
                pass
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise UsageError(f"{setting}: {path!r} cannot be read: {reason}") from None


def _refuse_passphrase() -> Never:
    """OpenSSL would ask for it on the terminal, and wait."""
    raise UsageError("tls_key: the key needs a passphrase, and there is no way to give one; use a key without")
