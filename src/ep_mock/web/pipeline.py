"""The way of a request to its handler: one method for the API and signed files, one for the control plane.

Nothing is awaited while a store's lock is held, so each request is atomic. Where a request has to wait, it
waits after the lock is released.
"""

from __future__ import annotations

import logging
from typing import Final

from ep_mock.domain import problems
from ep_mock.domain.display import printable
from ep_mock.entropy import Entropy
from ep_mock.errors import ApiError
from ep_mock.simulation.store import Store
from ep_mock.traffic.faults import AppliedFaults
from ep_mock.traffic.journal import Outcome
from ep_mock.traffic.matching import RecordedRequest
from ep_mock.traffic.redaction import redacted_body, redacted_headers, redacted_query
from ep_mock.web.auth import Authenticator
from ep_mock.web.connection_faults import faulty_response
from ep_mock.web.control.access import HEALTH, ControlAccess, TokenPlace, is_control
from ep_mock.web.control.parameters import check_query
from ep_mock.web.cors import (
    allow_any_origin,
    allow_origin,
    control_preflight_response,
    is_api_preflight,
    is_preflight,
    preflight_response,
)
from ep_mock.web.long_poll import LongPoll, is_stopping, pause
from ep_mock.web.request import ARRANGE_HEADER, BODILESS, PLAN_HEADER, UNMATCHED, Request, Route, read_body
from ep_mock.web.response import Response, error_response
from ep_mock.web.routes import RouteTable
from ep_mock.web.store_slot import StoreSlot
from ep_mock.web.stores import DEFAULT_STORE, STORE_HEADER, StoreRegistry, named_store, store_of_client
from ep_mock.web.stuck_polls import respond_with_clock_stopped

_REFUSED: Final = 400

_log = logging.getLogger("ep_mock")


class Pipeline:
    """Answers requests.

    Attributes:
        stores: all stores of the server.
    """

    def __init__(
        self,
        api: RouteTable[Route],
        control: RouteTable[Route],
        stores: StoreRegistry,
        authenticator: Authenticator,
        entropy: Entropy,
    ) -> None:
        """`api` has the routes of the API and of signed files, `control` those of the control plane."""
        self.stores = stores
        self._api = api
        self._control = control
        self._access = ControlAccess(stores.settings)
        self._authenticator = authenticator
        self._entropy = entropy

    async def handle_api(self, request: Request) -> Response:
        """Answer a request to the API or for a signed file: rate limit, faults, handler, journal.

        Raises:
            ApiError: 400, there is no such store; 403 or 401, the request has a header of the control plane
                that it may not use; 404, a signed URL names no store; 409, the store was replaced meanwhile;
                503, the server stops.
            ClientDisconnect: the client has gone before its request was complete.
        """
        headers, stores = request.headers, self.stores
        if is_api_preflight(request):
            return preflight_response(headers, is_trusted=self._access.may_read(headers))
        if (PLAN_HEADER in headers or ARRANGE_HEADER in headers) and stores.settings.control:
            self._access.check(request.scope, headers, TokenPlace.HEADER)
            request.arranges = ARRANGE_HEADER in headers
        try:
            request.route, request.parameters = self._api.find(request.method, request.path)
        except ApiError as error:
            request.refusal = error
        if request.method not in BODILESS:
            try:
                request.body = await read_body(headers, request.receive, stores.settings.max_body_bytes)
            except ApiError as error:
                request.refusal = request.refusal or error
        name = self._name_of_store(request)
        if stores.find(name) is None:
            if request.route.names_store:
                # A made-up URL creates no store.
                raise problems.not_found("the file is gone, for there is no such store")
            response = self._create_store(request, name)
            if response is not None:
                return response
        slot = stores.get_or_create(name, request.began)
        if request.arranges:
            with slot.lock:
                return self._respond(request, slot.use())[0]
        recorded = _recorded(request)
        with slot.lock:
            store = slot.use()
            now, applied = store.now, None
            if store.settings.rate_limit and (seconds := _seconds_to_wait(request, store)) is not None:
                request.refusal = problems.rate_limited(seconds)
            elif store.traffic.faults.active and request.method != "CONNECT":
                # A fault could answer CONNECT with a 2xx, which would open a tunnel.
                applied = store.traffic.faults.apply(recorded)
            if applied is None:
                sequence = store.state.next_sequence()
                response, outcome = self._respond(request, store)
                store.traffic.journal.record(
                    recorded, sequence, now, response.status, outcome, outcome == "served"
                )
                return response
        return await self._respond_with_fault(request, recorded, slot, applied)

    async def handle_control(self, request: Request) -> Response:
        """Answer a request to the control plane: no rate limit, no faults, no journal.

        Raises:
            ApiError: the request is refused.
            ClientDisconnect: the client has gone before its request was complete, or before its wait ended.
        """
        headers, stores = request.headers, self.stores
        preflight = is_preflight(request) and self._access.may_read(headers)
        needs_no_token = preflight or request.path == HEALTH
        # No route is looked up before this: without access all paths look the same.
        self._access.check(request.scope, headers, TokenPlace.NOWHERE if needs_no_token else TokenPlace.ANY)
        if preflight:
            return control_preflight_response(headers)
        request.route, request.parameters = self._control.find(request.method, request.path)
        check_query(request.scope["query_string"], request.route.query_parameters)
        if request.method not in BODILESS:
            request.body = await read_body(headers, request.receive, stores.settings.max_control_body_bytes)
        if not request.route.uses_store:
            return request.route.handler(request)
        name = named_store(headers)
        slot = None
        if stores.find(name) is None:
            # A refusal raises, and leaves no new store behind.
            with stores.draft(name, request.began) as draft:
                response = _respond_to_control(request, draft)
                slot = stores.publish_draft()
        if slot is None:
            slot = stores.get_or_create(name, request.began)
            response = _respond_to_control(request, slot)
        if isinstance(response, LongPoll):
            return await response.answer(slot, request.scope, request.receive)
        return response

    def internal_error(self, request: Request) -> Response:
        """The published 500, for a defect of ep-mock; to be called while its exception is handled.

        The log has the traceback and the request id of the response.
        """
        request_id = self._entropy.next_uuid()
        shown = printable(request.decoded_path)
        _log.exception("%s %s failed; request_id %s", request.method, shown, request_id)
        return error_response(problems.internal(request_id))

    def allow_origin(self, request: Request, response: Response) -> None:
        """Let the page that sent the request read the response: any page for the API, pages of allowed
        origins for the control plane.
        """
        if not is_control(request.path):
            allow_any_origin(request, response)
        elif self._access.may_read(request.headers):
            allow_origin(response, request.headers[b"origin"])

    def _name_of_store(self, request: Request) -> str:
        """A signed URL names the store, else the header, else, if `stores` is `client-id`, the client id."""
        if request.route.names_store:
            return request.parameters[0]
        if self.stores.settings.stores == "client-id" and STORE_HEADER not in request.headers:
            client = self._authenticator.client_of(request)
            return DEFAULT_STORE if client is None else store_of_client(client)
        return named_store(request.headers)

    def _create_store(self, request: Request, name: str) -> Response | None:
        """Answer the first request to a store, which creates the store unless the request is refused.

        Returns:
            None when another thread has created the store meanwhile.

        Raises:
            ApiError: the request is refused, or there can be no such store.
        """
        if request.refusal is not None:
            raise request.refusal
        if request.route.authorized:
            self._authenticator.read_token(request, name)
        with self.stores.draft(name, request.began) as draft, draft.lock:
            store = draft.use()
            now = store.now
            sequence = 0 if request.arranges else store.state.next_sequence()
            response, outcome = self._respond(request, store)
            if response.status >= _REFUSED:
                return response
            if not request.arranges:
                if store.settings.rate_limit:
                    _seconds_to_wait(request, store)  # counts the request
                store.traffic.journal.record(
                    _recorded(request), sequence, now, response.status, outcome, True
                )
            return response if self.stores.publish_draft() else None

    async def _respond_with_fault(
        self, request: Request, recorded: RecordedRequest, slot: StoreSlot, applied: AppliedFaults
    ) -> Response:
        """Answer a request that a fault applies to. Delays are waited for outside the lock.

        Raises:
            ApiError: 409, the store is gone after a delay; 503, the server stops. The handler did not run.
        """
        fault = applied.response_fault
        if applied.delay_before:
            await pause(slot, applied.delay_before, request.scope)
            if is_stopping(request.scope):
                raise problems.server_stopping("this request was held up by a fault, and is not carried out")
        with slot.lock:
            store = slot.use()
            now, sequence = store.now, store.state.next_sequence()
            own: Response | None = None
            outcome: Outcome = "faulted"
            if fault is None or fault.when == "after":
                own, outcome = self._respond(request, store)
            carried_out = outcome == "served"
            if fault is not None:
                response, outcome = faulty_response(fault, applied, own, request), "faulted"
            elif own is not None:
                response = own
            status = None if fault is not None and fault.connection else response.status
            store.traffic.journal.record(recorded, sequence, now, status, outcome, carried_out, applied.ids)
        if applied.delay_after:
            await pause(slot, applied.delay_after, request.scope)
        return response

    def _respond(self, request: Request, store: Store) -> tuple[Response, Outcome]:
        """Call the handler. `store` must be settled, and its lock held."""
        route = request.route
        try:
            if request.refusal is not None:
                raise request.refusal
            request.store = store
            if route.authorized:
                self._authenticator.check(request)
            if store.clock.running:
                return route.handler(request), "served"
            return respond_with_clock_stopped(request), "served"
        except ApiError as error:
            return error_response(error), "unmatched" if route is UNMATCHED else "refused"
        except Exception:
            return self.internal_error(request), "failed"


def _respond_to_control(request: Request, slot: StoreSlot) -> Response:
    with slot.lock:
        request.store = slot.store if request.route.replaces_store else slot.use()
        return request.route.handler(request)


def _recorded(request: Request) -> RecordedRequest:
    """The request as faults match it and the journal keeps it."""
    route, body = request.route, request.body
    query: bytes = request.scope["query_string"]
    return RecordedRequest(
        request.method,
        request.path,
        redacted_query(query) if query else query,
        route.name,
        None if route.family is None else route.family.name,
        redacted_headers(request.scope["headers"]),
        redacted_body(body) if body else body,
    )


def _seconds_to_wait(request: Request, store: Store) -> int | None:
    """Count a request against the rate limit; None when it passes.

    Signed files are not counted: the real ones are on another host.
    """
    if request.route.names_store or not store.clock.running:
        return None
    return store.traffic.rate_limit.retry_after(store.settings.rate_limit, store.now, store.clock.scale)
