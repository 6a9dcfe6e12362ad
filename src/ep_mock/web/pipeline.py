"""Requests to the API and to signed files: the limit of their rate, faults, the verb itself, and the
journal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from starlette.types import Receive, Scope

from ep_mock.domain import problems
from ep_mock.errors import ApiError
from ep_mock.simulation.store import Store
from ep_mock.traffic.faults import AppliedFault
from ep_mock.traffic.journal import Outcome
from ep_mock.traffic.matching import Request
from ep_mock.traffic.redaction import redacted_body, redacted_headers, redacted_query
from ep_mock.web.auth import Authenticator
from ep_mock.web.connection_faults import faulty_response
from ep_mock.web.long_poll import is_stopping, pause
from ep_mock.web.request import ARRANGE_HEADER, BODILESS, Call, Route, read_body
from ep_mock.web.response import Response, error_response
from ep_mock.web.routes import RouteTable
from ep_mock.web.store_slot import StoreSlot
from ep_mock.web.stores import StoreChoice, StoreRegistry
from ep_mock.web.stuck_polls import answer_while_time_stands

_REFUSED = 400


class Exchange:
    """One request that was read.

    Attributes:
        call: None where nothing is served at its path.
        refusal: why it will not be carried out, whatever the store says.
    """

    __slots__ = ("body", "call", "refusal", "scope")

    def __init__(self, scope: Scope, call: Call | None, body: bytes, refusal: ApiError | None) -> None:
        self.scope = scope
        self.call = call
        self.body = body
        self.refusal = refusal

    def request(self) -> Request:
        """What faults look at and the journal keeps."""
        scope, body, call = self.scope, self.body, self.call
        operation = family = None
        if call is not None:
            operation = call.endpoint.name
            family = None if call.endpoint.family is None else call.endpoint.family.name
        query: bytes = scope["query_string"]
        return Request(
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
        call = self.call
        if self.refusal is not None or call is None:
            raise self.refusal or problems.not_found("ep-mock serves nothing there")
        call.store = store
        if call.endpoint.authorized:
            authenticator.check(call.headers.get(b"authorization"), store)
        return call.endpoint.handler(call) if store.clock.running else answer_while_time_stands(call)


class Service:
    """Answers every request that is not a control call."""

    def __init__(
        self,
        routes: RouteTable[Route],
        gate: StoreRegistry,
        authenticator: Authenticator,
        failed: Callable[[Scope], Response],
    ) -> None:
        """`failed` makes the answer to a request that met a defect, with the exception at hand."""
        self._routes = routes
        self._gate = gate
        self._authenticator = authenticator
        self._choice = StoreChoice(gate.settings, authenticator)
        self._failed = failed
        self._control = gate.settings.control
        self._public_url = gate.settings.public_url
        self._most_bytes = gate.settings.max_body_bytes

    async def answer(self, scope: Scope, headers: Mapping[bytes, bytes], receive: Receive) -> Response:
        """The answer to a request.

        Raises:
            ApiError: 400, there is no such store; 409, the store was replaced meanwhile; 503, the server
                stops.
            ClientDisconnect: the client has gone before its request was complete.
        """
        method: str = scope["method"]
        call, refusal, body, began = None, None, b"", self._gate.replacements
        try:
            endpoint, parameters = self._routes.find(method, scope["raw_path"])
            call = Call(scope, headers, endpoint, parameters, body, self._public_url)
        except ApiError as error:
            refusal = error
        if method not in BODILESS:
            try:
                body = await read_body(headers, receive, self._most_bytes)
            except ApiError as error:
                refusal = refusal or error
            if call is not None:
                call.body = body
        exchange = Exchange(scope, call, body, refusal)
        name = self._choice.store_for(call, headers)
        if call is not None and call.endpoint.names_store and self._gate.find(name) is None:
            # Whoever makes up a URL does not make a store.
            raise problems.not_found("the file is gone, for there is no such store")
        arranges = ARRANGE_HEADER in headers and self._control
        if arranges and call is not None:
            call.arranges = True
        if self._gate.find(name) is None:
            first = self._first_answer(exchange, name, began, arranges=arranges)
            if first is not None:
                return first
        slot = self._gate.enter(name, began)
        if arranges:
            with slot.lock:
                return self._carried_out(exchange, slot.use())[0]
        request = exchange.request()
        with slot.lock:
            store = slot.use()
            now, strike = store.now, None
            if store.content.settings.rate_limit and (seconds := _seconds_to_wait(call, store)) is not None:
                exchange.refusal = problems.rate_limited(seconds)
            elif store.traffic.faults.active:
                strike = store.traffic.faults.strike(request)
            if strike is None:
                sequence = store.content.next_sequence()
                answer, outcome = self._carried_out(exchange, store)
                store.traffic.journal.record(
                    request, sequence, now, answer.status, outcome, outcome == "served"
                )
                return answer
        return await self._struck(exchange, request, slot, strike, receive)

    def _first_answer(self, exchange: Exchange, name: str, began: int, *, arranges: bool) -> Response | None:
        """The answer to a request to a store that is not there yet: it comes into being unless the request is
        refused.

        None when somebody else has just made the store.

        Raises:
            ApiError: it is refused, there can be no such store, or it is gone since the request began.
        """
        call = exchange.call
        if exchange.refusal is not None or call is None:
            raise exchange.refusal or problems.not_found("ep-mock serves nothing there")
        if call.endpoint.authorized:
            self._authenticator.admit(call.headers.get(b"authorization"), name)
        with self._gate.drafted(name, began) as draft, draft.lock:
            store = draft.use()
            now = store.now
            sequence = 0 if arranges else store.content.next_sequence()
            answer, outcome = self._carried_out(exchange, store)
            if answer.status >= _REFUSED:
                return answer
            if not arranges:
                if store.content.settings.rate_limit:
                    _seconds_to_wait(call, store)
                store.traffic.journal.record(exchange.request(), sequence, now, answer.status, outcome, True)
            return answer if self._gate.keep() else None

    async def _struck(
        self, exchange: Exchange, request: Request, slot: StoreSlot, strike: AppliedFault, receive: Receive
    ) -> Response:
        """The answer to a request that faults have struck. Waiting is done outside the lock.

        Raises:
            ApiError: 409, the store is gone by then; 503, the server stops. It is not carried out.
        """
        fault = strike.deciding
        if strike.delay_before:
            await pause(slot, strike.delay_before, exchange.scope)
            if is_stopping(exchange.scope):
                raise problems.server_stopping("this request was held up by a fault, and is not carried out")
        with slot.lock:
            store = slot.use()
            now, sequence = store.now, store.content.next_sequence()
            own: Response | None = None
            outcome: Outcome = "faulted"
            if fault is None or fault.when == "after":
                own, outcome = self._carried_out(exchange, store)
            carried_out = outcome == "served"
            if fault is not None:
                answer, outcome = faulty_response(fault, strike, own, exchange.scope, receive), "faulted"
            elif own is not None:
                answer = own
            status = None if fault is not None and fault.connection else answer.status
            store.traffic.journal.record(
                request, sequence, now, status, outcome, carried_out, strike.fault_ids
            )
        if strike.delay_after:
            await pause(slot, strike.delay_after, exchange.scope)
        return answer

    def _carried_out(self, exchange: Exchange, store: Store) -> tuple[Response, Outcome]:
        try:
            return exchange.answer(store, self._authenticator), "served"
        except ApiError as error:
            return error_response(error), "unmatched" if exchange.call is None else "refused"
        except Exception:
            return self._failed(exchange.scope), "failed"


def _seconds_to_wait(call: Call | None, store: Store) -> int | None:
    """None when the rate limit lets a request pass. Signed files are not counted: the real ones lie on
    another host.
    """
    if (call is not None and call.endpoint.names_store) or not store.clock.running:
        return None
    return store.traffic.rate_limit.retry_after(store.settings.rate_limit, store.now, store.clock.scale)
