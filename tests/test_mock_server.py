"""`MockServer`, and the exports of the package."""

from __future__ import annotations

import gc
import http.client
import json
import os
import sys
import threading
import warnings
from pathlib import Path
from typing import Any

import pytest

import ep_mock
import ep_mock.mock_server
import ep_mock.settings
import ep_mock.web.app
from ep_mock import MockServer, Settings, create_app
from ep_mock.errors import UsageError

RULE = {
    "data": {
        "type": "rule_promotion",
        "name": "Ten percent",
        "enabled": True,
        "automatic": False,
        "start": "2025-01-01T00:00:00Z",
        "end": "2025-12-31T00:00:00Z",
        "rule_set": {
            "catalog_ids": [],
            "currencies": ["USD"],
            "rules": {"strategy": "cart_total", "operator": "gte", "args": [5000]},
            "actions": [{"strategy": "cart_discount", "args": ["percent", 10]}],
        },
    }
}


def ask(mock: MockServer, method: str, path: str, document: object = None) -> Any:
    """The JSON of the server's response."""
    client = http.client.HTTPConnection("127.0.0.1", mock.port, timeout=30)
    try:
        client.request(
            method, path, None if document is None else json.dumps(document), {"Authorization": "Bearer any"}
        )
        return json.loads(client.getresponse().read())
    finally:
        client.close()


def test_it_is_served_inside_the_with_statement_and_not_after_it() -> None:
    with MockServer(clock="manual", clock_start="2025-06-02T09:00:00Z") as mock:
        assert mock.url == f"http://127.0.0.1:{mock.port}"
        assert ask(mock, "GET", "/__ep_mock/clock") == {
            "mode": "manual",
            "now": "2025-06-02T09:00:00.000000000Z",
            "scale": 1.0,
        }
    with pytest.raises(ConnectionRefusedError):
        ask(mock, "GET", "/__ep_mock/clock")


def test_equal_seeds_and_starts_give_equal_answers() -> None:
    answers = []
    for _ in range(2):
        with MockServer(seed="7", clock="manual", clock_start="2025-06-02T09:00:00Z") as mock:
            assert mock.seed == "7"
            answers.append(ask(mock, "POST", "/v2/rule-promotions", RULE))
    assert answers[0] == answers[1]


def test_a_random_seed_can_be_read_and_used_again() -> None:
    with MockServer() as first, MockServer(seed=first.seed) as second:
        created = [ask(mock, "POST", "/v2/rule-promotions", RULE)["data"]["id"] for mock in (first, second)]
    assert created[0] == created[1]


def test_what_was_created_is_still_there_after_a_second_start() -> None:
    mock = MockServer()
    with mock:
        created = ask(mock, "POST", "/v2/rule-promotions", RULE)["data"]
    with mock:
        assert ask(mock, "GET", f"/v2/rule-promotions/{created['id']}")["data"] == created


def test_settings_are_an_object_or_keywords() -> None:
    settings = Settings(port=0, codes_limit=5)
    mock = MockServer(settings, author="me@example.com")
    assert mock.settings == Settings(port=0, codes_limit=5, author="me@example.com")
    assert mock.start() is mock
    assert mock.port != 0
    mock.stop()
    assert MockServer().settings == Settings(port=0)


@pytest.mark.parametrize("changes", [{"clock": "fast"}, {"prot": 1}, {"clock_start": "soon"}, {"seed": 7}])
def test_the_error_for_an_invalid_setting_names_it(changes: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=f"^{next(iter(changes))}: "):
        MockServer(**changes)


def test_the_package_exports_what_it_says_and_nothing_else() -> None:
    assert (MockServer, Settings, create_app) == (
        ep_mock.mock_server.MockServer,
        ep_mock.settings.Settings,
        ep_mock.web.app.create_app,
    )
    homes = ep_mock._MODULES
    assert sorted(homes) == sorted(set(ep_mock.__all__) - {"__version__"})
    for name, module in homes.items():
        assert getattr(ep_mock, name) is getattr(sys.modules[module], name)
    with pytest.raises(AttributeError, match="module 'ep_mock' has no attribute 'Server'"):
        getattr(ep_mock, "Server")  # noqa: B009  mypy knows that it is not there


def test_it_may_be_stopped_twice_and_by_several_threads_and_started_again() -> None:
    mock = MockServer()
    mock.stop()
    for _ in range(2):
        mock.start()
        with pytest.raises(UsageError, match="^the server is running already, on http://127.0.0.1:"):
            mock.start()
        threads = [threading.Thread(target=mock.stop) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        mock.stop()
        with pytest.raises(ConnectionRefusedError):
            ask(mock, "GET", "/__ep_mock/health")


def test_threads_that_start_it_at_the_same_time_get_one_server() -> None:
    def start() -> None:
        try:
            mock.start()
        except UsageError as error:
            refused.append(str(error))

    mock, refused = MockServer(), list[str]()
    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == [f"the server is running already, on {mock.url}"] * 3
    assert ask(mock, "GET", "/__ep_mock/health")["status"] == "ok"
    mock.stop()


def test_a_server_that_is_dropped_without_a_stop_ends_with_a_warning() -> None:
    mock = MockServer().start()
    handle, port = mock.handle, mock.port
    handle.promotions.create()
    (thread,) = [thread for thread in threading.enumerate() if thread is mock._server._thread]
    del mock
    gc.collect()
    assert thread.is_alive(), "its handle keeps it"
    with pytest.warns(
        ResourceWarning,
        match=rf"^the server at http://127.0.0.1:{port} was dropped without stop\(\) and ends now; use it in",
    ):
        del handle
    thread.join(60)
    assert not thread.is_alive()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks on this system")
def test_a_child_after_a_fork_neither_stops_it_nor_saves_its_state(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    with MockServer(state=str(state)) as mock:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of forks beside threads
            child = os.fork()
        if child == 0:
            mock.stop()
            os._exit(int(state.exists()))
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert ask(mock, "GET", "/__ep_mock/health")["status"] == "ok"
    assert state.exists()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks on this system")
def test_a_child_after_a_fork_may_start_and_stop_another_server(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    mock = MockServer(state=str(state))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forks beside threads
        child = os.fork()
    if child == 0:
        with mock:
            answered = ask(mock, "GET", "/__ep_mock/health")["status"]
        os._exit(int(answered != "ok" or not state.exists()))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
