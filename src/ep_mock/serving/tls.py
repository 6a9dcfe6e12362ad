"""Both sides of TLS: the server's certificate, and the certificates that a client trusts."""

from __future__ import annotations

from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Final, Never, TypeAlias

from ep_mock.errors import UsageError

if TYPE_CHECKING:
    from ssl import SSLCertVerificationError, SSLContext

Verify: TypeAlias = "bool | str | PathLike[str] | SSLContext"
"""The certificates that a client trusts. True: the authorities of the system. A path: those in that PEM file
only. A context: for everything else, such as client certificates. False: verify nothing.
"""

_WRONG_NAME: Final = (62, 64)  # X509_V_ERR_HOSTNAME_MISMATCH and X509_V_ERR_IP_ADDRESS_MISMATCH


def tls_context(certificate: str, key: str) -> SSLContext | None:
    """A server context with a certificate and its private key; None without a certificate.

    Args:
        certificate: a PEM file, the server's certificate first, then the intermediate ones.
        key: a PEM file without a passphrase; empty if the certificate's file holds the key too.

    Raises:
        UsageError: a file cannot be used; the message names its setting.
    """
    if not certificate:
        if key:
            raise UsageError("tls_key: a key needs its certificate; give tls_certificate as well")
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


def client_context(verify: Verify, *, argument: str = "verify") -> SSLContext:
    """A context for a client.

    Args:
        argument: the name of `verify` in error messages.

    Raises:
        UsageError: the file cannot be read or has no certificate, or `verify` has another type.
    """
    import ssl

    if isinstance(verify, ssl.SSLContext):
        return verify
    if not isinstance(verify, bool | str | PathLike):
        raise UsageError(
            f"{argument}: expected True, False, the path of a PEM file or an ssl.SSLContext, got {verify!r}"
        )
    if isinstance(verify, bool):
        context = ssl.create_default_context()
        if not verify:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    else:
        path = fspath(verify)
        _check_readable(argument, path)
        try:
            context = ssl.create_default_context(cafile=path)
        except ssl.SSLError:
            raise UsageError(f"{argument}: {path!r} has no certificate in PEM format") from None
    context.set_alpn_protocols(["http/1.1"])
    return context


def not_trusted(url: str, error: SSLCertVerificationError, remedy: str) -> str:
    """The message for a certificate that fails verification; `remedy` names the option for trusted ones."""
    reason = error.verify_message.rstrip(".")
    if error.verify_code in _WRONG_NAME:
        return f"the certificate at {url} is for another name ({reason}); call the server by a name in it"
    hint = f"name it, or the authority that signed it, with {remedy}"
    return f"the certificate at {url} is not trusted ({reason}); {hint}"


def _check_readable(setting: str, path: str) -> None:
    """Check that a file can be read: OpenSSL's error would not name it."""
    try:
        with Path(path).open("rb"):
            pass
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise UsageError(f"{setting}: {path!r} cannot be read: {reason}") from None


def _refuse_passphrase() -> Never:
    """Without this, OpenSSL would ask for the passphrase on the terminal."""
    raise UsageError("tls_key: the key has a passphrase, which is not supported; use a key without one")
