"""A page for a browser with all operations of the OpenAPI documents. It loads nothing and runs no script."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any, Final

import msgspec

from ep_mock import __version__
from ep_mock.contract.documents import Document, Operation

_STYLE: Final = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
  color: #222; background: #fff }
h1, h2, h3 { line-height: 1.2 } h2 { margin-top: 3rem; border-bottom: 1px solid #ccc }
details { border: 1px solid #ddd; border-radius: 4px; margin: .4rem 0; padding: .3rem .8rem }
summary { cursor: pointer } code, pre { font: 14px/1.4 ui-monospace, monospace }
pre { background: #f5f5f5; padding: .6rem; overflow: auto; max-height: 24rem }
.method { display: inline-block; min-width: 4rem; font-weight: bold }
.text { color: #666 } table { border-collapse: collapse }
td { padding: .1rem 1rem .1rem 0; vertical-align: top }
@media (prefers-color-scheme: dark) {
  body { color: #ddd; background: #1b1b1b } pre { background: #262626 } details { border-color: #444 }
}
"""


def docs_page(documents: Sequence[Document]) -> str:
    """The page, complete in itself."""
    parts = [_document(document) for document in documents]
    links = " · ".join(
        f'<a href="#{document.name}">{escape(document.raw["info"]["title"])}</a>' for document in documents
    )
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>ep-mock {__version__}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head>\n'
        f"<body><h1>ep-mock {__version__}</h1>\n<p>{links}</p>\n{''.join(parts)}</body></html>\n"
    )


def _document(document: Document) -> str:
    info = document.raw["info"]
    groups: dict[str, list[Operation]] = {tag["name"]: [] for tag in document.raw.get("tags", ())}
    for operation in document.operations:
        for tag in operation.raw.get("tags", ("",))[:1]:
            groups.setdefault(tag, []).append(operation)
    parts = [
        f"<h3>{escape(tag)}</h3>\n{''.join(_operation(operation) for operation in operations)}"
        for tag, operations in groups.items()
        if operations
    ]
    name = document.name
    return (
        f'<h2 id="{name}">{escape(info["title"])}</h2>\n{_text(info.get("description", ""))}'
        f'<p><a href="openapi/{name}.json">openapi/{name}.json</a></p>\n{"".join(parts)}'
    )


def _operation(operation: Operation) -> str:
    raw, document = operation.raw, operation.document
    heading = f'<span class="method">{operation.method}</span> <code>{escape(operation.path)}</code>'
    rows = [
        (escape(parameter["name"]), escape(parameter.get("description", "")))
        for parameter in (document.dereference(each) for each in raw.get("parameters", ()))
    ]
    answers = [
        (escape(status), escape(document.dereference(answer)["description"]))
        for status, answer in raw["responses"].items()
    ]
    return (
        f'<details id="{document.name}-{operation.operation_id}">'
        f'<summary>{heading} <span class="text">{escape(raw["summary"])}</span></summary>\n'
        f"{_text(raw.get('description', ''))}{_table('Parameters', rows)}{_examples(operation)}"
        f"{_table('Answers', answers)}</details>\n"
    )


def _examples(operation: Operation) -> str:
    document = operation.document
    body = document.dereference(operation.raw.get("requestBody", {}))
    shown = []
    for content in body.get("content", {}).values():
        for example in content.get("examples", {}).values():
            value: dict[str, Any] = document.dereference(example)
            text = msgspec.json.format(msgspec.json.encode(value["value"]), indent=2).decode()
            shown.append(f"<p>{escape(value.get('summary', ''))}</p><pre>{escape(text)}</pre>\n")
    return "<h4>Body</h4>\n" + "".join(shown) if shown else ""


def _table(heading: str, rows: Iterable[tuple[str, str]]) -> str:
    lines = "".join(f"<tr><td><code>{name}</code></td><td>{text}</td></tr>\n" for name, text in rows)
    return f"<h4>{heading}</h4>\n<table>{lines}</table>\n" if lines else ""


def _text(description: str) -> str:
    return "".join(
        f"<p>{escape(paragraph)}</p>\n" for paragraph in description.split("\n\n") if paragraph.strip()
    )
