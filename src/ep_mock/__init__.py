"""A local, in-memory test double of the Elastic Path promotions API, with its asynchronous promotion jobs.

`MockServer` serves it, `create_app` makes only the ASGI application, `Settings` configures either, `Handle`
steers either. Importing `ep_mock` loads none of these modules: each is imported on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ep_mock.clock import ClockMode
    from ep_mock.errors import EpMockError, UsageError
    from ep_mock.handle import Handle
    from ep_mock.mock_server import MockServer
    from ep_mock.setting_keywords import SettingKeywords
    from ep_mock.settings import AuthMode, LogFormat, Scope, Settings
    from ep_mock.web.app import Application, create_app

__version__ = "0.1.0"

__all__ = [
    "Application",
    "AuthMode",
    "ClockMode",
    "EpMockError",
    "Handle",
    "LogFormat",
    "MockServer",
    "Scope",
    "SettingKeywords",
    "Settings",
    "UsageError",
    "__version__",
    "create_app",
]

_MODULES = {
    "Application": "ep_mock.web.app",
    "AuthMode": "ep_mock.settings",
    "ClockMode": "ep_mock.clock",
    "EpMockError": "ep_mock.errors",
    "Handle": "ep_mock.handle",
    "LogFormat": "ep_mock.settings",
    "MockServer": "ep_mock.mock_server",
    "Scope": "ep_mock.settings",
    "SettingKeywords": "ep_mock.setting_keywords",
    "Settings": "ep_mock.settings",
    "UsageError": "ep_mock.errors",
    "create_app": "ep_mock.web.app",
}

if not TYPE_CHECKING:  # With `__getattr__`, a type checker would accept any name.

    def __getattr__(name: str) -> object:
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        return getattr(import_module(_MODULES[name]), name)
