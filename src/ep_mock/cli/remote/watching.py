"""Commands that run until ctrl-C and show what changes or arrives."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import click

from ep_mock.cli import output
from ep_mock.cli.remote.client import RefusedError, Remote, json_text

INTERRUPTED: Final = 130
_PACE: Final = 0.5
_WAIT: Final = 10.0
_HOME_AND_CLEAR: Final = "\x1b[H\x1b[2J"


def watch(remote: Remote, look: Callable[[], Any], render: Callable[[Any], str]) -> int:
    """Show what `look` returns, and again after each change. Returns the exit code after ctrl-C.

    A terminal is redrawn. Other outputs get each state below the previous one, after an empty line. JSON is
    one line per state.
    """
    pause = threading.Event()
    shown = None
    try:
        while True:
            answer = look()
            if answer != shown:
                _draw(remote, answer, render, first=shown is None)
                shown = answer
            pause.wait(_PACE)
    except KeyboardInterrupt:
        return INTERRUPTED


def _draw(remote: Remote, answer: Any, render: Callable[[Any], str], *, first: bool) -> None:
    if remote.as_json:
        click.echo(json_text(answer))
    elif output.width() is None:
        click.echo(render(answer) if first else f"\n{render(answer)}")
    else:
        text = output.fit_height(render(answer))
        if click.get_current_context().color is False:
            text = click.unstyle(text)
        click.echo(_HOME_AND_CLEAR + text, color=True)


def follow_requests(remote: Remote, query: Mapping[str, Any], last: int, show: Callable[[Any], None]) -> int:
    """Show the last matching requests of the journal, then each new one. Returns the exit code after ctrl-C.

    After a reset, restore or deletion of the store, a line on standard error says so, and the requests of the
    new store follow.
    """
    try:
        after = _latest_number(remote)
        for request in remote.call("POST", "requests/find", {**query, "last": last})["requests"]:
            if request["number"] <= after:
                show(request)
        for request in _new_requests(remote, query, after):
            show(request)
    except KeyboardInterrupt:
        pass
    return INTERRUPTED


def _new_requests(remote: Remote, query: Mapping[str, Any], after: int) -> Iterator[Any]:
    while True:
        body = {**query, "after": after, "count": 1, "timeout": _WAIT}
        try:
            found = remote.call("POST", "requests/wait", body, server_timeout=_WAIT)["requests"]
        except RefusedError as error:
            if error.title not in ("Store is gone", "Timed out"):
                raise
            if error.title == "Store is gone":
                remote.forget_store()
            if error.title == "Store is gone" or _latest_number(remote) < after:
                click.echo(
                    "ep-mock: the store was reset, restored or deleted; its requests begin again", err=True
                )
                after = 0
            continue
        yield from found
        after = max(request["number"] for request in found)


def _latest_number(remote: Remote) -> int:
    latest = remote.call("GET", "requests?last=1")["requests"]
    return latest[0]["number"] if latest else 0
