"""Operations read codes only by `Store.codes_of`, so that none can forget to update the codes first."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Final

import ep_mock

SOURCE: Final = Path(ep_mock.__file__).parent

MAKERS: Final = {
    "simulation/family_promotions",  # enters books into the index
    "fixtures/load_codes",  # fills promotions that are not in a store yet
    "simulation/promotion",
    "operations/promotions",  # makes the book of a new promotion; its filters run after `Store.promotions_with_code`
    "simulation/store",
    "simulation/task",
    "simulation/worker",
    "snapshots/check",  # reads the plain data of a snapshot, which has the same name
    "snapshots/restore",
    "snapshots/save",
}
"""The modules that make, delete or restore codes."""


def modules_that_read(attribute: str) -> set[str]:
    found = set()
    for path in SOURCE.rglob("*.py"):
        nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if any(isinstance(node, ast.Attribute) and node.attr == attribute for node in nodes):
            found.add(path.relative_to(SOURCE).with_suffix("").as_posix())
    return found


def test_only_modules_that_make_codes_read_them_without_updating_them_first() -> None:
    assert modules_that_read("book") <= MAKERS
