"""Several workers of pytest-xdist: a server each, or a store each on one server."""

from __future__ import annotations

import pytest

from ep_mock import MockServer

pytest_plugins = ["pytester"]

WORKERS = ("-p", "xdist", "-p", "ep_mock.pytest_plugin", "-p", "no:cacheprovider", "-n2", "--dist=each")

USES_STORE = """
import json
import urllib.parse
import urllib.request
import pytest

def ask(mock, method, path, body=None, **headers):
    request = urllib.request.Request(mock.url + path, data=body, headers=headers, method=method)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)

@pytest.mark.parametrize("number", range(10))
def test_it(ep_mock, number, worker_id):
    form = {"grant_type": "client_credentials", "client_id": ep_mock.client_id, "client_secret": "any"}
    token = ask(ep_mock, "POST", "/oauth/access_token", urllib.parse.urlencode(form).encode())["access_token"]
    ep_mock.promotions.create(name=f"{worker_id} {number}")
    listed = ask(ep_mock, "GET", "/v2/promotions", Authorization=f"Bearer {token}")["data"]
    assert [each["name"] for each in listed] == [f"{worker_id} {number}"]
    ep_mock.requests.assert_called(1, operation="list_promotions")
"""


@pytest.fixture
def workers(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A folder to run tests in, with two workers that each run all of them."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    for name in ("PYTEST_XDIST_WORKER", "PYTEST_XDIST_TESTRUNUID", "PYTEST_ADDOPTS"):
        monkeypatch.delenv(name, raising=False)
    return pytester


def test_each_worker_has_one_server(workers: pytest.Pytester) -> None:
    workers.makepyfile(
        """
        import pathlib
        import pytest

        @pytest.mark.parametrize("number", range(3))
        def test_it(ep_mock, worker_id, number):
            pathlib.Path(f"{worker_id}-{number}").write_text(ep_mock.url)
            assert ep_mock.promotions.list() == []
            ep_mock.promotions.create()
        """
    )
    workers.runpytest_subprocess(*WORKERS).assert_outcomes(passed=6)
    urls = [
        {workers.path.joinpath(f"{worker}-{number}").read_text() for number in range(3)}
        for worker in ("gw0", "gw1")
    ]
    assert [len(each) for each in urls] == [1, 1]
    assert urls[0] != urls[1]


def test_workers_on_one_server_are_separate_if_the_client_id_selects_the_store(
    workers: pytest.Pytester,
) -> None:
    workers.makepyfile(USES_STORE)
    with MockServer(stores="client-id") as server:
        server.handle.promotions.create(name="of nobody")
        workers.runpytest_subprocess(*WORKERS, "-Werror", f"--ep-mock-url={server.url}").assert_outcomes(
            passed=20
        )
        assert [store.name for store in server.handle.stores()] == ["default"]
        assert [each["name"] for each in server.handle.promotions.list()] == ["of nobody"]


def test_a_warning_says_what_to_do_if_the_client_id_does_not_select_the_store(
    workers: pytest.Pytester,
) -> None:
    workers.makepyfile(
        "def test_it(ep_mock):\n    assert ep_mock.headers['X-EP-Mock-Store'] == ep_mock.store"
    )
    with MockServer() as server:
        result = workers.runpytest_subprocess(*WORKERS, f"--ep-mock-url={server.url}")
    result.assert_outcomes(passed=2, warnings=2)
    result.stdout.fnmatch_lines(
        ["*Start the server with --stores client-id, or let the code under test send ep_mock.headers"]
    )
