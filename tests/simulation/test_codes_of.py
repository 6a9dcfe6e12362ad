"""`Store.codes_of` is the only way in to the codes of a promotion for verbs, so that no verb can forget to
bring them to now.
"""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Final

import ep_mock

SOURCE: Final = Path(ep_mock.__file__).parent

MAKERS: Final = {
    "family_promotions",  # tells the index about a book that comes or goes
    "load_codes",  # fills promotions that are not in a store yet
    "promotion",
    "promotions",  # its filters read what `Store.promotions_with_code` has brought
    "restore",
    "save",
    "store",
    "task",
    "worker",
}
"""The modules that make codes come and go, or restore them as they were."""


def modules_that_read(attribute: str) -> set[str]:
    found = set()
    for path in SOURCE.rglob("*.py"):
        nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if any(isinstance(node, ast.Attribute) and node.attr == attribute for node in nodes):
            found.add(path.stem)
    return found


def test_only_those_that_make_codes_read_them_without_bringing_them_first() -> None:
    assert modules_that_read("book") <= MAKERS
