"""The application: what `create_app` makes of the settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

from starlette.applications import Starlette
from starlette.types import ASGIApp

from ep_mock.entropy import Entropy
from ep_mock.fixtures.files import fixture_filler
from ep_mock.setting_keywords import SettingKeywords
from ep_mock.settings import Settings, resolve_settings
from ep_mock.web.api import api_routes
from ep_mock.web.asgi import HttpRouter
from ep_mock.web.auth import Authenticator, TokenMint
from ep_mock.web.control.handlers import control_routes
from ep_mock.web.pipeline import Pipeline
from ep_mock.web.request import Route
from ep_mock.web.routes import RouteTable
from ep_mock.web.stores import DEFAULT_STORE, StoreRegistry

if TYPE_CHECKING:
    from ep_mock.web.state_file import StateFile


class Application(Starlette):
    """The Starlette application of ep-mock. Middleware can be added to it as to any other.

    Attributes:
        stores: all stores, for tests in the same process.
    """

    def __init__(self, router: HttpRouter, stores: StoreRegistry, state: StateFile | None) -> None:
        super().__init__()
        self.router = router
        self.stores = stores
        self._state = state

    def claim_state(self) -> None:
        """Claim the state file again, if there is one. To be called before the server starts again, since
        saving releases the file.

        Raises:
            UsageError: the file cannot be used, or another server uses it.
        """
        if self._state is not None:
            self._state.claim()

    def save_state(self) -> None:
        """Save all stores to the state file, if there is one. To be called after the last response.

        Raises:
            UsageError: the file cannot be written, or a store cannot be saved; all other stores then are.
        """
        if self._state is not None:
            self._state.save(self.stores)

    def build_middleware_stack(self) -> ASGIApp:
        """Only the middleware that a user adds: the router renders every error itself."""
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
    routes = api_routes(authenticator)
    control = control_routes() if settings.control else RouteTable[Route]()
    state = None
    if settings.state:
        from ep_mock.web.state_file import StateFile

        state = StateFile(settings.state)
    if state is not None:
        state.load(stores)
    stores.get_or_create(DEFAULT_STORE)
    pipeline = Pipeline(routes, control, stores, authenticator, entropy)
    return Application(HttpRouter(pipeline), stores, state)
