"""Handlers of the journal of requests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ep_mock.control_messages import (
    NearRequest,
    RequestCount,
    RequestsCame,
    RequestsFound,
    RequestsMissed,
)
from ep_mock.domain.dates import format_nanos
from ep_mock.errors import ApiError
from ep_mock.simulation.store import Store
from ep_mock.traffic.journal import Entry, Journal, JournalQuery, nearest
from ep_mock.web.control.parameters import convert_body, whole_number
from ep_mock.web.control.views import request_view
from ep_mock.web.long_poll import WAIT_SECONDS, wait_or_poll
from ep_mock.web.request import Request
from ep_mock.web.response import Response, json_response

NEAREST: Final = 3
"""Number of requests to show that nearly match."""

_EVERYTHING: Final = JournalQuery()
_MOST_SHOWN: Final = 999_999_999


def list_requests(request: Request) -> Response:
    """GET /requests."""
    last = whole_number(request.query, "last", least=0, most=_MOST_SHOWN)
    return json_response(200, _found(request.store.traffic.journal, _EVERYTHING, last))


def delete_requests(request: Request) -> Response:
    """DELETE /requests."""
    request.store.traffic.journal.clear()
    return Response(204)


def find_requests(request: Request) -> Response:
    """POST /requests/find."""
    body = request.validated_body()
    last = body.pop("last", None)
    return json_response(200, _found(request.store.traffic.journal, convert_body(body, JournalQuery), last))


def count_requests(request: Request) -> Response:
    """POST /requests/count."""
    journal = request.store.traffic.journal
    query = convert_body(request.validated_body(), JournalQuery)
    return json_response(200, RequestCount(len(journal.find(query)), journal.forgotten))


def wait_for_requests(request: Request) -> Response:
    """POST /requests/wait."""
    body = request.validated_body()
    count, seconds = body.pop("count", 1), body.pop("timeout", WAIT_SECONDS)
    return wait_or_poll(_RequestWait(request.store, convert_body(body, JournalQuery), count), seconds)


class _RequestWait:
    """A wait until `count` requests match. The store is settled and locked whenever a method is called."""

    def __init__(self, store: Store, query: JournalQuery, count: int) -> None:
        self._store = store
        self._query = query
        self._count = count
        self._seen = 0
        self._matching: list[Entry] = []

    def look(self) -> Response | None:
        """The answer once enough requests match. Each entry is looked at once."""
        journal = self._store.traffic.journal
        self._matching += [entry for entry in journal.after(self._seen) if self._query.matches(entry)]
        self._seen = journal.total
        if len(self._matching) < self._count:
            return None
        return json_response(200, RequestsCame([request_view(entry) for entry in self._matching]))

    def next_look(self) -> None:
        """Time brings no requests."""

    def description(self) -> str:
        """What is waited for, and how many have come."""
        return self.progress()

    def progress(self) -> str:
        """The same."""
        plural = "s" if self._count > 1 else ""
        return f"waited for {self._count} matching request{plural}, {len(self._matching) or 'none'} came"

    def refusal(self, title: str, detail: str) -> ApiError:
        """409 with the requests that match, and those that nearly do."""
        others = [entry for entry in self._store.traffic.journal.after(0) if not self._query.matches(entry)]
        meta = RequestsMissed(
            format_nanos(self._store.now),
            [request_view(entry) for entry in self._matching],
            _nearest(self._query, others),
        )
        return ApiError(409, [{"status": 409, "title": title, "detail": detail, "meta": meta}])


def _found(journal: Journal, query: JournalQuery, last: int | None) -> RequestsFound:
    found = journal.find(query)
    shown = found if last is None else found[max(0, len(found) - last) :]
    requests = [request_view(entry) for entry in shown]
    if found or query == _EVERYTHING:
        return RequestsFound(requests, len(found), journal.forgotten)
    return RequestsFound(requests, len(found), journal.forgotten, _nearest(query, journal.after(0)))


def _nearest(query: JournalQuery, entries: Sequence[Entry]) -> list[NearRequest]:
    return [
        NearRequest(list(differences), request_view(entry))
        for entry, differences in nearest(query, entries, NEAREST)
    ]
