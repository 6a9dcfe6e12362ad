"""A verb is atomic: whoever holds the lock of a store gives way to nobody."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ep_mock import web

FOLDER: Final = Path(web.__file__).parent
_GIVES_WAY: Final = (ast.Await, ast.AsyncFor, ast.AsyncWith, ast.Yield, ast.YieldFrom)


def holds_a_store(statement: ast.With) -> bool:
    """Whether it takes the lock of a store: `with x.lock`."""
    places = [ast.unparse(item.context_expr) for item in statement.items]
    return any(place.endswith(".lock") for place in places)


def held(source: str) -> Iterator[ast.With]:
    """All blocks that hold a store."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.With) and holds_a_store(node):
            yield node


def gives_way(block: ast.With) -> bool:
    return any(isinstance(node, _GIVES_WAY) for node in ast.walk(block))


def test_nothing_is_awaited_while_a_store_is_held() -> None:
    blocks = {
        path.relative_to(FOLDER).as_posix(): list(held(path.read_text(encoding="utf-8")))
        for path in FOLDER.rglob("*.py")
    }
    assert {"long_poll.py", "pipeline.py", "store_slot.py", "stores.py"} <= {
        name for name, found in blocks.items() if found
    }
    assert [name for name, found in blocks.items() if any(map(gives_way, found))] == []


def test_an_await_in_such_a_block_would_be_noticed() -> None:
    (block,) = held("async def f(guarded):\n    with guarded.lock:\n        await g()\n")
    assert gives_way(block)
