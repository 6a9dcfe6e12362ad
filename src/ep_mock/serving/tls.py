"""Both sides of TLS: what the server shows to clients that call it by https, and whom a client of it
trusts.
"""

from __future__ import annotations

from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Final, Never, TypeAlias

from ep_mock.errors import UsageError

if TYPE_CHECKING:
    from ssl import SSLCertVerificationError, SSLContext

Verify: TypeAlias = "bool | str | PathLike[str] | SSLContext"
"""Whom a client trusts: True for the authorities of the system, the path of a PEM file for those in it alone,
a context for everything else, such as a certificate of the client; False checks nothing."""

_WRONG_NAME: Final = (62, 64)  # X509_V_ERR_HOSTNAME_MISMATCH and X509_V_ERR_IP_ADDRESS_MISMATCH


def tls_context(certificate: str, key: str) -> SSLContext | None:
    """A context with a certificate and its private key, of which nothing is asked for the client; None
    without a certificate.

    Args:
        certificate: a PEM file, the server's certificate first and then those between it and its authority.
        key: a PEM file without a passphrase; empty where the certificate's file holds the key as well.

    Raises:
        UsageError: naming the setting whose file cannot be used.
    """
    if not certificate:
        if key:
            raise UsageError(
                "tls_key: a key is of no use without the certificate that it is for; give tls_certificate "
                "as well"
            )
        return None
    import ssl

    _check_readable("tls_certificate", certificate)
    if key:
        _check_readable("tls_key", key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(certificate, key or None, password=_refuse_passphrase)
    except ssl.SSLError as error:
        reason = (error.reason or "a part of it is missing or not in PEM format").lower().replace("_", " ")
        holder = f"{key!r} as its key" if key else "the key in the same file"
        raise UsageError(f"tls_certificate: {certificate!r} with {holder} cannot be used: {reason}") from None
    return context


def client_context(verify: Verify, *, said_by: str = "verify") -> SSLContext:
    """A context for a client that trusts as `verify` says.

    Args:
        said_by: what the user knows `verify` by, for messages.

    Raises:
        UsageError: the file cannot be read or has no certificate, or `verify` is nothing of the kind.
    """
    import ssl

    if isinstance(verify, ssl.SSLContext):
        return verify
    if not isinstance(verify, bool | str | PathLike):
        raise UsageError(
            f"{said_by}: expected True, False, the path of a PEM file or an ssl.SSLContext, got {verify!r}"
        )
    if isinstance(verify, bool):
        context = ssl.create_default_context()
        if not verify:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    else:
        path = fspath(verify)
        _check_readable(said_by, path)
        try:
            context = ssl.create_default_context(cafile=path)
        except ssl.SSLError:
            raise UsageError(f"{said_by}: {path!r} has no certificate in PEM format") from None
    context.set_alpn_protocols(["http/1.1"])
    return context


def not_trusted(url: str, error: SSLCertVerificationError, remedy: str) -> str:
    """Why the server at `url` is not talked to; `remedy` is how the user says whom to trust."""
    reason = error.verify_message.rstrip(".")
    if error.verify_code in _WRONG_NAME:
        return (
            f"the certificate at {url} is for another name ({reason}); call the server by a name that is "
            f"in it"
        )
    return (
        f"the certificate at {url} is not trusted ({reason}); name it, or the authority that signed it, "
        f"with {remedy}"
    )


def _check_readable(setting: str, path: str) -> None:
    """OpenSSL would not say which of the files it is."""
    try:
        with Path(path).open("rb"):
            pass
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise UsageError(f"{setting}: {path!r} cannot be read: {reason}") from None


def _refuse_passphrase() -> Never:
    """OpenSSL would ask for it on the terminal, and wait."""
    raise UsageError(
        "tls_key: the key needs a passphrase, and there is no way to give one; use a key without"
    )
