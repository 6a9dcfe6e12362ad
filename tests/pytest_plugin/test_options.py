"""The options and the keys of the configuration file."""

from __future__ import annotations

import shutil

import pytest

from ep_mock import MockServer
from tests.certificates import CERTIFICATE, KEY
from tests.pytest_plugin.conftest import Run
from tests.silent_port import silent_port

pytest_plugins = ["pytester"]

TELL_ID = """
def test_it(ep_mock):
    print("\\nid", ep_mock.promotions.create().id)
"""


def told_id(result: pytest.RunResult) -> str:
    result.assert_outcomes(passed=1)
    return next(line for line in result.stdout.lines if line.startswith("id "))


def test_a_seed_gives_the_same_ids_and_without_one_they_differ(run: Run, pytester: pytest.Pytester) -> None:
    seeded = [run(TELL_ID, "-s", "--ep-mock-seed=7") for _ in range(2)]
    seeded[0].stdout.fnmatch_lines(["ep-mock: seed 7"])
    assert told_id(seeded[0]) == told_id(seeded[1])
    assert told_id(run(TELL_ID, "-s")) != told_id(run(TELL_ID, "-s"))
    pytester.makeini("[pytest]\nep_mock_seed = 7\nep_mock_settings =\n    seed = 8")
    assert told_id(run(TELL_ID, "-s")) == told_id(seeded[0])
    assert told_id(run(TELL_ID, "-s", "--ep-mock-seed=8")) != told_id(seeded[0])


def test_without_options_the_header_of_the_session_has_no_line(run: Run) -> None:
    assert not [line for line in run(TELL_ID).stdout.lines if line.startswith("ep-mock")]


USES_ELSEWHERE = """
from calls import call

def test_one(ep_mock, ep_mock_server):
    assert ep_mock.url == ep_mock_server.url
    reading = ep_mock.clock.read()
    assert (reading.mode, ep_mock.store, ep_mock.client_id) == ("poll", "default", "default")
    promotion = ep_mock.promotions.create()
    assert call(ep_mock, promotion.path) == 200
    assert ep_mock_server.handle.promotions.get(promotion) == promotion
    print("\\nid", promotion.id)

def test_two(ep_mock):
    assert ep_mock.promotions.list() == []
"""
CALL = """
import urllib.request

def call(mock, path):
    request = urllib.request.Request(mock.url + path, headers=mock.headers)
    with urllib.request.urlopen(request) as answer:
        return answer.status
"""


def test_a_server_elsewhere_is_used_and_left_running(run: Run, elsewhere: MockServer) -> None:
    elsewhere.handle.promotions.create(name="from before")
    result = run(USES_ELSEWHERE, f"--ep-mock-url={elsewhere.url}/", "--ep-mock-seed=7", "-s", calls=CALL)
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines([f"ep-mock: at {elsewhere.url}/, seed 7"])
    assert told_id(run(TELL_ID, "-s", "--ep-mock-seed=7")) in result.stdout.lines
    assert elsewhere.handle.health()["status"] == "ok"
    assert [store.name for store in elsewhere.handle.stores()] == ["default"]


def test_the_configuration_file_can_name_it_and_the_settings_of_stores(
    run: Run, pytester: pytest.Pytester, elsewhere: MockServer
) -> None:
    pytester.makeini(
        f"[pytest]\nep_mock_url = {elsewhere.url}\nep_mock_settings =\n    codes_limit = 7\n    fixtures = campaign,full"
    )
    result = run(
        """
        import pytest

        @pytest.mark.ep_mock(clock="manual", author="me@example.com")
        def test_it(ep_mock):
            assert ep_mock.clock.read().mode == "manual"
            assert ep_mock.settings()["author"] == "me@example.com"
            assert ep_mock.promotions.list()
        """
    )
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [
            "ep-mock: the store refused the settings or fixtures of this test: *Only 7 promotion codes are allowed*"
        ]
    )
    pytester.makeini(f"[pytest]\nep_mock_url = {elsewhere.url}\nep_mock_settings =\n    fixtures = campaign")
    run("def test_it(ep_mock):\n    assert ep_mock.promotions.list()").assert_outcomes(passed=1)


def test_a_control_token_and_a_client_can_be_configured_for_it(run: Run) -> None:
    conftest = """
    import pytest

    @pytest.fixture(scope="session")
    def ep_mock_settings():
        return {"control_token": "secret", "client_id": "shop", "client_secret": "s3cret"}
    """
    test = """
    from calls import call

    def test_it(ep_mock):
        assert ep_mock.client_id == "shop"
        assert call(ep_mock, "/v2/promotions") == 200
    """
    with MockServer(
        control_token="secret", auth="strict", client_id="shop", client_secret="s3cret", stores="client-id"
    ) as server:
        refused = run(test, f"--ep-mock-url={server.url}", calls=CALL)
        refused.stdout.fnmatch_lines(["*the control plane needs its token in the header X-EP-Mock-Token*"])
        run(
            test, f"--ep-mock-url={server.url}", "-W", "ignore", calls=CALL, conftest=conftest
        ).assert_outcomes(passed=1)


@pytest.mark.parametrize(
    "url", ["localhost:8080", "ftp://localhost", "http://", "http://[::1", "http://[x]", "http://x:99999"]
)
def test_an_invalid_address_stops_the_session(run: Run, url: str) -> None:
    result = run(TELL_ID, f"--ep-mock-url={url}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        [f"ERROR: --ep-mock-url: expected an address such as http://127.0.0.1:8080, got {url!r}"]
    )


def test_each_test_fails_if_there_is_no_server(run: Run) -> None:
    with silent_port() as port:
        url = f"http://127.0.0.1:{port}"
        result = run(TELL_ID + "\ndef test_two(ep_mock):\n    pass", f"--ep-mock-url={url}")
    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines(
        [
            f"ep-mock: ep-mock does not answer at {url} (*refused); is the server running, and is this its address?"
        ]
    )


def test_a_server_without_a_control_plane_is_an_error(run: Run) -> None:
    with MockServer(control=False) as server:
        result = run(TELL_ID, f"--ep-mock-url={server.url}")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [f"ep-mock: there is no ep-mock with a control plane at {server.url}: *start ep-mock with --control"]
    )


def test_a_server_elsewhere_has_no_application(run: Run, elsewhere: MockServer) -> None:
    result = run("def test_it(ep_mock_app):\n    pass", f"--ep-mock-url={elsewhere.url}")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [
            "ep-mock: the fixture ep_mock_app needs the application in this process: run it without --ep-mock-url"
        ]
    )


def test_settings_of_a_server_elsewhere_cannot_change(
    run: Run, pytester: pytest.Pytester, elsewhere: MockServer
) -> None:
    pytester.makeini("[pytest]\nep_mock_settings = auth = strict")
    result = run(TELL_ID, f"--ep-mock-url={elsewhere.url}")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [
            "ep-mock: ep_mock_settings: auth is a setting of the server, but the server at --ep-mock-url is already running; "
            "start that server with it, or omit --ep-mock-url"
        ]
    )


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "codes_limits = 5",
            "expected lines such as codes_limit = 50, got 'codes_limits = 5'; did you mean codes_limit?",
        ),
        (
            "codes_limit",
            "expected lines such as codes_limit = 50, got 'codes_limit'; did you mean codes_limit?",
        ),
        ("codes_limit = many", "codes_limit: expected a whole number, got 'many'"),
        ("clock = fast", "clock: expected one of real, scaled, manual, poll, got 'fast'"),
    ],
)
def test_a_mistake_in_the_configuration_file_is_an_error(
    run: Run, pytester: pytest.Pytester, line: str, message: str
) -> None:
    pytester.makeini(f"[pytest]\nep_mock_settings =\n    {line}")
    result = run(TELL_ID)
    result.assert_outcomes(errors=1)
    assert f"ep-mock: ep_mock_settings: {message}" in result.stdout.lines


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("{'codes_limits': 5}", "there is no setting 'codes_limits'; did you mean codes_limit?"),
        ("{'codes_limit': '5'}", "codes_limit: expected int, got '5'"),
        ("{'port': 70000}", "port: expected a number from 0 to 65535, got 70000"),
        ("['codes_limit']", "expected a mapping or ep_mock.Settings from the fixture, got ['codes_limit']"),
    ],
)
def test_a_mistake_in_the_fixture_is_an_error(run: Run, given: str, message: str) -> None:
    result = run(
        TELL_ID,
        conftest=f"import pytest\n\n@pytest.fixture(scope='session')\ndef ep_mock_settings():\n    return {given}",
    )
    result.assert_outcomes(errors=1)
    assert f"ep-mock: ep_mock_settings: {message}" in result.stdout.lines


def test_a_port_in_use_is_an_error(run: Run, elsewhere: MockServer) -> None:
    conftest = f"import pytest\n\n@pytest.fixture(scope='session')\ndef ep_mock_settings():\n    return {{'port': {elsewhere.port}}}"
    result = run("def test_it(ep_mock):\n    ep_mock.url", conftest=conftest)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"ep-mock: port {elsewhere.port} *"])


def test_a_self_signed_certificate_is_trusted_if_it_is_configured(
    run: Run, pytester: pytest.Pytester
) -> None:
    test = "def test_it(ep_mock):\n    assert ep_mock.clock.read().mode == 'poll'"
    with MockServer(tls_certificate=CERTIFICATE, tls_key=KEY) as server:
        run(test, f"--ep-mock-url={server.url}", f"--ep-mock-ca={CERTIFICATE}").assert_outcomes(passed=1)
        refused = run(test, f"--ep-mock-url={server.url}")
        refused.assert_outcomes(errors=1)
        refused.stdout.fnmatch_lines(
            ["*certificate at * is not trusted (self-signed certificate)*--ep-mock-ca*"]
        )
        shutil.copy(CERTIFICATE, pytester.path / "mock.pem")
        pytester.makeini(f"[pytest]\nep_mock_url = {server.url}\nep_mock_ca = mock.pem")
        run(test).assert_outcomes(passed=1)
        absent = run(test, "--ep-mock-ca=absent.pem")
        absent.stdout.fnmatch_lines(
            ["*ep-mock: --ep-mock-ca: 'absent.pem' cannot be read: No such file or directory"]
        )
