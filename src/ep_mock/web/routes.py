"""A table of routes: a tree of path segments, so that a look-up costs the same with any number of routes.

The raw path is routed, before percent-decoding, so no id can contain a slash. Codes are the exception:
everything after `/codes/` is the code, slashes included, since published clients don't encode them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Generic, TypeVar
from urllib.parse import unquote

from ep_mock.domain import problems
from ep_mock.errors import ApiError

_Entry = TypeVar("_Entry")

TAIL = b"{code}"
"""The parameter that takes the rest of the path."""


class _Node(Generic[_Entry]):
    __slots__ = ("entries", "parameter", "static", "tails")

    def __init__(self) -> None:
        self.static: dict[bytes, _Node[_Entry]] = {}
        self.parameter: _Node[_Entry] | None = None
        self.entries: dict[str, _Entry] = {}
        # By what follows the code: nothing, or `usages`.
        self.tails: dict[bytes, dict[str, _Entry]] = {}


class RouteTable(Generic[_Entry]):
    """Entries, such as routes, by method and path template."""

    def __init__(self) -> None:
        self._root: _Node[_Entry] = _Node()

    def add(self, method: str, template: str, entry: _Entry) -> None:
        """Add an entry for `method` (for GET, also for HEAD) and a template such as
        `/v2/promotions/{promotion_id}/codes/{code}`.
        """
        if method == "GET":
            self.add("HEAD", template, entry)
        node = self._root
        segments = template.encode().split(b"/")[1:]
        for position, segment in enumerate(segments):
            if segment == TAIL:
                node.tails.setdefault(b"/".join(segments[position + 1 :]), {})[method] = entry
                return
            if segment.startswith(b"{"):
                node.parameter = node.parameter or _Node()
                node = node.parameter
            else:
                node = node.static.setdefault(segment, _Node())
        node.entries[method] = entry

    def find(self, method: str, raw_path: bytes) -> tuple[_Entry, tuple[str, ...]]:
        """The entry for a request, and the decoded values of its path parameters in the order of the path.

        Raises:
            ApiError: 404, no template fits the path; 405, none of those that fit has the method.
        """
        if not raw_path.startswith(b"/"):
            raise _nothing_at(raw_path)
        # For nearly all requests the first way down is the right one. `_search` finds the others.
        node, values = self._root, []
        for segment in raw_path.split(b"/")[1:]:
            following = node.static.get(segment)
            if following is None:
                following = node.parameter
                values.append(segment)
            if following is None or node.tails or not segment:
                return self._search(method, raw_path)
            node = following
        entry = node.entries.get(method)
        return self._search(method, raw_path) if entry is None else (entry, _decoded(values))

    def _search(self, method: str, raw_path: bytes) -> tuple[_Entry, tuple[str, ...]]:
        segments = raw_path.split(b"/")
        allowed: dict[str, _Entry] = {}
        pending: list[tuple[_Node[_Entry], int, tuple[bytes, ...]]] = [(self._root, 1, ())]
        while pending:
            node, position, values = pending.pop()
            while position < len(segments):
                segment = segments[position]
                if node.tails and segment:
                    rest = segments[position:]
                    for suffix, entries in node.tails.items():
                        code = rest
                        if suffix:
                            if len(rest) < 2 or rest[-1] != suffix:
                                continue
                            code = rest[:-1]
                        if method in entries:
                            return entries[method], _decoded((*values, b"/".join(code)))
                        allowed.update(entries)
                following = node.static.get(segment)
                if node.parameter is not None and segment:
                    if following is None:
                        following, values = node.parameter, (*values, segment)
                    else:
                        pending.append((node.parameter, position + 1, (*values, segment)))
                if following is None:
                    break
                node, position = following, position + 1
            else:
                if method in node.entries:
                    return node.entries[method], _decoded(values)
                allowed.update(node.entries)
        if allowed:
            raise problems.method_not_allowed(method, sorted(allowed))
        raise _nothing_at(raw_path)


def _nothing_at(raw_path: bytes) -> ApiError:
    return problems.not_found(f"ep-mock serves nothing at {raw_path.decode('latin-1')}")


def _decoded(values: Iterable[bytes]) -> tuple[str, ...]:
    # Nearly all ids and codes are ASCII; only the others need percent-decoding.
    return tuple(
        [unquote(value) if b"%" in value or not value.isascii() else value.decode() for value in values]
    )
