"""The options that commands for a running server share."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, Concatenate, Final, ParamSpec

import click

from ep_mock.cli import output
from ep_mock.cli.environment import say_warnings
from ep_mock.cli.remote.client import DEFAULT_STORE, Remote
from ep_mock.domain.families import FAMILIES
from ep_mock.errors import UsageError
from ep_mock.settings import ENVIRONMENT_PREFIX
from ep_mock.timings import SECOND, parse_duration

DEFAULT_URL: Final = "http://127.0.0.1:8080"
FAMILY_NAMES: Final = click.Choice([family.name for family in FAMILIES])

Arguments = ParamSpec("Arguments")
Command = Callable[Arguments, int | None]
_Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def remote_options(run: Callable[Concatenate[Remote, Arguments], int | None]) -> Command[Arguments]:
    """Give a command `--url`, `--store`, `--token`, `--ca`, `--json` and `--color`; it gets a `Remote` as its
    first argument.
    """
    return _with_remote(run, (*_SERVER, _STORE, *_OUTPUT))


def server_options(run: Callable[Concatenate[Remote, Arguments], int | None]) -> Command[Arguments]:
    """The same without `--store`, for commands that concern no single store."""
    return _with_remote(run, (*_SERVER, *_OUTPUT))


def matching_options(run: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command options that select requests; it gets them as `match`, in the control plane's format."""

    @functools.wraps(run)
    def called(*args: Any, **kwargs: Any) -> Any:
        return run(*args, match=given({name: kwargs.pop(name) for name in _MATCH_NAMES}), **kwargs)

    return _add(called, _MATCH)


def query_options(run: Callable[..., Any]) -> Callable[..., Any]:
    """The same plus options for a request's outcome; the command gets all of them as `query`."""

    @functools.wraps(run)
    def called(*args: Any, match: dict[str, Any], status: Any, outcome: Any, **kwargs: Any) -> Any:
        query = given({"match": match or None, "status": status, "outcome": outcome})
        return run(*args, query=query, **kwargs)

    return matching_options(_add(called, _OUTCOME))


def limit_option(default: int, help_text: str) -> _Decorator:
    """`--limit N` of a list."""
    return click.option(
        "--limit", type=click.IntRange(1), default=default, show_default=True, metavar="N", help=help_text
    )


def timeout_option(help_text: str) -> _Decorator:
    """`--timeout DURATION`; the command gets `seconds`."""
    return click.option(
        "--timeout",
        "seconds",
        callback=duration,
        default="10s",
        show_default=True,
        metavar="DURATION",
        help=help_text,
    )


def text_option(flag: str, name: str, metavar: str, default: str, help_text: str) -> _Decorator:
    """An option that can also be given as the environment variable `EP_MOCK_` and `name` in capitals."""
    return click.option(
        flag,
        metavar=metavar,
        envvar=ENVIRONMENT_PREFIX + name.upper(),
        default=default,
        show_default=bool(default),
        show_envvar=True,
        help=help_text,
    )


def duration(_: click.Context, parameter: click.Parameter, text: str | None) -> float | None:
    """A callback of options: the seconds of a text such as `250ms`, `5m` or `1h`.

    Raises:
        UsageError: this is no duration; the message names the option.
    """
    if text is None:
        return None
    try:
        return parse_duration(text) / SECOND
    except UsageError as error:
        raise UsageError(f"{parameter.opts[-1]}: {error}") from None


def given(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that have a value."""
    return {name: value for name, value in options.items() if value is not None and value != ()}


def _with_remote(
    run: Callable[Concatenate[Remote, Arguments], int | None], options: tuple[_Decorator, ...]
) -> Command[Arguments]:
    @functools.wraps(run)
    def called(*args: Arguments.args, **kwargs: Arguments.kwargs) -> int | None:
        context = click.get_current_context()
        say_warnings(context)
        url, token, ca = (str(kwargs.pop(name)) for name in ("url", "token", "ca"))
        store, as_json = str(kwargs.pop("store", "")), bool(kwargs.pop("as_json"))
        output.use_color(str(kwargs.pop("color")))
        remote = Remote(url, store, token, ca, as_json=as_json)
        context.call_on_close(remote.close)
        return run(remote, *args, **kwargs)

    return _add(called, options)


def _add(command: Callable[..., Any], options: tuple[_Decorator, ...]) -> Callable[..., Any]:
    for option in reversed(options):
        command = option(command)
    return command


_STORE: Final = text_option("--store", "store", "NAME", DEFAULT_STORE, "Name of the store.")
_SERVER: Final = (
    text_option("--url", "url", "URL", DEFAULT_URL, "Address of the server."),
    text_option("--token", "control_token", "TEXT", "", "The server's control token, if it has one."),
    text_option(
        "--ca",
        "ca",
        "FILE",
        "",
        "PEM file with the certificates to trust at an https address, instead of the system's.",
    ),
)
_OUTPUT: Final = (
    click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON."),
    click.option(
        "--color",
        type=click.Choice(output.COLORS),
        default="auto",
        show_default=True,
        help="When to use colours. auto: on a terminal.",
    ),
)
_MATCH_NAMES: Final = ("method", "path", "operation", "family", "body_contains")
_MATCH: Final = (
    click.option("--method", metavar="TEXT", help="Only requests with this method."),
    click.option(
        "--path",
        metavar="PATTERN",
        help="Only requests to this path. * matches any text within a segment, ** any text.",
    ),
    click.option("--operation", metavar="NAME", help="Only this operation, such as create_job or list_jobs."),
    click.option("--family", type=FAMILY_NAMES, help="Only requests for this promotion family."),
    click.option("--body-contains", metavar="TEXT", help="Only requests with this text in the body."),
)
_OUTCOME: Final = (
    click.option("--status", type=int, metavar="N", help="Only requests answered with this status."),
    click.option(
        "--outcome",
        metavar="TEXT",
        help="Only requests with this outcome: served, refused, unmatched, faulted or failed.",
    ),
)
