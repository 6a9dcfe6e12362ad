"""Refusals of a server as sentences: they name the option that was given, not the place in the body that was
sent.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import click

_RULE_NAME: Final = re.compile(r"[a-z][a-z_]*")
_CHOICES: Final = re.compile(r".* must be one of the following: (.*)", re.DOTALL)
_MOST_CHOICES: Final = 8


def refusal(answer: Any, status: int) -> str:
    """The problems of an error document in one line."""
    items = answer.get("errors", []) if isinstance(answer, dict) else []
    return "; ".join(_sentence(item) for item in items) or f"the server refused it with {status}"


def near_match(text: str, names: list[str]) -> str | None:
    """The name that was probably meant."""
    return next(iter(difflib.get_close_matches(text, names, 1)), None)


def _sentence(item: Mapping[str, Any]) -> str:
    title, source, detail = (str(item.get(name) or "") for name in ("title", "source", "detail"))
    # The validator's rules and the phrases of HTTP tell a person nothing that the detail does not.
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
    """The flag or argument that a place in the body comes from, with the value that it was given; else the
    place itself.
    """
    context = click.get_current_context(silent=True)
    last = source.rpartition(".")[2]
    if context is not None and source:
        for parameter in context.command.params:
            if parameter.name == last:
                value = context.params.get(last)
                return (
                    parameter.opts[-1]
                    if isinstance(parameter, click.Option)
                    else parameter.human_readable_name
                ), value
    return source.removeprefix("data."), None


def _not_a_choice(value: Any, choices: list[str], place: str) -> str:
    near = near_match(value, choices) if isinstance(value, str) else None
    listed = (
        f"; expected {', '.join(choices[:-1])} or {choices[-1]}"
        if len(choices) > 1
        else f"; expected {choices[0]}"
    )
    if not isinstance(value, str):
        return listed.removeprefix("; ")
    what = re.sub(r"^-+", "", place).replace("-", " ")
    article = "an" if what[:1] in "aeiou" else "a"
    hint = f"; did you mean {near}?" if near and len(choices) > _MOST_CHOICES else listed
    return f"{value!r} is not {article} {what}{hint}"


_PHRASES: Final = {status.phrase for status in HTTPStatus}
