"""The settings as options of a command: a flag and an environment variable for each, and a configuration file
beneath them.

A flag beats the environment, the environment beats the file, the file beats the default. An empty environment
variable counts as not set, and so does a port that is the address of a service.
"""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from ep_mock.cli.environment import is_address
from ep_mock.errors import UsageError
from ep_mock.settings import (
    ENVIRONMENT_PREFIX,
    Settings,
    choices_of,
    parse_setting,
    setting_names,
    settings_fields,
    type_of,
)

GROUPS: Mapping[str, tuple[str, ...]] = {
    "Listening": ("host", "port", "public_url", "tls_certificate", "tls_key", "access_log", "log_format"),
    "Content": ("fixtures", "seed", "state", "stores", "code_case", "author"),
    "Time": (
        "clock",
        "clock_scale",
        "clock_start",
        "timings",
        "stuck_polls",
        "poll_moves",
        "export_url_seconds",
    ),
    "Access": ("auth", "client_id", "client_secret", "token_seconds"),
    "Limits": (
        "codes_limit",
        "long_codes_limit",
        "reenable_codes_limit",
        "promotions_limit",
        "automatic_limit",
        "rate_limit",
        "max_body_bytes",
    ),
    "Control plane": (
        "control",
        "control_token",
        "allowed_hosts",
        "allowed_origins",
        "max_control_body_bytes",
        "journal_entries",
        "journal_bytes",
    ),
}
"""Settings by heading, as help and documents show them; whatever is in no group comes last, under
`OTHERS`.
"""
OTHERS = "Behaviour where the real service is unclear or has changed"

_METAVARS: Mapping[type, str] = {int: "N", float: "NUMBER", str: "TEXT", tuple: "NAME"}
_GIVEN = (ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT)


@dataclass(frozen=True)
class Configuration:
    """The settings that a command was started with, and where each one that was given came from."""

    settings: Settings
    places: Mapping[str, str]

    @contextlib.contextmanager
    def named(self) -> Iterator[None]:
        """A `UsageError` that comes up in here names the flag, the variable or the file instead of the
        setting.
        """
        with _named(self.places):
            yield


def flag_of(name: str) -> str:
    """The flag of a setting, `--codes-limit`; a boolean's has an opposite, `--control/--no-control`."""
    flag = name.replace("_", "-")
    return f"--{flag}/--no-{flag}" if type_of(name) is bool else f"--{flag}"


def variable_of(name: str) -> str:
    """The environment variable of a setting, `EP_MOCK_CODES_LIMIT`."""
    return ENVIRONMENT_PREFIX + name.upper()


def grouped_names() -> dict[str, list[str]]:
    """The names of all settings by heading, each exactly once."""
    names = [field.name for field in settings_fields()]
    groups = {heading: list(group) for heading, group in GROUPS.items()}
    known = {name for group in groups.values() for name in group}
    return {**groups, OTHERS: [name for name in names if name not in known]}


def settings_options(*names: str) -> Callable[[click.Command], click.Command]:
    """Give a command the options of these settings, of all without names, and `--config`."""

    def add(command: click.Command) -> click.Command:
        wanted = [field for field in settings_fields() if not names or field.name in names]
        command.params += [_option(field.name, field.default, field.metadata["help"]) for field in wanted]
        command.params.append(
            click.Option(
                ["--config"],
                metavar="FILE",
                envvar=variable_of("config"),
                help="TOML file with settings, named as in codes_limit = 50; flags and environment "
                "variables come before it.",
            )
        )
        return command

    return add


def configuration_of(context: click.Context) -> Configuration:
    """What the flags, the environment and the configuration file of this call say together.

    Raises:
        UsageError: naming the flag, the variable or the place in the file that cannot be used.
    """
    values: dict[str, Any] = {}
    places: dict[str, str] = {}
    path = context.params["config"]
    if path:
        from ep_mock.cli.options import read_config_file

        values = read_config_file(Path(path))
        places = {name: f"{path}: {name}" for name in values}
    for field in settings_fields():
        name, source = field.name, context.get_parameter_source(field.name)
        if source in _GIVEN:
            values[name] = context.params[name]
            places[name] = (
                flag_of(name).partition("/")[0]
                if source is ParameterSource.COMMANDLINE
                else variable_of(name)
            )
    with _named(places):
        texts = {
            name
            for name, value in values.items()
            if isinstance(value, str) and context.get_parameter_source(name) in _GIVEN
        }
        for name in texts:
            values[name] = parse_setting(name, values[name])
        return Configuration(Settings(**values), places)


class SettingsCommand(click.Command):
    """A command whose help shows the settings under their headings."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        heading_of = {name: heading for heading, names in grouped_names().items() for name in names}
        sections: dict[str, list[tuple[str, str]]] = {heading: [] for heading in grouped_names()}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None:
                sections.setdefault(heading_of.get(parameter.name or "", "General"), []).append(record)
        for heading, records in sections.items():
            if records:
                with formatter.section(heading):
                    formatter.write_dl(records)


class _Switch(click.types.BoolParamType):
    """On or off; text comes from the environment only."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str) or param is None or param.name is None:
            return super().convert(value, param, ctx)
        with _named({param.name: variable_of(param.name)}):
            return parse_setting(param.name, value)


class _Written(click.Option):
    """A setting that is written as text."""

    def resolve_envvar_value(self, ctx: click.Context) -> str | None:
        value = super().resolve_envvar_value(ctx)
        return None if self.name == "port" and is_address(value) else value


class _Names(click.types.StringParamType):
    """Several names: one a flag, or separated by commas in the environment."""

    envvar_list_splitter = ","


def _option(name: str, default: Any, help_text: str) -> click.Option:
    kind = type_of(name)
    common: dict[str, Any] = {"envvar": variable_of(name), "help": help_text, "default": default}
    if kind is bool:
        return click.Option([flag_of(name)], type=_Switch(), show_default=True, **common)
    metavar = f"[{'|'.join(choices_of(name))}]" if choices_of(name) else _METAVARS[kind]
    if kind is tuple:
        # Each time it names one: the singular is taken as well, `--allowed-host`.
        flags = [name, flag_of(name), flag_of(name).removesuffix("s")]
        return click.Option(flags, type=_Names(), metavar=metavar, multiple=True, **common)
    return _Written([flag_of(name)], type=str, metavar=metavar, show_default=default != "", **common)


@contextlib.contextmanager
def _named(places: Mapping[str, str]) -> Iterator[None]:
    try:
        yield
    except UsageError as error:
        name, _, rest = str(error).partition(": ")
        if name not in places:
            raise
        raise UsageError(f"{places[name]}: {rest}") from None


def read_config_file(path: Path) -> dict[str, Any]:
    """The settings in a file, by name, each of its TOML type; `Settings` checks the rest.

    A fixture or a folder of fixtures that lies beside the file is found there, wherever ep-mock is started.

    Raises:
        UsageError: the file cannot be read, is no TOML, or has a key that is no setting.
    """
    import difflib  # when needed, as the next one
    import tomllib

    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror or error}") from None
    except ValueError as error:
        raise UsageError(f"{path}: is no TOML: {error}") from None
    names = [field.name for field in settings_fields()]
    for key in content:
        if key not in names:
            near = difflib.get_close_matches(key.replace("-", "_").lower(), names, 1)
            hint = f"did you mean {near[0]}?" if near else f"expected some of {', '.join(names)}"
            raise UsageError(f"{path}: {key!r} is not a setting; {hint}")
    return {name: _value(path, name, value) for name, value in content.items()}


def _value(path: Path, name: str, value: Any) -> Any:
    kind = type_of(name)
    if kind is str and isinstance(value, datetime.date):  # a date without quotes, also one with a time
        return value.isoformat()
    if kind is not tuple:
        return value
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise UsageError(f'{path}: {name}: expected a list of texts such as ["one", "two"], got {value!r}')
    if name != "fixtures":
        return tuple(value)
    return tuple(_beside(path, item) for item in value)


def _beside(path: Path, fixture: str) -> str:
    beside = path.parent / fixture
    # A folder is not meant by a bare word: that is the name of a shipped fixture.
    return str(beside) if beside.is_file() or (Path(fixture).name != fixture and beside.is_dir()) else fixture


def read_assignments(texts: Sequence[str], allowed: Sequence[str]) -> dict[str, Any]:
    """The settings by name; dashes in a name count as underscores.

    Raises:
        UsageError: one is no assignment, of an unknown setting or of a value of the wrong kind.
    """
    changes = {}
    for text in texts:
        name, equals, value = text.partition("=")
        name = name.strip().replace("-", "_")
        if not equals or name not in allowed:
            raise UsageError(f"expected NAME=VALUE with one of the names {', '.join(allowed)}, got {text!r}")
        changes[name] = parse_setting(name, value)
    return changes


STORE_SETTINGS = setting_names("store")
RESET_SETTINGS = setting_names("start", "store")
