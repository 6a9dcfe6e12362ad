"""The settings on the command line: as options, as environment variables, in a file, and as NAME=VALUE.

A flag beats the environment, the environment beats the file, the file beats the default. An empty environment
variable counts as not set; so does a port that is the address of a service.
"""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click
from click.core import ParameterSource

from ep_mock.cli.environment import is_address
from ep_mock.cli.suggestions import near_match
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

STORE_SETTINGS: Final = setting_names("store")
RESET_SETTINGS: Final = setting_names("start", "store")

GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "Listening": ("host", "port", "public_url", "tls_certificate", "tls_key", "access_log", "log_format"),
    "Content": ("fixtures", "seed", "state", "stores", "code_case", "author"),
    "Time": (
        *("clock", "clock_scale", "clock_start", "timings"),
        *("stuck_polls", "poll_moves", "export_url_seconds"),
    ),
    "Access": ("auth", "client_id", "client_secret", "token_seconds"),
    "Limits": (
        *("codes_limit", "long_codes_limit", "reenable_codes_limit", "promotions_limit"),
        *("automatic_limit", "rate_limit", "max_body_bytes"),
    ),
    "Control plane": (
        *("control", "control_token", "allowed_hosts", "allowed_origins", "max_control_body_bytes"),
        *("journal_entries", "journal_bytes"),
    ),
}
"""Settings by heading, in the order of help and documents. Settings in no group follow under `OTHERS`."""
OTHERS: Final = "Behaviour where the real service is unclear or has changed"

_METAVARS: Final[Mapping[type, str]] = {int: "N", float: "NUMBER", str: "TEXT", tuple: "NAME"}
_GIVEN: Final = (ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT)


def flag_of(name: str) -> str:
    """The flag of a setting, `--codes-limit`; a boolean also has the opposite, `--control/--no-control`."""
    flag = name.replace("_", "-")
    return f"--{flag}/--no-{flag}" if type_of(name) is bool else f"--{flag}"


def variable_of(name: str) -> str:
    """The environment variable of a setting, `EP_MOCK_CODES_LIMIT`."""
    return ENVIRONMENT_PREFIX + name.upper()


def grouped_names() -> dict[str, list[str]]:
    """The names of all settings by heading, each exactly once."""
    grouped = {name for names in GROUPS.values() for name in names}
    others = [field.name for field in settings_fields() if field.name not in grouped]
    return {**{heading: list(names) for heading, names in GROUPS.items()}, OTHERS: others}


# A command with options for settings


def settings_options(*names: str) -> Callable[[click.Command], click.Command]:
    """Give a command `--config` and the options of these settings. No names mean all settings."""

    def add(command: click.Command) -> click.Command:
        command.params += [
            _option(field.name, field.default, field.metadata["help"])
            for field in settings_fields()
            if not names or field.name in names
        ]
        command.params.append(
            click.Option(
                ["--config"],
                metavar="FILE",
                envvar=variable_of("config"),
                help="TOML file with settings such as codes_limit = 50. Flags and environment variables take "
                "precedence.",
            )
        )
        return command

    return add


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


@dataclass(frozen=True)
class Configuration:
    """The settings of a command, and the flag, variable or file that each one came from."""

    settings: Settings
    places: Mapping[str, str]

    @contextlib.contextmanager
    def named(self) -> Iterator[None]:
        """A `UsageError` raised in this context names the flag, variable or file instead of the setting."""
        with _named(self.places):
            yield


def configuration_of(context: click.Context) -> Configuration:
    """The settings from the flags, the environment and the configuration file of this call.

    Raises:
        UsageError: a value cannot be used; the message names its flag, variable or place in the file.
    """
    path = context.params["config"]
    values = read_config_file(Path(path)) if path else {}
    places = {name: f"{path}: {name}" for name in values}
    texts = []
    for field in settings_fields():
        name, source = field.name, context.get_parameter_source(field.name)
        if source not in _GIVEN:
            continue
        is_flag = source is ParameterSource.COMMANDLINE
        places[name] = flag_of(name).partition("/")[0] if is_flag else variable_of(name)
        values[name] = context.params[name]
        if isinstance(values[name], str):
            texts.append(name)
    with _named(places):
        for name in texts:
            values[name] = parse_setting(name, values[name])
        return Configuration(Settings(**values), places)


def _option(name: str, default: Any, help_text: str) -> click.Option:
    kind = type_of(name)
    common: dict[str, Any] = {"envvar": variable_of(name), "help": help_text, "default": default}
    if kind is bool:
        return click.Option([flag_of(name)], type=_Switch(), show_default=True, **common)
    metavar = f"[{'|'.join(choices_of(name))}]" if choices_of(name) else _METAVARS[kind]
    if kind is tuple:
        # A repeatable flag names one value each time, so its singular works too: `--allowed-host`.
        flags = [name, flag_of(name), flag_of(name).removesuffix("s")]
        return click.Option(flags, type=_Names(), metavar=metavar, multiple=True, **common)
    return _TextOption([flag_of(name)], type=str, metavar=metavar, show_default=default != "", **common)


class _Switch(click.types.BoolParamType):
    """On or off; a text comes from the environment only."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str) or param is None or param.name is None:
            return super().convert(value, param, ctx)
        with _named({param.name: variable_of(param.name)}):
            return parse_setting(param.name, value)


class _Names(click.types.StringParamType):
    """Several names: one per flag, or separated by commas in the environment."""

    envvar_list_splitter = ","


class _TextOption(click.Option):
    """An option with a text, number or choice. `EP_MOCK_PORT` is ignored if it is a service's address."""

    def resolve_envvar_value(self, ctx: click.Context) -> str | None:
        value = super().resolve_envvar_value(ctx)
        return None if self.name == "port" and is_address(value) else value


@contextlib.contextmanager
def _named(places: Mapping[str, str]) -> Iterator[None]:
    try:
        yield
    except UsageError as error:
        name, _, rest = str(error).partition(": ")
        if name not in places:
            raise
        raise UsageError(f"{places[name]}: {rest}") from None


# A configuration file


def read_config_file(path: Path) -> dict[str, Any]:
    """The settings in a TOML file, by name. `Settings` checks their values.

    Fixtures that lie beside the file are found there, in whatever folder ep-mock is started.

    Raises:
        UsageError: the file cannot be read, is no TOML, or has a key that is no setting.
    """
    import tomllib  # lazy: few commands read a file

    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror or error}") from None
    except ValueError as error:
        raise UsageError(f"{path}: is no TOML: {error}") from None
    names = [field.name for field in settings_fields()]
    for key in content:
        if key not in names:
            near = near_match(key.replace("-", "_").lower(), names)
            hint = f"did you mean {near}?" if near else f"expected some of {', '.join(names)}"
            raise UsageError(f"{path}: {key!r} is not a setting; {hint}")
    return {name: _value_in_file(path, name, value) for name, value in content.items()}


def _value_in_file(path: Path, name: str, value: Any) -> Any:
    kind = type_of(name)
    if kind is str and isinstance(value, datetime.date):  # a date without quotes, with or without a time
        return value.isoformat()
    if kind is not tuple:
        return value
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise UsageError(f'{path}: {name}: expected a list of texts such as ["one", "two"], got {value!r}')
    return tuple(_beside(path, item) for item in value) if name == "fixtures" else tuple(value)


def _beside(path: Path, fixture: str) -> str:
    beside = path.parent / fixture
    # A bare word never means a folder: it is the name of a shipped fixture.
    return str(beside) if beside.is_file() or (Path(fixture).name != fixture and beside.is_dir()) else fixture


# Arguments such as codes_limit=50


def read_assignments(texts: Sequence[str], allowed: Sequence[str]) -> dict[str, Any]:
    """Settings by name from texts such as `codes_limit=50`. Dashes in a name count as underscores.

    Raises:
        UsageError: a text is no assignment, its setting is not in `allowed`, or its value cannot be used.
    """
    changes = {}
    for text in texts:
        name, equals, value = text.partition("=")
        name = name.strip().replace("-", "_")
        if not equals or name not in allowed:
            raise UsageError(f"expected NAME=VALUE with one of the names {', '.join(allowed)}, got {text!r}")
        changes[name] = parse_setting(name, value)
    return changes
