"""`ep-mock healthcheck`: whether a mock is up, for containers and scripts."""

from __future__ import annotations

import click

from ep_mock.cli.environment import say_warnings
from ep_mock.cli.options import SettingsCommand, configuration_of, settings_options
from ep_mock.errors import UsageError

_SECONDS = 5
_LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  what to ask where the server listens on every address


@settings_options("host", "port", "tls_certificate")
@click.command(
    "healthcheck", cls=SettingsCommand, short_help="Tell whether a mock is up: exit code 0, else 1."
)
@click.pass_context
def command(context: click.Context, /, **_: object) -> int:
    """Tell whether a mock is up: exit code 0, else 1, and one line that says why.

    Asks where `serve` would listen with the same flags, environment and file.
    """
    from ep_mock.serving.http_client import CallError, HttpClient, reason_of

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
    except CallError as error:
        raise click.ClickException(f"nothing healthy at {place}: {reason_of(error)}") from None
    finally:
        client.close()
    version = answer.headers.get("X-EP-Mock")
    # Without its control plane a mock has no such path, but says who it is.
    if version is None or answer.status not in (200, 404):
        raise click.ClickException(
            f"nothing healthy at {place}: answered {answer.status}{'' if version else ', but not as ep-mock'}"
        )
    click.echo(
        f"ep-mock {version} is up at {place}{'' if answer.status == 200 else ', its control plane is off'}"
    )
    return 0
