"""A local, in-memory double of the Elastic Path promotions API, with its asynchronous promotion jobs.

`MockServer` runs it beside a test, `create_app` is the bare ASGI application, `Settings` is what both take. Importing `ep_mock` loads none
of them: each comes when it is first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ep_mock.mock_server import MockServer
    from ep_mock.settings import Settings
    from ep_mock.web.app import create_app

__version__ = "0.1.0"

__all__ = ["MockServer", "Settings", "__version__", "create_app"]

_HOMES = {"MockServer": "ep_mock.mock_server", "Settings": "ep_mock.settings", "create_app": "ep_mock.web.app"}

if not TYPE_CHECKING:  # A type checker would take any name from a module that has `__getattr__`.

    def __getattr__(name: str) -> object:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)
