"""`ep-mock serve`: the mock in the foreground, until it is told to stop."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Callable, Iterator

import click

from ep_mock import __version__
from ep_mock.cli.settings_options import SettingsCommand, configuration_of, settings_options
from ep_mock.errors import UsageError
from ep_mock.settings import Settings


@settings_options()
@click.command(
    "serve",
    cls=SettingsCommand,
    short_help="Serve the mock until ctrl-c.",
    epilog="Each flag has a twin in the environment: EP_MOCK_ and its name in capitals, as EP_MOCK_CODES_LIMIT for --codes-limit. "
    "What can be repeated as a flag has commas between its values there. "
    "A flag beats the environment, the environment beats the file, the file beats the default.",
)
@click.pass_context
def command(context: click.Context, /, **_: object) -> int:
    """Serve the mock until ctrl-c.

    The first line of output says `listening on http://…` as soon as requests are accepted. Point a client at that address instead of the
    real service's.
    """
    configuration = configuration_of(context)
    settings = configuration.settings

    with _collected_later() as collect_from_now_on:
        from ep_mock.server import serve
        from ep_mock.web.app import create_app

        with configuration.named():
            app = create_app(settings)

        def announce(url: str) -> None:
            collect_from_now_on()
            with contextlib.suppress(BrokenPipeError):  # nobody reads: no reason to stop serving
                click.echo(_announcement(url, settings, app.gate.seed))

        try:
            code = serve(app, settings.host, settings.port, on_listening=announce, access_log=settings.access_log)
            app.save_state()
        except UsageError as error:
            raise click.ClickException(str(error)) from None
    return code


@contextlib.contextmanager
def _collected_later() -> Iterator[Callable[[], None]]:
    """No garbage is collected until the function that this yields is called.

    What a server imports and builds before its first request stays to the end: to look through it again and again costs a part of the
    start, and of many a request.
    """

    def collect_from_now_on() -> None:
        gc.freeze()
        gc.enable()

    gc.disable()
    try:
        yield collect_from_now_on
    finally:
        gc.unfreeze()
        gc.enable()


def _announcement(url: str, settings: Settings, seed: str) -> str:
    """All lines at once, so that whoever takes the first line only breaks nothing."""
    clock = f"{settings.clock} x{settings.clock_scale:g}" if settings.clock == "scaled" else settings.clock
    lines = [
        f"ep-mock {__version__} listening on {url}",
        f"seed {seed}, clock {clock}, timings {settings.timings}, auth {settings.auth}",
    ]
    if settings.control:
        token = ' -H "X-EP-Mock-Token: $EP_MOCK_CONTROL_TOKEN"' if settings.control_token else ""
        lines.append(f"start over with: curl -X POST{token} {url}/__ep_mock/reset")
    return "\n".join([*lines, "stop with ctrl-c"])
