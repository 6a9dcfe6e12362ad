"""`ep-mock serve`, as a process and with all that can be wrong."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from ep_mock.cli import main
from ep_mock.cli.options import flag_of
from ep_mock.settings import settings_fields, type_of
from tests.certificates import CERTIFICATE, KEY
from tests.cli.commands import run, started

FIRST_LINE = re.compile(
    r"ep-mock 0\.1\.0 \(seed mine, clock manual, timings fast, auth lenient\) listening on (http://127\.0\.0\.1:[0-9]+)\n"
)
# A random text for the state file would be written where the tests run.
TEXT_SETTINGS = [
    field.name for field in settings_fields() if type_of(field.name) is not bool and field.name != "state"
]


@pytest.mark.skipif(sys.platform == "win32", reason="a process cannot be sent signals there")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_one_line_says_where_it_listens_and_a_signal_ends_it_well(number: signal.Signals) -> None:
    with started("serve", "--port", "0", "--seed", "mine", variables={"EP_MOCK_CLOCK": "manual"}) as process:
        assert process.stdout is not None
        found = FIRST_LINE.fullmatch(process.stdout.readline())
        assert found is not None
        url = found[1]
        with urlopen(f"{url}/__ep_mock/clock") as answer:
            assert (answer.status, json.load(answer)["mode"]) == (200, "manual")
        with urlopen(Request(f"{url}/v2/promotions", headers={"Authorization": "Bearer any"})) as answer:
            assert json.load(answer)["data"] == []
        process.send_signal(number)
        assert process.wait(timeout=30) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""
        assert process.stdout.read() == ""


@pytest.mark.skipif(sys.platform == "win32", reason="a process cannot be sent signals there")
def test_a_signal_before_it_serves_ends_it_well_too(tmp_path: Path) -> None:
    assert sys.platform != "win32"
    waited_for = tmp_path / "fixture.json"
    os.mkfifo(waited_for)
    with (
        started("serve", "--port", "0", "--fixtures", str(waited_for)) as process,
        waited_for.open("wb"),
    ):  # opens once it reads
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
        assert process.communicate() == ("", "")


SIGNAL_IN_A_FINALIZER = """
import signal
from ep_mock import cli
from ep_mock.cli import main
from ep_mock.web import app

class Dropped:
    def __del__(self):
        signal.raise_signal(signal.{name})

def interrupted(settings):
    Dropped()
    print("still there", flush=True)

app.create_app = interrupted
main(["serve", "--port", "0"])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a process cannot be sent signals there")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_signal_before_it_serves_is_not_lost_wherever_it_meets_the_program(name: str) -> None:
    # An exception that a handler raises in a finalizer is only printed.
    program = [sys.executable, "-c", SIGNAL_IN_A_FINALIZER.format(name=name)]
    done = subprocess.run(program, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.skipif(sys.platform == "win32", reason="a process cannot be sent signals there")
def test_a_signal_while_the_state_is_saved_does_not_stop_the_saving(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    program = SIGNALS_WHILE_SAVING.format(state=str(state))
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(state.read_bytes())["ep_mock_state"] == 1


SIGNALS_WHILE_SAVING = """
import os, signal
from ep_mock.cli import main
from ep_mock.serving import run as server
from ep_mock.web import state_file

replace = os.replace

def interrupted(*names):
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.raise_signal(number)
    replace(*names)

server.serve = lambda *_, **__: 0
os.replace = interrupted
main(["serve", "--port", "0", "--state", {state!r}])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a process cannot be sent signals there")
def test_a_reader_that_leaves_after_the_first_line_does_not_end_the_server() -> None:
    with started(
        "serve", "--port", "0", "--no-control", "--clock", "scaled", "--clock-scale", "60"
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        process.stdout.close()
        with urlopen(Request(f"{url}/v2/rule-promotions", headers={"Authorization": "Bearer any"})) as answer:
            assert answer.status == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
        process.stdout = None


def announced(*arguments: str, monkeypatch: pytest.MonkeyPatch, terminal: bool = False) -> list[str]:
    """The lines with which `serve` announces itself, without serving."""

    def announce_only(app: object, host: str, port: int, *, on_listening: object, **_: object) -> int:
        assert callable(on_listening)
        on_listening(f"http://{host}:{port}")
        return 0

    with monkeypatch.context() as patched:
        patched.setattr("ep_mock.serving.run.serve", announce_only)
        patched.setattr("click.testing._NamedTextIOWrapper.isatty", lambda _: terminal)
        result = CliRunner().invoke(main, ["serve", "--seed=1", *arguments])
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout.splitlines()


def test_the_announcement_tells_what_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = (
        "--no-control",
        "--clock=scaled",
        "--clock-scale=60",
        "--auth=strict",
        "--client-secret=hidden",
        "--timings=instant",
    )
    line = "ep-mock 0.1.0 (seed 1, clock scaled x60, timings instant, auth strict) listening on http://127.0.0.1:8080"
    assert announced(*arguments, monkeypatch=monkeypatch) == [line]
    assert announced(*arguments, monkeypatch=monkeypatch, terminal=True) == [line, "stop with ctrl-c"]


def test_the_announcement_is_a_json_line_when_logs_are(monkeypatch: pytest.MonkeyPatch) -> None:
    [line] = announced("--log-format=json", "--control-token=hidden", monkeypatch=monkeypatch, terminal=True)
    said = json.loads(line)
    assert said == {
        "time": said["time"],
        "level": "info",
        "message": "listening on http://127.0.0.1:8080",
        "version": "0.1.0",
        "url": "http://127.0.0.1:8080",
        "seed": "1",
        "clock": "real",
        "timings": "fast",
        "auth": "lenient",
    }


def test_the_announcement_shows_no_secret_but_says_where_one_is_needed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert announced(
        "--control-token=hidden", "--client-secret=hidden", monkeypatch=monkeypatch, terminal=True
    ) == [
        "ep-mock 0.1.0 (seed 1, clock real, timings fast, auth lenient) listening on http://127.0.0.1:8080",
        'start over with: curl -X POST -H "X-EP-Mock-Token: $EP_MOCK_CONTROL_TOKEN" http://127.0.0.1:8080/__ep_mock/reset',
        "stop with ctrl-c",
    ]


def test_requests_are_logged_to_standard_error_when_wanted() -> None:
    with started("serve", "--port=0", "--access-log") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        url = process.stdout.readline().split()[-1]
        with urlopen(f"{url}/__ep_mock/health"):
            assert process.stderr.readline().partition(" - ")[2] == '"GET /__ep_mock/health HTTP/1.1" 200\n'


def test_requests_are_json_lines_when_wanted_without_their_secrets() -> None:
    with started(
        "serve", "--port=0", variables={"EP_MOCK_ACCESS_LOG": "1", "EP_MOCK_LOG_FORMAT": "json"}
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        url = json.loads(process.stdout.readline())["url"]
        with urlopen(
            Request(f"{url}/v2/promotions?access_token=hush", headers={"Authorization": "Bearer hush"})
        ) as answer:
            assert answer.status == 200
            said = json.loads(process.stderr.readline())
    target = "/v2/promotions?access_token=[redacted]"
    assert said == {
        "time": said["time"],
        "level": "info",
        "message": f'{said["client"]} - "GET {target} HTTP/1.1" 200',
        "client": said["client"],
        "method": "GET",
        "target": target,
        "http_version": "1.1",
        "status": 200,
    }


def test_it_serves_https_with_a_certificate() -> None:
    with started("serve", "--port=0", "--tls-certificate", CERTIFICATE, "--tls-key", KEY) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        with urlopen(
            f"{url}/__ep_mock/health", context=ssl.create_default_context(cafile=CERTIFICATE)
        ) as answer:
            assert (url.partition(":")[0], answer.status) == ("https", 200)


@pytest.mark.parametrize(
    ("arguments", "variables", "line"),
    [
        (["--port", "x"], {}, "--port: expected a whole number, got 'x'"),
        (["--port", "70000"], {}, "--port: expected a number from 0 to 65535, got 70000"),
        (["--clock", "fast"], {}, "--clock: expected one of real, scaled, manual, poll, got 'fast'"),
        (["--clock-scale", "none"], {}, "--clock-scale: expected a number, got 'none'"),
        (["--clock-scale", "0"], {}, "--clock-scale: expected a number from 1e-06 to 1000000.0, got 0.0"),
        (["--public-url", "x"], {}, "--public-url: expected a URL such as https://promotions.test, got 'x'"),
        (
            ["--public-url", "http://[::1"],
            {},
            "--public-url: expected a URL such as https://promotions.test, got 'http://[::1'",
        ),
        (
            ["--public-url", "http://x:99999"],
            {},
            "--public-url: expected a URL such as https://promotions.test, got 'http://x:99999'",
        ),
        (
            ["--allowed-origins", "localhost:3000"],
            {},
            "--allowed-origins: expected an origin such as http://localhost:3000, or *, got 'localhost:3000'",
        ),
        (
            ["--allowed-origins", "http://shop.test/page"],
            {},
            "--allowed-origins: expected an origin such as http://localhost:3000, or *, got 'http://shop.test/page'",
        ),
        (
            ["--allowed-origins", "http://[x"],
            {},
            "--allowed-origins: expected an origin such as http://localhost:3000, or *, got 'http://[x'",
        ),
        (
            ["--tls-key", KEY],
            {},
            "--tls-key: a key needs its certificate; give tls_certificate as well",
        ),
        (
            [],
            {"EP_MOCK_TLS_CERTIFICATE": "no.pem"},
            "EP_MOCK_TLS_CERTIFICATE: 'no.pem' cannot be read: No such file or directory",
        ),
        ([], {"EP_MOCK_LOG_FORMAT": "xml"}, "EP_MOCK_LOG_FORMAT: expected one of text, json, got 'xml'"),
        (["--log-format", "json", "--port", "x"], {}, "--port: expected a whole number, got 'x'"),
        ([], {"EP_MOCK_PORT": "x"}, "EP_MOCK_PORT: expected a whole number, got 'x'"),
        ([], {"EP_MOCK_CONTROL": "perhaps"}, "EP_MOCK_CONTROL: expected true or false, got 'perhaps'"),
        ([], {"EP_MOCK_AUTH": "none"}, "EP_MOCK_AUTH: expected one of lenient, strict, off, got 'none'"),
        (["--prot", "1"], {}, "No such option '--prot'. (Did you mean one of: '--host', '--port'?)"),
        (["now"], {}, "Got unexpected extra argument (now)"),
        (["--port"], {}, "Option '--port' requires an argument."),
        (["--config", "absent.toml"], {}, "absent.toml: cannot be read: No such file or directory"),
        ([], {"EP_MOCK_CONFIG": "absent.toml"}, "absent.toml: cannot be read: No such file or directory"),
    ],
)
def test_a_bad_value_is_one_line_that_names_its_place(
    arguments: list[str], variables: dict[str, str], line: str
) -> None:
    result = CliRunner().invoke(main, ["serve", *arguments], env=variables)
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", f"ep-mock: {line}\n")


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("prot = 1", "'prot' is not a setting; did you mean port?"),
        ("Codes-Limit = 1", "'Codes-Limit' is not a setting; did you mean codes_limit?"),
        ("[server]\nport = 1", "'server' is not a setting; did you mean author?"),
        ('port = "x"', "port: expected int, got 'x'"),
        ("port = true", "port: expected int, got True"),
        ("codes_limit = -1", "codes_limit: expected a number from 0 to 100000000, got -1"),
        (
            'fixtures = "one.json"',
            """fixtures: expected a list of texts such as ["one", "two"], got 'one.json'""",
        ),
        ("clock_start = 2025-01-31T10:00:00", None),
        ("port = ", "is no TOML: Invalid value (at end of document)"),
    ],
)
def test_a_bad_configuration_file_is_one_line_that_names_the_file(
    tmp_path: Path, content: str, line: str | None
) -> None:
    path = tmp_path / "mock.toml"
    path.write_text(content)
    result = CliRunner().invoke(main, ["serve", "--config", str(path)])
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.count("\n") == 1
    if line is None:
        assert result.stderr.startswith(f"ep-mock: {path}: clock_start: '2025-01-31T10:00:00' is not a date")
    elif "is no TOML" in line or "author" in line:
        assert result.stderr.startswith(f"ep-mock: {path}: {line[:12]}")
    else:
        assert result.stderr == f"ep-mock: {path}: {line}\n"


def test_a_configuration_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    path = tmp_path / "mock.toml"
    path.write_bytes(b"seed = '\xff'")
    result = CliRunner().invoke(main, ["serve", "--config", str(path)])
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert result.stderr.startswith(f"ep-mock: {path}: is no TOML: ")


def test_a_fixture_that_does_not_exist_is_told_before_anything_listens() -> None:
    result = CliRunner().invoke(main, ["serve", "--port=0", "--fixtures", "no-such-fixture"])
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert result.stderr.startswith("ep-mock: ")
    assert "no-such-fixture" in result.stderr


def test_a_taken_port_is_one_line_and_code_1() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = run("serve", "--port", str(port))
    assert ended == (
        1,
        "",
        f"ep-mock: port {port} on 127.0.0.1 is already in use; choose another with --port, or 0 for any free one\n",
    )


@given(name=st.sampled_from(TEXT_SETTINGS), text=st.text(max_size=20))
def test_any_text_for_any_setting_is_taken_or_told_in_one_line(name: str, text: str) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("ep_mock.serving.run.serve", lambda *_, **__: 0)
        result = CliRunner().invoke(main, ["serve", f"{flag_of(name)}={text}"])
    if result.exit_code == 0:
        assert result.stderr == ""
    else:
        assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)
        assert result.stderr.startswith("ep-mock: ")
        assert name == "fixtures" or result.stderr.startswith(f"ep-mock: {flag_of(name)}: ")
