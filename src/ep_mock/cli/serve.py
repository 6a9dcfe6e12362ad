"""`ep-mock serve`: the mock in the foreground, until it is told to stop."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Iterable, Iterator
from typing import Any, Final

import click

from ep_mock import __version__
from ep_mock.cli.environment import say_warnings
from ep_mock.cli.options import SettingsCommand, configuration_of, settings_options
from ep_mock.errors import UsageError
from ep_mock.serving.gc_tuning import deferred_gc
from ep_mock.settings import Settings

_ENDING: Final = ("SIGTERM", "SIGHUP")


@settings_options()
@click.command(
    "serve",
    cls=SettingsCommand,
    short_help="Serve the mock until ctrl-c.",
    epilog="Each flag has a twin in the environment: EP_MOCK_ and its name in capitals, as "
    "EP_MOCK_CODES_LIMIT for --codes-limit. "
    "What can be repeated as a flag has commas between its values there. "
    "A flag beats the environment, the environment beats the file, the file beats the default.",
)
@click.pass_context
def command(context: click.Context, /, **_: object) -> int:
    """Serve the mock until ctrl-c.

    The first line of output says `listening on http://…` as soon as requests are accepted. Point a client at
    that address instead of the real service's.

    A first ctrl-c or TERM answers those who wait, and lets requests finish that are being answered, for 0.3
    seconds at most; a second one cuts them off. HUP does as TERM, unless it is ignored (nohup).

    Exit codes: 0 stopped; 1 cannot listen there, or cannot save the state; 2 a setting, a fixture or a
        certificate cannot be used; 128 and
    the number of the signal when a second one cut requests off: 130 for ctrl-c, 143 for TERM.
    """
    configuration = configuration_of(context)
    settings = configuration.settings
    say_warnings(context, as_json=settings.log_format == "json")

    def announce(url: str) -> None:
        collect_from_now_on()
        with contextlib.suppress(BrokenPipeError):  # nobody reads: no reason to stop serving
            click.echo(_announcement(url, settings, app.stores.seed, hints=sys.stdout.isatty()))

    with _signals(lambda *_: os._exit(0), _ENDING), deferred_gc() as collect_from_now_on:
        from ep_mock.serving.run import serve
        from ep_mock.serving.tls import tls_context
        from ep_mock.web.app import create_app

        with configuration.named():
            tls = tls_context(settings.tls_certificate, settings.tls_key)
            app = create_app(settings)
        host, port, log_format = settings.host, settings.port, settings.log_format
        with _code_1():
            code = serve(
                app,
                host,
                port,
                on_listening=announce,
                access_log=settings.access_log,
                log_format=log_format,
                tls=tls,
            )
    with _code_1(), _signals(signal.SIG_IGN, (*_ENDING, "SIGINT")):
        app.save_state()
    return code


@contextlib.contextmanager
def _code_1() -> Iterator[None]:
    """What goes wrong in here is no bad usage: it depends on the machine as it is just now."""
    try:
        yield
    except UsageError as error:
        raise click.ClickException(str(error)) from None


@contextlib.contextmanager
def _signals(handler: Any, names: Iterable[str]) -> Iterator[None]:
    """Handle these signals in here, those apart that are ignored.

    Until it serves, they end the process at once, with 0: the first process of a container would ignore TERM
        otherwise. An exception
    could get lost on its way, for a handler may run inside a finalizer. While the state is saved they change
    nothing.
    """
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    previous = {
        number: signal.signal(number, handler)
        for number in numbers
        if signal.getsignal(number) != signal.SIG_IGN
    }
    try:
        yield
    finally:
        for number, former in previous.items():
            signal.signal(number, former)


def _announcement(url: str, settings: Settings, seed: str, *, hints: bool) -> str:
    """One line; for a person at a terminal, hints below it, all at once, so that whoever takes the first line
    only breaks nothing.
    """
    clock = f"{settings.clock} x{settings.clock_scale:g}" if settings.clock == "scaled" else settings.clock
    facts = {"seed": seed, "clock": clock, "timings": settings.timings, "auth": settings.auth}
    if settings.log_format == "json":
        from ep_mock.serving.logs import json_line

        return json_line(f"listening on {url}", {"version": __version__, "url": url, **facts})
    lines = [
        f"ep-mock {__version__} ({', '.join(f'{name} {value}' for name, value in facts.items())}) listening "
        f"on {url}"
    ]
    if hints and settings.control:
        token = ' -H "X-EP-Mock-Token: $EP_MOCK_CONTROL_TOKEN"' if settings.control_token else ""
        lines.append(f"start over with: curl -X POST{token} {url}/__ep_mock/reset")
    if hints:
        lines.append("stop with ctrl-c")
    return "\n".join(lines)
