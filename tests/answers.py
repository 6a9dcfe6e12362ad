"""Checks responses against the project's documents, and against the vendor's where they are available."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from ep_mock.contract.documents import Document, Operation, load_document
from tests.documented_responses import response_problems
from tests.vendor.documents import vendor_problems


def answer_problems(method: str, target: bytes, status: int, body: bytes) -> list[str]:
    """How the response to a request (target: raw path and query) differs from the documents; empty if not."""
    path = target.partition(b"?")[0].decode("latin-1")
    operation = operation_for(method, path)
    is_preflight = method == "OPTIONS" and status == 204
    if operation is None or is_preflight:
        return []
    if method == "HEAD":
        # The documents do not list it: it is the GET without its body.
        return ["a HEAD has a body"] if body else []
    problems = [
        f"{operation.document.name}.yaml: {problem}" for problem in response_problems(operation, status, body)
    ]
    return problems + vendor_problems(method, path, status, body)


@cache
def operation_for(method: str, path: str) -> Operation | None:
    """The operation of a request according to the documents; None for an unknown path.

    For a method that a path does not have, any operation of the path: all of them document the 405.
    """
    nearest: Operation | None = None
    for document in documents():
        for operation in document.operations:
            if fits(operation.path, path):
                if operation.method == method:
                    return operation
                nearest = nearest or operation
    return nearest


@cache
def documents() -> tuple[Document, ...]:
    """The project's documents."""
    return tuple(load_document(name) for name in ("standard", "rule", "control"))


def fits(template: str, path: str) -> bool:
    """Whether a raw path fits a template. All that follows `/codes/` is a code."""
    segments = list(_segments(path))
    wanted = template.strip("/").split("/")
    if "{code}" in wanted:
        code_at = wanted.index("{code}")
        behind = len(wanted) - code_at - 1
        segments[code_at : len(segments) - behind] = ["/".join(segments[code_at : len(segments) - behind])]
    return len(segments) == len(wanted) and all(
        bool(segment) if expected.startswith("{") else segment == expected
        for segment, expected in zip(segments, wanted, strict=True)
    )


def _segments(path: str) -> Iterator[str]:
    yield from path.removeprefix("/").split("/")
