"""`ep-mock serve`: run the server in the foreground."""

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
    short_help="Run the server until ctrl-C.",
    epilog="Each flag has an environment variable: EP_MOCK_ and its name in capitals, such as "
    "EP_MOCK_CODES_LIMIT for --codes-limit. Commas separate the values of a repeatable flag there. A flag "
    "beats the environment, the environment beats the file, the file beats the default.",
)
@click.pass_context
def command(context: click.Context, /, **_: object) -> int:
    """Run the server until ctrl-C.

    The first line of output says `listening on http://…` when requests are accepted. Point a client at that
    address instead of the real service's.

    A first ctrl-C or TERM answers waiting requests and gives others 0.3 seconds to finish. A second one cuts
    them off. HUP works like TERM, unless it is ignored (nohup).

    Exit codes: 0 stopped. 1 cannot listen at the address, or cannot save the state. 2 cannot use a setting, a
    fixture or a certificate. 128 plus the number of the signal if a second one cut requests off: 130 for
    ctrl-C, 143 for TERM.
    """
    configuration = configuration_of(context)
    settings = configuration.settings
    say_warnings(context, as_json=settings.log_format == "json")

    def announce(url: str) -> None:
        collect_from_now_on()
        with contextlib.suppress(BrokenPipeError):  # serve even if the reader of the output has gone
            click.echo(_announcement(url, settings, app.stores.seed, hints=sys.stdout.isatty()))

    with _signals(lambda *_: os._exit(0), _ENDING), deferred_gc() as collect_from_now_on:
        from ep_mock.serving.run import serve
        from ep_mock.serving.tls import tls_context
        from ep_mock.web.app import create_app

        with configuration.named():
            tls = tls_context(settings.tls_certificate, settings.tls_key)
            app = create_app(settings)
        with _exit_code_1():
            code = serve(
                app,
                settings.host,
                settings.port,
                on_listening=announce,
                access_log=settings.access_log,
                log_format=settings.log_format,
                tls=tls,
            )
    with _exit_code_1(), _signals(signal.SIG_IGN, (*_ENDING, "SIGINT")):
        app.save_state()
    return code


@contextlib.contextmanager
def _exit_code_1() -> Iterator[None]:
    """A `UsageError` in this context is no bad usage: it depends on the state of the machine."""
    try:
        yield
    except UsageError as error:
        raise click.ClickException(str(error)) from None


@contextlib.contextmanager
def _signals(handler: Any, names: Iterable[str]) -> Iterator[None]:
    """Handle these signals in this context, except ignored ones.

    Before the server runs, they end the process at once, with 0: otherwise the first process of a container
    ignores TERM. The handler raises no exception, because one could get lost inside a finalizer. While the
    state is saved, signals have no effect.
    """
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    handled = [number for number in numbers if signal.getsignal(number) != signal.SIG_IGN]
    previous = {number: signal.signal(number, handler) for number in handled}
    try:
        yield
    finally:
        for number, previous_handler in previous.items():
            signal.signal(number, previous_handler)


def _announcement(url: str, settings: Settings, seed: str, *, hints: bool) -> str:
    """One line, and hints for a person below it. All is written at once, so that a reader of the first line
    only breaks nothing.
    """
    clock = f"{settings.clock} x{settings.clock_scale:g}" if settings.clock == "scaled" else settings.clock
    facts = {"seed": seed, "clock": clock, "timings": settings.timings, "auth": settings.auth}
    if settings.log_format == "json":
        from ep_mock.serving.logs import json_line

        return json_line(f"listening on {url}", {"version": __version__, "url": url, **facts})
    described = ", ".join(f"{name} {value}" for name, value in facts.items())
    lines = [f"ep-mock {__version__} ({described}) listening on {url}"]
    if hints and settings.control:
        token = ' -H "X-EP-Mock-Token: $EP_MOCK_CONTROL_TOKEN"' if settings.control_token else ""
        lines.append(f"start over with: curl -X POST{token} {url}/__ep_mock/reset")
    if hints:
        lines.append("stop with ctrl-c")
    return "\n".join(lines)
