"""What commands say of variables that are not theirs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

import click
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from ep_mock.cli import main
from ep_mock.cli.environment import warnings
from ep_mock.cli.options import variable_of
from ep_mock.settings import settings_fields
from tests.cli.commands import run, started

OF_KUBERNETES = {
    "EP_MOCK_SERVICE_HOST": "10.96.0.5",
    "EP_MOCK_SERVICE_PORT": "8080",
    "EP_MOCK_SERVICE_PORT_HTTP": "8080",
    "EP_MOCK_PORT": "tcp://10.96.0.5:8080",
    "EP_MOCK_PORT_8080_TCP": "tcp://10.96.0.5:8080",
    "EP_MOCK_PORT_8080_TCP_PROTO": "tcp",
    "EP_MOCK_PORT_8080_TCP_PORT": "8080",
    "EP_MOCK_PORT_8080_TCP_ADDR": "10.96.0.5",
    "EP_MOCK_ADMIN_SERVICE_HOST": "10.96.0.6",
    "EP_MOCK_ADMIN_SERVICE_PORT": "80",
    "EP_MOCK_ADMIN_PORT": "tcp://10.96.0.6:80",
    "EP_MOCK_ADMIN_PORT_80_TCP_ADDR": "10.96.0.6",
}
OF_DOCKER = {"EP_MOCK_NAME": "/web/ep-mock", "EP_MOCK_ENV_PATH": "/bin"}
IGNORED_PORT = (
    "EP_MOCK_PORT=tcp://10.96.0.5:8080 is ignored: "
    "Kubernetes and Docker set it beside a service named ep-mock; to choose the port, say --port"
)


def said(variables: Mapping[str, str], command: str = "serve") -> list[str]:
    """The warnings of a command."""
    root = click.Context(main)
    found = main.get_command(root, command)
    assert found is not None
    return warnings(variables, click.Context(found, parent=root))


def all_variables(command: click.Command = main) -> Iterator[str]:
    """Each variable that any command reads."""
    yield from (str(parameter.envvar) for parameter in command.params if parameter.envvar)
    if isinstance(command, click.Group):
        for name in command.list_commands(click.Context(command)):
            subcommand = command.get_command(click.Context(command), name)
            assert subcommand is not None
            yield from all_variables(subcommand)


def test_beside_a_service_of_its_name_it_starts_on_its_own_port_and_says_what_it_has_ignored() -> None:
    variables = {**OF_KUBERNETES, **OF_DOCKER}
    with started(
        "serve", "--log-format=json", "--no-control", variables={**variables, "EP_MOCK_CONFIG": ""}
    ) as process:
        assert process.stderr is not None
        line = json.loads(process.stderr.readline())
    assert (line["level"], line["message"]) == ("warning", IGNORED_PORT)
    ended = run("healthcheck", "--host", "127.1.2.3", variables=variables)
    assert (ended.code, ended.err.splitlines()[0]) == (1, f"ep-mock: {IGNORED_PORT}")
    assert "http://127.1.2.3:8080" in ended.err.splitlines()[1]


def test_a_number_in_the_variable_is_a_port_and_all_else_is_refused_as_ever() -> None:
    assert said({"EP_MOCK_PORT": "9000"}) == []
    ended = CliRunner().invoke(main, ["serve"], env={"EP_MOCK_PORT": "tcp:8080"})
    assert (ended.exit_code, ended.stderr) == (
        2,
        "ep-mock: EP_MOCK_PORT: expected a whole number, got 'tcp:8080'\n",
    )


def test_a_command_that_needs_no_port_says_nothing_of_it() -> None:
    assert said(OF_KUBERNETES | OF_DOCKER, "jobs") == []
    assert said(OF_KUBERNETES | OF_DOCKER) == [IGNORED_PORT]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("EP_MOCK_CODE_LIMIT", "; did you mean EP_MOCK_CODES_LIMIT?"),
        ("EP_MOCK_CLOK", "; did you mean EP_MOCK_CLOCK?"),
        ("EP_MOCK_CONTROL_TOKENS", "; did you mean EP_MOCK_CONTROL_TOKEN?"),
        ("EP_MOCK_STROE", "; did you mean EP_MOCK_STORE?"),
        ("EP_MOCK_WHATEVER_THIS_IS", ""),
        ("EP_MOCK_HTTP_PORT", ""),
    ],
)
def test_a_variable_that_no_command_reads_is_told_with_what_may_have_been_meant(name: str, hint: str) -> None:
    for command in ("serve", "healthcheck", "jobs"):
        assert said({name: "hidden"}, command)[0].startswith(
            f"{name} is ignored: ep-mock reads no such variable{hint}"
        )
        assert "hidden" not in said({name: "hidden"}, command)[0]
    assert said({name: ""}) == []


def test_a_verb_tells_it_too_on_standard_error() -> None:
    ended = run("jobs", "--url", "http://127.0.0.1:9", variables={"EP_MOCK_STROE": "x"})
    assert ended.err.splitlines()[0] == (
        "ep-mock: EP_MOCK_STROE is ignored: ep-mock reads no such variable; did you mean EP_MOCK_STORE?"
    )


def test_no_variable_that_a_command_reads_is_told() -> None:
    names = {*all_variables(), *(variable_of(field.name) for field in settings_fields()), "EP_MOCK_CONFIG"}
    assert len(names) > 40
    for command in ("serve", "jobs"):
        assert said(dict.fromkeys(names, "1"), command) == []


@given(st.text(min_size=1), st.text(min_size=1))
def test_whatever_is_in_the_environment_each_warning_is_one_printable_line(name: str, value: str) -> None:
    for line in said({f"EP_MOCK_{name}": value, "EP_MOCK_PORT": f"tcp://{value}"}):
        assert line.splitlines() == [line]
