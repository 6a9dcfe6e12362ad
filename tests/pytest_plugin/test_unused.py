"""The cost of the plugin for a session that does not use it."""

from __future__ import annotations

from importlib.metadata import entry_points

import pytest

import ep_mock.pytest_plugin

pytest_plugins = ["pytester"]


def test_pytest_finds_it_by_itself() -> None:
    (found,) = entry_points(group="pytest11", name="ep_mock")
    assert found.load() is ep_mock.pytest_plugin


def test_nothing_is_imported_before_a_test_asks_for_it(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makepyfile(
        """
        import sys

        def loaded(*packages):
            return sorted(name for name in sys.modules if name.partition(".")[0] in packages)

        def test_one():
            assert loaded("starlette", "uvicorn", "uvloop", "httptools", "msgspec", "jsonschema_rs", "yaml", "click") == []
            assert loaded("asyncio", "http") == []
            assert loaded("ep_mock") == ["ep_mock", "ep_mock.pytest_plugin"]

        def test_two(ep_mock):
            assert loaded("starlette", "msgspec")
            assert loaded("uvicorn", "httpx", "httpx2") == [], "no server was asked for"
        """
    )
    pytester.runpytest_subprocess("-p", "ep_mock.pytest_plugin", "--ep-mock-seed=7").assert_outcomes(passed=2)
