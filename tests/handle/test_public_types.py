"""All types in public signatures can be imported from `ep_mock` or `ep_mock.handle`."""

from __future__ import annotations

import ast
import builtins
import collections.abc
import inspect
import os
import typing
from collections.abc import Iterator, Mapping
from typing import Any

import ep_mock
import ep_mock.handle
from ep_mock import transports

OF_OTHERS = {"ASGIApp", "httpx", "httpx2", "SSLContext"}
MADE_BY_USERS = (ep_mock.Handle, ep_mock.MockServer, ep_mock.Settings)


def public_signatures() -> Iterator[tuple[str, Mapping[str, object]]]:
    """The annotations of public functions, and of the fields of public classes."""
    for module in (ep_mock, ep_mock.handle, transports):
        for name in getattr(module, "__all__", ["httpx_transport", "httpx2_transport"]):
            exported = getattr(module, name)
            yield name, getattr(exported, "__annotations__", {})
            for part, member in members_of(exported).items():
                function = (
                    member.fget
                    if isinstance(member, property)
                    else getattr(member, "__func__", getattr(member, "func", member))
                )
                if inspect.isfunction(function) and (
                    not part.startswith("_") or (part == "__init__" and exported in MADE_BY_USERS)
                ):
                    yield f"{name}.{part}", function.__annotations__


def members_of(exported: object) -> dict[str, Any]:
    """The members of a class, including those inherited from other classes of ep-mock."""
    classes = exported.__mro__ if isinstance(exported, type) else ()
    ours = [each for each in classes if each.__module__.startswith("ep_mock")]
    return {name: member for each in reversed(ours) for name, member in vars(each).items()}


def names_in(annotation: object) -> set[str]:
    tree = ast.parse(annotation, mode="eval") if isinstance(annotation, str) else ast.parse("None")
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def test_every_type_in_a_public_signature_can_be_imported() -> None:
    known = {*dir(builtins), *dir(typing), *dir(collections.abc), *dir(os), *OF_OTHERS}
    missing = {
        f"{place}: {name}"
        for place, annotations in public_signatures()
        for annotation in annotations.values()
        for name in names_in(annotation)
        if name not in known and not hasattr(ep_mock, name) and not hasattr(ep_mock.handle, name)
    }
    assert missing == set()
    assert len(list(public_signatures())) > 100
