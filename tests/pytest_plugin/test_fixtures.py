"""The fixtures, as seen by a test that uses them."""

from __future__ import annotations

import sys

import pytest

from ep_mock import MockServer
from tests.pytest_plugin.conftest import Run

pytest_plugins = ["pytester"]

CALL = """
import urllib.request

def call(mock, path):
    request = urllib.request.Request(mock.url + path, headers=mock.headers)
    with urllib.request.urlopen(request) as answer:
        return answer.status
"""


def test_a_store_is_fresh_for_each_test_on_one_server(run: Run) -> None:
    result = run(
        """
        from calls import call

        seen = []

        def use(mock):
            assert mock.promotions.list() == []
            promotion = mock.promotions.create()
            assert call(mock, promotion.path) == 200
            assert len(mock.requests.all()) == 1
            mock.settings(codes_limit=3)
            mock.fault(error="internal", times=0)
            seen.append((mock.url, promotion.id))

        def test_one(ep_mock):
            use(ep_mock)

        def test_two(ep_mock, ep_mock_server):
            use(ep_mock)
            assert ep_mock_server.url == ep_mock.url
            assert ep_mock.clock.read().mode == "poll"
            assert seen[0] == seen[1], "one server and one seed"
        """,
        calls=CALL,
    )
    result.assert_outcomes(passed=2)


def test_the_server_is_there_until_the_session_ends_and_gone_after_it(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    servers: list[MockServer] = []
    start = MockServer.start

    def noticed(server: MockServer) -> MockServer:
        servers.append(server)
        return start(server)

    monkeypatch.setattr(MockServer, "start", noticed)
    result = run(
        """
        from calls import call

        def test_one(ep_mock_server, ep_mock):
            assert call(ep_mock, "/v2/promotions") == 200

        def test_two(ep_mock_server):
            assert call(ep_mock_server.handle, "/v2/promotions") == 200
        """,
        calls=CALL,
    )
    result.assert_outcomes(passed=2)
    (server,) = servers
    with MockServer(port=server.port) as another:
        assert another.port == server.port


def test_the_application_needs_neither_server_nor_socket(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(server: MockServer) -> MockServer:
        raise AssertionError("a server was started")

    monkeypatch.setattr(MockServer, "start", refuse)
    result = run(
        """
        import httpx
        from ep_mock.transports import VENDOR_HOSTS, httpx_transport

        def test_one(ep_mock_app, ep_mock):
            promotion = ep_mock.promotions.create()
            with httpx.Client(transport=httpx_transport(ep_mock_app), headers={"Authorization": "Bearer any"}) as client:
                assert client.get(f"https://{VENDOR_HOSTS[0]}{promotion.path}").json()["data"] == promotion
            ep_mock.requests.assert_called(1, operation="get_promotion")

        def test_two(ep_mock_app):
            with httpx.Client(transport=httpx_transport(ep_mock_app), headers={"Authorization": "Bearer any"}) as client:
                assert client.get(f"https://{VENDOR_HOSTS[0]}/v2/promotions").json()["data"] == []
        """
    )
    result.assert_outcomes(passed=2)


def test_settings_come_from_the_fixture_then_from_the_file(run: Run, pytester: pytest.Pytester) -> None:
    pytester.makeini(
        "[pytest]\nep_mock_settings =\n    codes_limit = 7\n    author=me@example.com\n    auth = strict\n    cancelling_blocks = no"
    )
    result = run(
        """
        def test_one(ep_mock, ep_mock_server):
            settings = ep_mock.settings()
            assert (settings["codes_limit"], settings["author"], settings["cancelling_blocks"]) == (50, "me@example.com", False)
            assert ep_mock_server.settings.auth == "strict"
            assert ep_mock.promotions.list() == []
        """,
        conftest="""
        import pytest

        @pytest.fixture(scope="session")
        def ep_mock_settings():
            return {"codes_limit": 50}
        """,
    )
    result.assert_outcomes(passed=1)


def test_whole_settings_count_as_they_are_but_never_take_the_port_that_people_use(run: Run) -> None:
    result = run(
        """
        def test_one(ep_mock, ep_mock_server):
            assert ep_mock.clock.read().mode == "real"
            assert (ep_mock.settings()["timings"], ep_mock.url) == ("instant", ep_mock_server.url)
            assert ep_mock_server.port != 8080
        """,
        conftest="""
        import pytest
        from ep_mock import Settings

        @pytest.fixture(scope="session")
        def ep_mock_settings():
            return Settings(timings="instant")
        """,
    )
    result.assert_outcomes(passed=1)


def test_a_module_can_override_settings_of_the_store_but_not_of_the_server(run: Run) -> None:
    module = """
    import pytest

    @pytest.fixture(scope="session")
    def ep_mock_settings():
        return {SETTINGS}

    def test_it(ep_mock):
        assert ep_mock.settings()["codes_limit"] == 5
        assert ep_mock.clock.read().mode == "manual"
    """
    result = run(
        "def test_plain(ep_mock):\n    assert ep_mock.settings()['codes_limit'] == 1000",
        test_store=module.replace("{SETTINGS}", "{'codes_limit': 5, 'clock': 'manual'}"),
        test_whole=module.replace("{SETTINGS}", "{'auth': 'strict'}"),
    )
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(
        [
            "ep-mock: ep_mock_settings: auth is a setting of the server, which is already running with 'lenient'; override the fixture for *"
        ]
    )


def test_fixtures_of_the_settings_fill_every_store(run: Run, pytester: pytest.Pytester) -> None:
    pytester.path.joinpath("shop.yaml").write_text(
        "ep_mock_fixture: 1\nsettings: {codes_limit: 9}\npromotions:\n  - {family: rule, name: Summer}\n"
    )
    result = run(
        """
        import pytest

        @pytest.mark.parametrize("number", [1, 2])
        def test_it(ep_mock, number):
            (promotion,) = ep_mock.promotions.list("rule")
            assert (promotion["name"], ep_mock.settings()["codes_limit"]) == ("Summer", 9)
            ep_mock.promotions.delete(promotion)

        @pytest.mark.ep_mock(codes_limit=11)
        def test_the_marker_beats_the_fixture(ep_mock):
            assert ep_mock.settings()["codes_limit"] == 11
        """,
        conftest="""
        import pytest

        @pytest.fixture(scope="session")
        def ep_mock_settings():
            return {"fixtures": ["shop.yaml"]}
        """,
    )
    result.assert_outcomes(passed=3)


def test_the_fixtures_and_the_marker_are_listed_by_pytest(run: Run) -> None:
    listed = run("", "--fixtures")
    listed.stdout.fnmatch_lines_random(
        [
            "ep_mock_settings *session scope*",
            "ep_mock_server *session scope*",
            "ep_mock -- *",
            "ep_mock_app -- *",
        ]
    )
    run("", "--markers").stdout.fnmatch_lines(["@pytest.mark.ep_mock(clock=..., *"])
    run("", "--help").stdout.fnmatch_lines(
        ["*--ep-mock-url=URL*", "*--ep-mock-seed=SEED*", "*ep_mock_settings (linelist):*"]
    )


def test_a_session_in_this_process_leaves_the_http_parser_as_it_was(run: Run) -> None:
    parser = pytest.importorskip("httptools")
    run("def test_it(ep_mock):\n    assert ep_mock.url").assert_outcomes(passed=1)
    assert sys.modules["httptools"] is parser
    assert sys.modules["uvicorn.protocols.http.httptools_impl"].httptools is parser
