"""What all commands have in common, and the small ones: healthcheck and openapi."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from ep_mock import MockServer, __version__
from ep_mock.cli import main
from ep_mock.serving.run import ServerThread
from tests.certificates import CERTIFICATE, KEY
from tests.cli.commands import run
from tests.silent_port import silent_port

OPENAPI = Path(__file__).resolve().parents[2] / "openapi"


def invoke(*arguments: str, **variables: str) -> tuple[int, str, str]:
    result: Result = CliRunner().invoke(main, list(arguments), env=variables)
    return result.exit_code, result.stdout, result.stderr


def test_the_version_is_told() -> None:
    assert run("--version") == (0, f"ep-mock {__version__}\n", "")


def test_without_a_command_the_help_lists_all_of_them() -> None:
    code, out, err = invoke()
    assert (code, err) == (0, "")
    listed = out.partition("Commands:\n")[2].partition("\n\n")[0]
    steering = [
        "clock",
        "advance",
        "worker",
        "jobs",
        "wait",
        "plan",
        "fault",
        "requests",
        "promotions",
        "codes",
        "usages",
        "fixtures",
    ]
    steering += ["settings", "snapshot", "reset", "stores", "docs"]
    assert [line.split()[0] for line in listed.splitlines()] == [
        "serve",
        "demo",
        "healthcheck",
        "openapi",
        *steering,
    ]
    assert invoke("--help") == (0, out, "")
    assert invoke("-h") == (0, out, "")


@pytest.mark.parametrize("command", ["serve", "demo", "healthcheck", "openapi"])
def test_each_command_explains_itself_within_the_width_of_a_terminal(command: str) -> None:
    code, out, err = invoke(command, "--help")
    assert (code, err) == (0, "")
    assert out.startswith(f"Usage: ep-mock {command} ")
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["serv"], "No such command 'serv'."),
        (["--prot"], "No such option '--prot'."),
        (["demo", "--speed", "-1"], "Invalid value for '--speed': -1.0 is not in the range x>=0."),
        (["demo", "now"], "Got unexpected extra argument (now)"),
        (
            ["healthcheck", "--port", "0"],
            "healthcheck: port 0 is a free port that serve picks; say which one with --port",
        ),
        (["healthcheck", "--port", "x"], "--port: expected a whole number, got 'x'"),
    ],
)
def test_bad_usage_is_one_line_and_code_2(arguments: list[str], line: str) -> None:
    code, out, err = invoke(*arguments)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert err.startswith(f"ep-mock: {line.removesuffix('.')}")


@pytest.mark.parametrize("arguments", [["openapi"], ["openapi", "other"]])
def test_a_document_that_does_not_exist_is_told_with_those_that_do(arguments: list[str]) -> None:
    code, out, err = invoke(*arguments)
    assert (code, out, err.count("\n")) == (2, "", 1)
    for name in ("standard", "rule", "control"):
        assert name in err


@pytest.mark.parametrize("name", ["standard", "rule", "control"])
def test_openapi_prints_the_document_as_json(name: str) -> None:
    code, out, err = invoke("openapi", name)
    assert (code, err) == (0, "")
    assert json.loads(out) == json.loads((OPENAPI / f"{name}.json").read_bytes())
    assert out.startswith('{\n  "openapi": "3.1.0",\n')


def test_an_interrupt_is_one_line_and_code_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("ep_mock.serving.run.serve", interrupted)
    code, out, err = invoke("serve")
    assert (code, out, err.lstrip("\n")) == (130, "", "ep-mock: interrupted\n")


def test_healthcheck_says_that_a_mock_is_up() -> None:
    with MockServer() as mock:
        up = f"ep-mock {__version__} is up at {mock.url}"
        assert invoke("healthcheck", "--port", str(mock.port)) == (0, f"{up}\n", "")
        assert invoke("healthcheck", EP_MOCK_PORT=str(mock.port), EP_MOCK_HOST="0.0.0.0") == (
            0,
            f"{up}\n",
            "",
        )
    with MockServer(control=False) as mock:
        up = f"ep-mock {__version__} is up at {mock.url}, its control plane is off"
        assert invoke("healthcheck", "--port", str(mock.port)) == (0, f"{up}\n", "")


def test_healthcheck_asks_by_https_where_there_is_a_certificate_whoever_issued_it() -> None:
    with MockServer(tls_certificate=CERTIFICATE, tls_key=KEY) as mock:
        port = str(mock.port)
        up = f"ep-mock {__version__} is up at https://127.0.0.1:{port}\n"
        assert invoke("healthcheck", "--port", port, EP_MOCK_TLS_CERTIFICATE=CERTIFICATE) == (0, up, "")
        assert invoke("healthcheck", "--port", port)[0] == 1


def test_healthcheck_reads_the_configuration_file(tmp_path: Path) -> None:
    with MockServer() as mock:
        (tmp_path / "mock.toml").write_text(f'port = {mock.port}\ncodes_limit = 5\nhost = "127.0.0.1"')
        code, out, _ = invoke("healthcheck", EP_MOCK_CONFIG=str(tmp_path / "mock.toml"))
        assert (code, out) == (0, f"ep-mock {__version__} is up at {mock.url}\n")


async def stranger(_scope: Any, _receive: Any, send: Callable[[dict[str, Any]], Awaitable[None]]) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


def test_healthcheck_is_not_taken_in_by_another_server() -> None:
    with ServerThread(stranger) as server:
        line = f"ep-mock: nothing healthy at {server.url}: answered 200, but not as ep-mock\n"
        assert invoke("healthcheck", "--port", str(server.port)) == (1, "", line)


def test_healthcheck_tells_when_nobody_answers_or_no_http_comes() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def babble() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"what?\r\n")

        thread = threading.Thread(target=babble)
        thread.start()
        place = f"http://127.0.0.1:{port}"
        code, out, err = invoke("healthcheck", "--port", str(port))
        thread.join()
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert err.startswith(f"ep-mock: nothing healthy at {place}: ")
    with silent_port() as port:
        code, out, err = invoke("healthcheck", "--port", str(port))
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert err.startswith(f"ep-mock: nothing healthy at http://127.0.0.1:{port}: ")


HEAVY = {
    "schemathesis",
    "httpx",
    "httpx2",
    "hypothesis",
    "jsonschema_rs",
    "starlette",
    "tomllib",
    "uvicorn",
    "yaml",
}


def modules_after(program: str) -> set[str]:
    """The top-level modules that a new interpreter has loaded after running a program."""
    print_them = "import sys; print(*{name.partition('.')[0] for name in sys.modules})"
    ended = subprocess.run(
        [sys.executable, "-c", f"{program}\n{print_them}"], capture_output=True, text=True, check=True
    )
    return set(ended.stdout.splitlines()[-1].split())


def test_importing_the_package_loads_nothing_heavy() -> None:
    assert modules_after("import ep_mock") & (HEAVY | {"click", "asyncio", "decimal", "msgspec"}) == set()


def test_a_command_loads_only_what_it_needs() -> None:
    call = "from ep_mock.cli import main; main.main({}, standalone_mode=False)"
    assert modules_after(call.format(["--help"])) & HEAVY == set()
    assert (
        modules_after(
            "import ep_mock.cli.serve, ep_mock.cli.demo, ep_mock.cli.healthcheck, ep_mock.cli.openapi"
        )
        & HEAVY
        == set()
    )
    serving = "import ep_mock.serving.run; ep_mock.serving.run.serve = lambda *_, **__: 0; " + call.format(
        ["serve"]
    )
    unneeded = {"schemathesis", "httpx", "httpx2", "hypothesis", "tomllib", "yaml", "difflib", "h11"}
    assert modules_after(serving) & unneeded == set()


def test_a_server_loads_no_snapshots_and_no_state_file_before_they_are_needed() -> None:
    print_them = "print(*{name for name in sys.modules if name.startswith('ep_mock.')})"
    program = f"import sys; from ep_mock import create_app; create_app(); {print_them}"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "ep_mock.web.pipeline" in loaded
    assert {name for name in loaded if name.startswith(("ep_mock.snapshots", "ep_mock.web.state"))} == set()
