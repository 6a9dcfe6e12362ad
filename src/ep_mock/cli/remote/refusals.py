"""Error documents as sentences that name the user's option instead of the place in the request body."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import click

from ep_mock.cli.suggestions import near_match

_RULE_NAME: Final = re.compile(r"[a-z][a-z_]*")
_CHOICES: Final = re.compile(r".* must be one of the following: (.*)", re.DOTALL)
_MOST_CHOICES: Final = 8


def refusal(answer: Any, status: int) -> str:
    """The errors of an error document in one line."""
    items = answer.get("errors", []) if isinstance(answer, dict) else []
    return "; ".join(_sentence(item) for item in items) or f"the server refused it with {status}"


def _sentence(item: Mapping[str, Any]) -> str:
    title, source, detail = (str(item.get(name) or "") for name in ("title", "source", "detail"))
    # The validator's rule names and the phrases of HTTP add nothing to the detail.
    if detail and (_RULE_NAME.fullmatch(title) or title in _PHRASES):
        title = ""
    place, value = _place_of(source)
    if source:
        detail = detail.removeprefix(f"{source}: ")
    choices = _CHOICES.fullmatch(detail)
    if choices is not None:
        detail = _not_a_choice(value, re.findall(r'"([^"]*)"', choices[1]), place)
    elif place and detail[:1].isupper():
        detail = detail[0].lower() + detail[1:]
    return ": ".join(part for part in (title, place, detail) if part)


def _place_of(source: str) -> tuple[str, Any]:
    """The option or argument that a place in the body comes from, and its value; else the place itself."""
    context = click.get_current_context()
    name = source.rpartition(".")[2]
    for parameter in context.command.params:
        if parameter.name == name:
            is_option = isinstance(parameter, click.Option)
            flag = parameter.opts[-1] if is_option else parameter.human_readable_name
            return flag, context.params.get(name)
    return source.removeprefix("data."), None


def _not_a_choice(value: Any, choices: list[str], place: str) -> str:
    *first, last = choices
    expected = f"expected {', '.join(first)} or {last}" if first else f"expected {last}"
    if not isinstance(value, str):
        return expected
    near = near_match(value, choices) if len(choices) > _MOST_CHOICES else None
    what = place.lstrip("-").replace("-", " ")
    article = "an" if what[:1] in "aeiou" else "a"
    return f"{value!r} is not {article} {what}; {f'did you mean {near}?' if near else expected}"


_PHRASES: Final = {status.phrase for status in HTTPStatus}
