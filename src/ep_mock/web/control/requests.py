"""Handlers of the control plane: the journal of requests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from ep_mock.domain import problems
from ep_mock.domain.dates import format_nanos
from ep_mock.errors import ApiError
from ep_mock.simulation.store import Store
from ep_mock.traffic.journal import Entry, Journal, JournalQuery, nearest
from ep_mock.web.long_poll import WAIT_SECONDS, wait_or_poll
from ep_mock.web.request import Request
from ep_mock.web.response import Response, json_response

NEAREST: Final = 3
"""How many entries are shown that come nearest to what was not found."""

_EVERYTHING: Final = JournalQuery()


class ControlRequests:
    """Its handlers are named as their operations are."""

    def list_requests(self, request: Request) -> Response:
        """GET /requests."""
        return json_response(
            200, _findings(request.store.traffic.journal, _EVERYTHING, _whole_number(request, "last"))
        )

    def delete_requests(self, request: Request) -> Response:
        """DELETE /requests."""
        request.store.traffic.journal.clear()
        return Response(204)

    def find_requests(self, request: Request) -> Response:
        """POST /requests/find."""
        body = request.validated_body()
        last = body.pop("last", None)
        return json_response(200, _findings(request.store.traffic.journal, _query(body), last))

    def count_requests(self, request: Request) -> Response:
        """POST /requests/count."""
        journal = request.store.traffic.journal
        count = len(journal.find(_query(request.validated_body())))
        return json_response(200, {"count": count, "forgotten": journal.forgotten})

    def wait_for_requests(self, request: Request) -> Response:
        """POST /requests/wait."""
        body = request.validated_body()
        count, seconds = body.pop("count", 1), body.pop("timeout", WAIT_SECONDS)
        return wait_or_poll(_Sought(request.store, _query(body), count), seconds)


class _Sought:
    """Requests that somebody waits for. The store must be settled and locked whenever a method is called."""

    def __init__(self, store: Store, query: JournalQuery, count: int) -> None:
        self._store = store
        self._query = query
        self._count = count
        self._seen = 0
        self._found: list[Entry] = []

    def look(self) -> Response | None:
        """The answer once enough have come. An entry is looked at once."""
        journal = self._store.traffic.journal
        self._found += [entry for entry in journal.after(self._seen) if self._query.matches(entry)]
        self._seen = journal.total
        return (
            json_response(200, {"requests": _documents(self._found)})
            if len(self._found) >= self._count
            else None
        )

    def next_look(self) -> None:
        """Time brings no requests."""

    def description(self) -> str:
        """What is waited for, and how far it has come."""
        return self.progress()

    def progress(self) -> str:
        """The same."""
        return (
            f"waited for {self._count} such request{'s' if self._count > 1 else ''}, "
            f"{len(self._found) or 'none'} came"
        )

    def refusal(self, title: str, detail: str) -> ApiError:
        """409 with what has come, and what came near."""
        others = [entry for entry in self._store.traffic.journal.after(0) if not self._query.matches(entry)]
        meta = {
            "now": format_nanos(self._store.now),
            "requests": _documents(self._found),
            "nearest": _nearest(self._query, others),
        }
        return ApiError(409, [{"status": 409, "title": title, "detail": detail, "meta": meta}])


def _query(body: dict[str, Any]) -> JournalQuery:
    try:
        return msgspec.convert(body, JournalQuery)
    except msgspec.ValidationError as error:
        raise problems.bad_request(str(error)) from None


def _findings(journal: Journal, query: JournalQuery, last: int | None) -> dict[str, Any]:
    found = journal.find(query)
    shown = found if last is None else found[max(0, len(found) - last) :]
    findings: dict[str, Any] = {
        "requests": _documents(shown),
        "total": len(found),
        "forgotten": journal.forgotten,
    }
    if not found and query != _EVERYTHING:
        findings["nearest"] = _nearest(query, journal.after(0))
    return findings


def _documents(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    return [entry.document() for entry in entries]


def _nearest(query: JournalQuery, entries: Sequence[Entry]) -> list[dict[str, Any]]:
    return [
        {"differences": list(different), "request": entry.document()}
        for entry, different in nearest(query, entries, NEAREST)
    ]


def _whole_number(request: Request, name: str) -> int | None:
    text = request.query.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise problems.bad_request(f"{name}: expected a whole number, given: {text[:60]!r}", name)
    return int(text)
