"""`ep-mock healthcheck`: whether a server is up, for containers and scripts."""

from __future__ import annotations

import click

from ep_mock.cli.environment import say_warnings
from ep_mock.cli.options import SettingsCommand, configuration_of, settings_options
from ep_mock.errors import UsageError

_SECONDS = 5
_LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - names of wildcards, not a choice of one


@settings_options("host", "port", "tls_certificate")
@click.command(
    "healthcheck", cls=SettingsCommand, short_help="Check that a server is up: exit code 0, else 1."
)
@click.pass_context
def command(context: click.Context, /, **_: object) -> int:
    """Check that a server is up. The exit code is 0 if it is, else 1, and one line says why.

    The request goes to the address where `ep-mock serve` listens with the same flags, environment and file.
    """
    from ep_mock.serving.http_client import CALL_ERRORS, HttpClient, reason_of

    settings = configuration_of(context).settings
    say_warnings(context)
    if settings.port == 0:
        raise UsageError("healthcheck: port 0 is a free port that serve picks; say which one with --port")
    host = _LOOPBACK.get(settings.host, settings.host)
    scheme = "https" if settings.tls_certificate else "http"
    place = f"{scheme}://{f'[{host}]' if ':' in host else host}:{settings.port}"
    # The certificate is not verified: it is for the name by which clients call, not for the address asked
    # here, and its authority may be unknown on this machine.
    client = HttpClient(place, verify=False, argument="--host")
    try:
        answer = client.call("GET", "/__ep_mock/health", {}, None, timeout=_SECONDS)
    except CALL_ERRORS as error:
        raise click.ClickException(f"nothing healthy at {place}: {reason_of(error)}") from None
    finally:
        client.close()
    version, is_off = answer.headers.get("X-EP-Mock"), answer.status == 404
    # A server whose control plane is off has no such path, but it still sends the header.
    if version is None or answer.status not in (200, 404):
        hint = "" if version else ", but not as ep-mock"
        raise click.ClickException(f"nothing healthy at {place}: answered {answer.status}{hint}")
    click.echo(f"ep-mock {version} is up at {place}{', its control plane is off' if is_off else ''}")
    return 0
