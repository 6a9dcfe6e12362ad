"""Requests to the API and to signed files: the limit of their rate, faults, the verb itself, and the
journal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from starlette.types import Receive, Scope

from ep_mock.domain import problems
from ep_mock.errors import ApiError
from ep_mock.simulation.store import Store
from ep_mock.traffic.faults import AppliedFaults
from ep_mock.traffic.journal import Outcome
from ep_mock.traffic.matching import RecordedRequest
from ep_mock.traffic.redaction import redacted_body, redacted_headers, redacted_query
from ep_mock.web.auth import Authenticator
from ep_mock.web.connection_faults import faulty_response
from ep_mock.web.long_poll import is_stopping, pause
from ep_mock.web.request import ARRANGE_HEADER, BODILESS, Request, Route, read_body
from ep_mock.web.response import Response, error_response
from ep_mock.web.routes import RouteTable
from ep_mock.web.store_choice import StoreChoice
from ep_mock.web.store_slot import StoreSlot
from ep_mock.web.stores import StoreRegistry
from ep_mock.web.stuck_polls import answer_while_time_stands

_REFUSED = 400


class Exchange:
    """One request that was read.

    Attributes:
        request: None where nothing is served at its path.
        refusal: why it will not be carried out, whatever the store says.
    """

    __slots__ = ("body", "refusal", "request", "scope")

    def __init__(self, scope: Scope, request: Request | None, body: bytes, refusal: ApiError | None) -> None:
        self.scope = scope
        self.request = request
        self.body = body
        self.refusal = refusal

    def recorded(self) -> RecordedRequest:
        """What faults look at and the journal keeps."""
        scope, body, request = self.scope, self.body, self.request
        operation = family = None
        if request is not None:
            operation = request.endpoint.name
            family = None if request.endpoint.family is None else request.endpoint.family.name
        query: bytes = scope["query_string"]
        return RecordedRequest(
            scope["method"],
            scope["raw_path"],
            redacted_query(query) if query else query,
            operation,
            family,
            redacted_headers(scope["headers"]),
            redacted_body(body) if body else body,
        )

    def answer(self, store: Store, authenticator: Authenticator) -> Response:
        """Carry it out. `store` is settled, and its lock is held.

        Raises:
            ApiError: it is refused.
        """
        request = self.request
        if self.refusal is not None or request is None:
            raise self.refusal or problems.not_found("ep-mock serves nothing there")
        request.store = store
        if request.endpoint.authorized:
            authenticator.check(request.headers.get(b"authorization"), store)
        return request.endpoint.handler(request) if store.clock.running else answer_while_time_stands(request)


class Service:
    """Answers every request that is not a control call."""

    def __init__(
        self,
        routes: RouteTable[Route],
        stores: StoreRegistry,
        authenticator: Authenticator,
        failed: Callable[[Scope], Response],
    ) -> None:
        """`failed` makes the answer to a request that met a defect, with the exception at hand."""
        self._routes = routes
        self._stores = stores
        self._authenticator = authenticator
        self._choice = StoreChoice(stores.settings, authenticator)
        self._failed = failed
        self._control = stores.settings.control
        self._most_bytes = stores.settings.max_body_bytes

    async def answer(self, scope: Scope, headers: Mapping[bytes, bytes], receive: Receive) -> Response:
        """The answer to a request.

        Raises:
            ApiError: 400, there is no such store; 409, the store was replaced meanwhile; 503, the server
                stops.
            ClientDisconnect: the client has gone before its request was complete.
        """
        method: str = scope["method"]
        request, refusal, body, began = None, None, b"", self._stores.replacements
        try:
            endpoint, parameters = self._routes.find(method, scope["raw_path"])
            request = Request(scope, headers, endpoint, parameters, body, self._stores)
        except ApiError as error:
            refusal = error
        if method not in BODILESS:
            try:
                body = await read_body(headers, receive, self._most_bytes)
            except ApiError as error:
                refusal = refusal or error
            if request is not None:
                request.body = body
        exchange = Exchange(scope, request, body, refusal)
        name = self._choice.store_for(request, headers)
        if request is not None and request.endpoint.names_store and self._stores.find(name) is None:
            # Whoever makes up a URL does not make a store.
            raise problems.not_found("the file is gone, for there is no such store")
        arranges = ARRANGE_HEADER in headers and self._control
        if arranges and request is not None:
            request.arranges = True
        if self._stores.find(name) is None:
            first = self._first_answer(exchange, name, began, arranges=arranges)
            if first is not None:
                return first
        slot = self._stores.get_or_create(name, began)
        if arranges:
            with slot.lock:
                return self._carried_out(exchange, slot.use())[0]
        recorded = exchange.recorded()
        with slot.lock:
            store = slot.use()
            now, applied = store.now, None
            if store.state.settings.rate_limit and (seconds := _seconds_to_wait(request, store)) is not None:
                exchange.refusal = problems.rate_limited(seconds)
            elif store.traffic.faults.active:
                applied = store.traffic.faults.apply(recorded)
            if applied is None:
                sequence = store.state.next_sequence()
                answer, outcome = self._carried_out(exchange, store)
                store.traffic.journal.record(
                    recorded, sequence, now, answer.status, outcome, outcome == "served"
                )
                return answer
        return await self._answer_with_faults(exchange, recorded, slot, applied, receive)

    def _first_answer(self, exchange: Exchange, name: str, began: int, *, arranges: bool) -> Response | None:
        """The answer to a request to a store that is not there yet: it comes into being unless the request is
        refused.

        None when somebody else has just made the store.

        Raises:
            ApiError: it is refused, there can be no such store, or it is gone since the request began.
        """
        request = exchange.request
        if exchange.refusal is not None or request is None:
            raise exchange.refusal or problems.not_found("ep-mock serves nothing there")
        if request.endpoint.authorized:
            self._authenticator.admit(request.headers.get(b"authorization"), name)
        with self._stores.drafted(name, began) as draft, draft.lock:
            store = draft.use()
            now = store.now
            sequence = 0 if arranges else store.state.next_sequence()
            answer, outcome = self._carried_out(exchange, store)
            if answer.status >= _REFUSED:
                return answer
            if not arranges:
                if store.state.settings.rate_limit:
                    _seconds_to_wait(request, store)
                store.traffic.journal.record(exchange.recorded(), sequence, now, answer.status, outcome, True)
            return answer if self._stores.keep() else None

    async def _answer_with_faults(
        self,
        exchange: Exchange,
        recorded: RecordedRequest,
        slot: StoreSlot,
        applied: AppliedFaults,
        receive: Receive,
    ) -> Response:
        """The answer to a request that faults have struck. Waiting is done outside the lock.

        Raises:
            ApiError: 409, the store is gone by then; 503, the server stops. It is not carried out.
        """
        fault = applied.response_fault
        if applied.delay_before:
            await pause(slot, applied.delay_before, exchange.scope)
            if is_stopping(exchange.scope):
                raise problems.server_stopping("this request was held up by a fault, and is not carried out")
        with slot.lock:
            store = slot.use()
            now, sequence = store.now, store.state.next_sequence()
            own: Response | None = None
            outcome: Outcome = "faulted"
            if fault is None or fault.when == "after":
                own, outcome = self._carried_out(exchange, store)
            carried_out = outcome == "served"
            if fault is not None:
                answer, outcome = faulty_response(fault, applied, own, exchange.scope, receive), "faulted"
            elif own is not None:
                answer = own
            status = None if fault is not None and fault.connection else answer.status
            store.traffic.journal.record(recorded, sequence, now, status, outcome, carried_out, applied.ids)
        if applied.delay_after:
            await pause(slot, applied.delay_after, exchange.scope)
        return answer

    def _carried_out(self, exchange: Exchange, store: Store) -> tuple[Response, Outcome]:
        try:
            return exchange.answer(store, self._authenticator), "served"
        except ApiError as error:
            return error_response(error), "unmatched" if exchange.request is None else "refused"
        except Exception:
            return self._failed(exchange.scope), "failed"


def _seconds_to_wait(request: Request | None, store: Store) -> int | None:
    """None when the rate limit lets a request pass. Signed files are not counted: the real ones lie on
    another host.
    """
    if (request is not None and request.endpoint.names_store) or not store.clock.running:
        return None
    return store.traffic.rate_limit.retry_after(store.settings.rate_limit, store.now, store.clock.scale)
