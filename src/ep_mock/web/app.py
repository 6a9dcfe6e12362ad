"""The application: the operations of the OpenAPI documents, each with its handler, behind one edge."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Unpack

from starlette.applications import Starlette
from starlette.types import ASGIApp

from ep_mock.contract.documents import Operation, load_document
from ep_mock.domain.families import FAMILIES, Family
from ep_mock.entropy import Entropy
from ep_mock.errors import UsageError
from ep_mock.fixtures.files import fixture_filler
from ep_mock.setting_keywords import SettingKeywords
from ep_mock.settings import Settings, resolve_settings
from ep_mock.web import api as codes
from ep_mock.web import api as files
from ep_mock.web import api as jobs
from ep_mock.web import api as promotions
from ep_mock.web import api as usages
from ep_mock.web.asgi import Edge
from ep_mock.web.auth import Authenticator, TokenMint
from ep_mock.web.control.handlers import Handler, server_handlers, store_handlers
from ep_mock.web.request import Route
from ep_mock.web.routes import RouteTable
from ep_mock.web.state_file import StateFile
from ep_mock.web.stores import StoreRegistry

_API_HANDLERS: Mapping[str, Handler] = {
    handler.__name__: handler
    for handler in (
        promotions.list_promotions,
        promotions.create_promotion,
        promotions.get_promotion,
        promotions.update_promotion,
        promotions.delete_promotion,
        promotions.get_promotion_history,
        codes.list_codes,
        codes.create_codes,
        codes.delete_codes,
        codes.delete_code,
        jobs.list_jobs,
        jobs.create_job,
        jobs.cancel_job,
        jobs.get_job_file,
        usages.list_usages,
        usages.list_code_usages,
        usages.anonymize_usages,
    )
}


class Application(Starlette):
    """The Starlette application of ep-mock. Its router is the edge; middleware that a user adds stands around
    it.

    Attributes:
        gate: the stores, for those who steer them in process.
    """

    def __init__(self, edge: Edge, stores: StoreRegistry, state: StateFile | None) -> None:
        super().__init__()
        self.router = edge
        self.stores = stores
        self._state = state

    def claim_state(self) -> None:
        """Claim the state file again, where there is one: saving gives it free. To be called before requests
        are served once more.

        Raises:
            UsageError: the file cannot be used, or another server has it.
        """
        if self._state is not None:
            self._state.claim()

    def save_state(self) -> None:
        """Save all stores in the state file, where there is to be one; to be called once the last request is
        answered.

        Raises:
            UsageError: the file cannot be written, or a store cannot be saved; all others then are.
        """
        if self._state is not None:
            self._state.save(self.stores)

    def build_middleware_stack(self) -> ASGIApp:
        """Only what a user has added: the edge renders every error itself."""
        app: ASGIApp = self.router
        for middleware in reversed(self.user_middleware):
            app = middleware.cls(app, *middleware.args, **middleware.kwargs)
        return app


def create_app(settings: Settings | None = None, **changes: Unpack[SettingKeywords]) -> Application:
    """The application with these settings; `create_app(clock="manual", codes_limit=50)` changes single ones.

    Raises:
        UsageError: a setting, a fixture or the state file cannot be used.
    """
    settings = resolve_settings(settings, Settings(), changes)
    stores = StoreRegistry(settings, fixture_filler(settings.fixtures))
    entropy = Entropy(stores.seed, "server")
    authenticator = Authenticator(settings, TokenMint(entropy))
    routes: RouteTable[Route] = RouteTable()
    for family in FAMILIES:
        _add_operations(
            routes, {**_API_HANDLERS, "create_access_token": authenticator.create_access_token}, family
        )
    control: RouteTable[Route] = RouteTable()
    if settings.control:
        _add_control_operations(control, stores)
    routes.add("GET", files.TEMPLATE, Route(files.get_file, names_store=True))
    state = StateFile(settings.state) if settings.state else None
    if state is not None:
        state.load(stores)
    stores.get_or_create("default")
    return Application(Edge(routes, control, stores, authenticator, entropy), stores, state)


def _add_operations(routes: RouteTable[Route], handlers: Mapping[str, Handler], family: Family) -> None:
    for operation in load_document(family.name).operations:
        handler = _handler_for(operation, handlers)
        authorized = operation.raw.get("security") != []
        routes.add(
            operation.method,
            operation.path,
            Route(handler, operation=operation, family=family, authorized=authorized),
        )


def _add_control_operations(routes: RouteTable[Route], stores: StoreRegistry) -> None:
    about_a_store, about_none = store_handlers(stores), server_handlers(stores)
    for operation in load_document("control").operations:
        handler = _handler_for(operation, {**about_a_store, **about_none})
        # A reset takes the lock itself: it does not mind whether the store can be used.
        uses_store = operation.operation_id in about_a_store and operation.operation_id != "reset_store"
        replaces_store = operation.operation_id == "restore_snapshot"
        endpoint = Route(handler, operation=operation, uses_store=uses_store, replaces_store=replaces_store)
        routes.add(operation.method, operation.path, endpoint)


def _handler_for(operation: Operation, handlers: Mapping[str, Handler]) -> Handler:
    handler = handlers.get(operation.operation_id)
    if handler is None:
        raise UsageError(f"{operation!r} of the document {operation.document.name} has no handler")
    return handler
